namespace Tessera.Data.Scenes;

/// <summary>
/// A random still life: one solid at the origin, a floor, a wall behind it, a lamp and a camera. World coordinates: x to
/// the right, y up, z towards the camera; the solid lies in the unit ball.
/// </summary>
internal sealed class Scene
{
    private const float CameraDistance = 6;

    /// <summary>Draws a scene around a solid that reaches <paramref name="foot"/> below the origin.</summary>
    public Scene(Draws draws, float foot)
    {
        bool upright = draws.Chance(0.5f), floating = draws.Chance(0.3f);
        Vec3 up = new(0, 1, 0);
        if (!upright)
        {
            // Seen along their axes, a cone and a dome are but discs.
            do up = draws.Direction();
            while (up.Y < -0.2f || MathF.Abs(up.Z) > 0.7f);
        }
        Pose = Rotation.Facing(up, draws.Direction());
        Floor = floating ? -20 : upright ? -foot : -1;
        Wall = floating ? draws.Between(-1.8f, -1.1f) : draws.Between(-4.5f, -1.2f);

        PlaceCamera(draws, floating);
        do Light = draws.Direction();
        while (Light.Y < 0.25f || Light.Z < 0.15f);
        Paint(draws);
    }

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
        SolidPattern = RandomPattern(draws, hue + draws.Between(0.2f, 0.8f), plain: 0.75f, 0.4f, 0.95f, 0.35f);
        FloorPattern = RandomPattern(draws, hue, plain: 0.3f, 0, 0.75f, 0.15f);
        WallPattern = RandomPattern(draws, hue, plain: 0.3f, 0, 0.75f, 0.15f);

        float ambient = draws.Between(0.2f, 0.5f), brightness = draws.Between(1, 1.8f);
        // A lamp is a little orange or a little blue.
        Lamp = Draws.Colour(draws.Chance(0.5f) ? 0.09f : 0.58f, draws.Between(0, 0.15f), 1) * brightness;
        Ambient = Vec3.One * ambient;
        Gloss = draws.Chance(0.25f) ? 0 : draws.Between(0.2f, 0.7f);
        Polish = 3 + draws.Below(4);
    }

    private static Pattern RandomPattern(Draws draws, float hue, float plain, float leastSaturation, float mostSaturation, float leastValue)
    {
        // Half of the patterns are in two shades of a colour, the others in two colours; some are faint, some bold.
        float otherHue = draws.Chance(0.5f) ? hue : draws.Between(0, 1);
        Vec3 first = Colour(hue), second = Colour(otherHue);
        return new Pattern(draws, draws.Chance(plain), first, first.Mix(second, draws.Between(0.2f, 1)));

        Vec3 Colour(float near) => Draws.Colour(
            near + draws.Between(-0.1f, 0.1f), draws.Between(leastSaturation, mostSaturation), draws.Between(leastValue, 1));
    }
}
