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
        // Three kinds: the solid stands on the floor, or is turned any way just above it, or floats before the wall.
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
        Camera = Camera.Random(draws, level: floating);

        // The solid stands out: its hue is a fifth of the colour circle away from the room's, or more.
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

    /// <summary>How the solid is turned.</summary>
    public Rotation Pose { get; }

    /// <summary>The height of the floor.</summary>
    public float Floor { get; }

    /// <summary>The depth of the wall, negative.</summary>
    public float Wall { get; }

    /// <summary>Where the picture is taken from.</summary>
    public Camera Camera { get; }

    /// <summary>What the solid is painted with.</summary>
    public Pattern SolidPattern { get; }

    /// <summary>What the floor is painted with.</summary>
    public Pattern FloorPattern { get; }

    /// <summary>What the wall is painted with.</summary>
    public Pattern WallPattern { get; }

    /// <summary>Unit vector towards the lamp, which is far away.</summary>
    public Vec3 Light { get; }

    /// <summary>The lamp's linear colour.</summary>
    public Vec3 Lamp { get; }

    /// <summary>The strength of the white light that comes from everywhere.</summary>
    public float Ambient { get; }

    /// <summary>The strength of the solid's highlight, 0 where it is matt.</summary>
    public float Gloss { get; }

    /// <summary>How small the highlight is: it falls off with the cosine to the power of 2^Polish.</summary>
    public int Polish { get; }
}
