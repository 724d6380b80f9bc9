namespace Tessera.Data.Scenes;

/// <summary>A perspective camera that looks at the origin.</summary>
/// <param name="Eye">Its position.</param>
/// <param name="Centre">From the eye to the centre of the image.</param>
/// <param name="Right">From there to the middle of the image's right edge.</param>
/// <param name="Up">From there to the middle of the image's upper edge.</param>
internal readonly record struct Camera(Vec3 Eye, Vec3 Centre, Vec3 Right, Vec3 Up)
{
    private const float FromOrigin = 6;

    /// <summary>The ray through a point of the image, each coordinate in -1..1; not of unit length.</summary>
    public Vec3 Ray(float x, float y) => Centre + Right * x + Up * y;

    /// <summary>A camera at a random height that shows the unit ball at a random size and position.</summary>
    /// <param name="draws">The source of randomness.</param>
    /// <param name="level">True to look roughly straight ahead, false to look down on a floor.</param>
    public static Camera Random(Draws draws, bool level)
    {
        // Half-angle formulas: the angle above the horizon is -11 to 23 or 6 to 44 degrees.
        float tangent = level ? draws.Between(-0.1f, 0.2f) : draws.Between(0.05f, 0.4f);
        float scale = 1 / (1 + tangent * tangent);
        float sine = 2 * tangent * scale, cosine = (1 - tangent * tangent) * scale;
        Vec3 right = new(1, 0, 0), up = new(0, cosine, -sine), eye = new Vec3(0, sine, cosine) * FromOrigin;

        float halfWidth = 1 / draws.Between(0.55f, 0.95f), room = 0.7f * (halfWidth - 0.9f);
        Vec3 shift = right * draws.Between(-room, room) + up * draws.Between(-room, room);
        return new Camera(eye, shift - eye, right * halfWidth, up * halfWidth);
    }
}
