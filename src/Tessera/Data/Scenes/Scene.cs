namespace Tessera.Data.Scenes;

/// <summary>
/// A random still life: one solid at the origin, a floor, a wall behind it, a lamp and a camera. World coordinates: x
/// to the right, y up, z towards the camera; the solid lies in the unit ball.
/// </summary>
internal sealed class Scene
{
    /// <summary>Draws a scene around a solid that reaches <paramref name="foot"/> below the origin.</summary>
    public Scene(Draws draws, float foot)
    {
        // The solid stands on the floor, is turned at random just above it, or floats in front of the wall.
        bool upright = draws.Chance(0.5f), floating = draws.Chance(0.3f);
        Vec3 up = new(0, 1, 0);
        if (!upright)
        {
            // Seen along its axis, a cone or a dome looks like a disc.
            do up = draws.Direction();
            while (up.Y < -0.2f || MathF.Abs(up.Z) > 0.7f);
        }
        Pose = Rotation.Facing(up, draws.Direction());
        Floor = floating ? -20 : upright ? -foot : -1;
        Wall = floating ? draws.Between(-1.8f, -1.1f) : draws.Between(-4.5f, -1.2f);
        Camera = Camera.Random(draws, level: floating);

        // The solid stands out: its hue is at least a fifth of the colour circle away from the room's.
        float hue = draws.Between(0, 1);
        SolidPattern = new Pattern(draws, hue + draws.Between(0.2f, 0.8f), Palette.Solid);
        FloorPattern = new Pattern(draws, hue, Palette.Room);
        WallPattern = new Pattern(draws, hue, Palette.Room);

        do Light = draws.Direction();
        while (Light.Y < 0.25f || Light.Z < 0.15f);
        // The lamp is a little orange or a little blue.
        Vec3 tint = Draws.Colour(draws.Chance(0.5f) ? 0.09f : 0.58f, draws.Between(0, 0.15f), 1);
        Lamp = tint * draws.Between(1, 1.8f);
        Ambient = draws.Between(0.2f, 0.5f);
        Gloss = draws.Chance(0.25f) ? 0 : draws.Between(0.2f, 0.7f);
        Polish = 3 + draws.Below(4);
    }

    /// <summary>The rotation of the solid.</summary>
    public Rotation Pose { get; }

    /// <summary>The height of the floor.</summary>
    public float Floor { get; }

    /// <summary>The depth of the wall, negative.</summary>
    public float Wall { get; }

    /// <summary>The camera.</summary>
    public Camera Camera { get; }

    /// <summary>The texture of the solid.</summary>
    public Pattern SolidPattern { get; }

    /// <summary>The texture of the floor.</summary>
    public Pattern FloorPattern { get; }

    /// <summary>The texture of the wall.</summary>
    public Pattern WallPattern { get; }

    /// <summary>Unit vector towards the lamp, which is far away.</summary>
    public Vec3 Light { get; }

    /// <summary>The lamp's linear colour.</summary>
    public Vec3 Lamp { get; }

    /// <summary>The strength of the white ambient light.</summary>
    public float Ambient { get; }

    /// <summary>The strength of the solid's highlight; 0 for a matt solid.</summary>
    public float Gloss { get; }

    /// <summary>The sharpness of the highlight: the exponent of the cosine is 2^Polish.</summary>
    public int Polish { get; }
}
