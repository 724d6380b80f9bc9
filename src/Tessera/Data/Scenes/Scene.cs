namespace Tessera.Data.Scenes;

/// <summary>
/// A random still life: one solid at the origin, a floor, a wall behind it, a lamp and a camera. World coordinates: x to
/// the right, y up, z towards the camera; the solid lies in the unit ball.
/// </summary>
internal sealed class Scene
{
    private const float CameraDistance = 6;

    /// <summary>Draws a scene around the given solid.</summary>
    public Scene(Solid solid, Draws draws)
    {
        Solid = solid;
        bool upright = draws.Chance(0.5f), floating = draws.Chance(0.3f);
        Vec3 up = upright ? new Vec3(0, 1, 0) : draws.Direction();
        Pose = Rotation.Facing(up, draws.Direction());
        Floor = floating ? -20 : upright ? -solid.Foot() : -1;
        Wall = floating ? draws.Between(-1.8f, -1.1f) : draws.Between(-4.5f, -1.2f);

        PlaceCamera(draws, floating);
        do Light = draws.Direction();
        while (Light.Y < 0.25f || Light.Z < 0.15f);
        Paint(draws);
    }

    /// <summary>The class.</summary>
    public Solid Solid { get; }

    /// <summary>How the solid is turned.</summary>
    public Rotation Pose { get; }

    /// <summary>The height of the floor.</summary>
    public float Floor { get; }

    /// <summary>The depth of the wall.</summary>
    public float Wall { get; }

    /// <summary>Unit vector towards the lamp.</summary>
    public Vec3 Light { get; }

    public Vec3 Eye { get; private set; }

    /// <summary>From the eye to the centre of the picture, and from there to its right and its upper edge.</summary>
    public Vec3 Centre { get; private set; }

    public Vec3 HalfRight { get; private set; }

    public Vec3 HalfUp { get; private set; }

    public Pattern SolidPattern { get; private set; } = null!;

    public Pattern FloorPattern { get; private set; } = null!;

    public Pattern WallPattern { get; private set; } = null!;

    /// <summary>Light that comes from everywhere, and light that comes from the lamp.</summary>
    public Vec3 Ambient { get; private set; }

    public Vec3 Lamp { get; private set; }

    /// <summary>Strength of the highlight, 0 for a matt solid.</summary>
    public float Gloss { get; private set; }

    /// <summary>The highlight is the cosine to the power of two to this.</summary>
    public int Polish { get; private set; }

    private void PlaceCamera(Draws draws, bool floating)
    {
        // The half-angle formulas give the sine and cosine of the camera's height above the horizon: 6 to 44 degrees.
        float tangent = floating ? draws.Between(-0.1f, 0.2f) : draws.Between(0.05f, 0.4f);
        float sine = 2 * tangent / (1 + tangent * tangent), cosine = (1 - tangent * tangent) / (1 + tangent * tangent);
        float halfWidth = 1 / draws.Between(0.55f, 0.95f);
        float room = 0.7f * (halfWidth - 0.9f);
        Vec3 right = new(1, 0, 0), up = new(0, cosine, -sine);
        Eye = new Vec3(0, sine, cosine) * CameraDistance;
        Centre = Eye * -1 + right * draws.Between(-room, room) + up * draws.Between(-room, room);
        HalfRight = right * halfWidth;
        HalfUp = up * halfWidth;
    }

    private void Paint(Draws draws)
    {
        float hue = draws.Between(0, 1);
        float solidHue = hue + draws.Between(0.2f, 0.8f);
        float floorHue = hue + draws.Between(-0.15f, 0.15f);
        SolidPattern = new Pattern(
            draws, draws.Chance(0.65f), RandomColour(draws, solidHue, 0.35f, 0.95f), RandomColour(draws, solidHue, 0.35f, 0.95f));
        FloorPattern = new Pattern(draws, draws.Chance(0.2f), RandomColour(draws, floorHue, 0, 0.7f), RandomColour(draws, floorHue, 0, 0.7f));
        WallPattern = new Pattern(draws, draws.Chance(0.2f), RandomColour(draws, hue, 0, 0.7f), RandomColour(draws, hue, 0, 0.7f));
        float ambient = draws.Between(0.15f, 0.4f);
        Vec3 warmth = Draws.Colour(draws.Chance(0.5f) ? 0.09f : 0.58f, draws.Between(0, 0.15f), 1);
        Ambient = Vec3.One * ambient;
        Lamp = warmth * (1.15f - ambient);
        Gloss = draws.Chance(0.25f) ? 0 : draws.Between(0.2f, 0.9f);
        Polish = 3 + draws.Below(4);
    }

    private static Vec3 RandomColour(Draws draws, float hue, float leastSaturation, float mostSaturation) =>
        Draws.Colour(
            hue + draws.Between(-0.08f, 0.08f), draws.Between(leastSaturation, mostSaturation), draws.Between(0.3f, 1));
}
