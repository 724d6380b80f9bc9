namespace Tessera.Data.Scenes;

/// <summary>
/// Turns a scene into bytes: sphere tracing, Blinn-Phong shading, soft shadows. Only sums, products, quotients and
/// square roots of float32, which IEEE 754 rounds alike everywhere: the bytes are the same on every machine.
/// </summary>
internal sealed class Renderer
{
    // A thousandth of the solid is less than a tenth of a pixel at 32 x 32.
    private const float Touching = 2e-3f;
    private const int MostSteps = 40;

    private readonly Scene _scene;
    private readonly Solid _solid;

    // Everything about the solid happens in its own coordinates, where it stands upright.
    private readonly Vec3 _solidEye, _solidLight;

    private Renderer(Scene scene)
    {
        _scene = scene;
        _solid = scene.Solid;
        _solidEye = scene.Pose.Undo(scene.Eye);
        _solidLight = scene.Pose.Undo(scene.Light);
    }

    /// <summary>Renders the scene: <c>size * size * 3</c> bytes, HWC, antialiased.</summary>
    public static byte[] Render(Scene scene, int size)
    {
        Renderer renderer = new(scene);
        byte[] pixels = new byte[size * size * 3];
        for (int row = 0, i = 0; row < size; row++)
        {
            for (int column = 0; column < size; column++, i += 3)
            {
                Vec3 colour = renderer.Pixel(column, row, size);
                pixels[i] = (byte)(255 * colour.X + 0.5f);
                pixels[i + 1] = (byte)(255 * colour.Y + 0.5f);
                pixels[i + 2] = (byte)(255 * colour.Z + 0.5f);
            }
        }
        return pixels;
    }

    /// <summary>The mean over a pixel: two samples on a diagonal, and where they disagree the other two as well.</summary>
    private Vec3 Pixel(int column, int row, int size)
    {
        const float Disagreement = 0.03f;
        Vec3 a = Sample(column + 0.25f, row + 0.25f, size), b = Sample(column + 0.75f, row + 0.75f, size);
        Vec3 sum = a + b, difference = a - b;
        if (difference.Dot(difference) < Disagreement * Disagreement) return sum * 0.5f;
        return (sum + Sample(column + 0.75f, row + 0.25f, size) + Sample(column + 0.25f, row + 0.75f, size)) * 0.25f;
    }

    /// <summary>The display colour, each channel in 0..1, at a place in the picture given in pixels.</summary>
    private Vec3 Sample(float x, float y, int size)
    {
        float scale = 2f / size;
        Vec3 ray = (_scene.Centre + _scene.HalfRight * (x * scale - 1) + _scene.HalfUp * (1 - y * scale)).Normalized;
        Vec3 solidRay = _scene.Pose.Undo(ray);
        Vec3 light = March(_solidEye, solidRay) is float distance
            ? SolidColour(_solidEye + solidRay * distance, solidRay)
            : RoomColour(ray);
        // Gamma 2: the square root is the one power that is the same everywhere.
        return new Vec3(
            MathF.Sqrt(MathF.Min(light.X, 1)), MathF.Sqrt(MathF.Min(light.Y, 1)), MathF.Sqrt(MathF.Min(light.Z, 1)));
    }

    /// <summary>The distance along a ray to the solid, null where it misses.</summary>
    private float? March(Vec3 origin, Vec3 ray)
    {
        float nearest = -origin.Dot(ray);
        float slack = 1 - origin.Dot(origin) + nearest * nearest;
        if (slack <= 0) return null;
        float halfChord = MathF.Sqrt(slack), travelled = nearest - halfChord, end = nearest + halfChord;
        for (int step = 0; step < MostSteps && travelled < end; step++)
        {
            float distance = _solid.Distance(origin + ray * travelled);
            if (distance < Touching) return travelled;
            travelled += distance;
        }
        return null;
    }

    private Vec3 SolidColour(Vec3 place, Vec3 ray)
    {
        Vec3 normal = _solid.Normal(place);
        Vec3 paint = _scene.SolidPattern.At(place.X + place.Z, place.Y + 0.5f * place.Z);
        float facing = normal.Dot(_solidLight);
        // The sky is brighter than the floor.
        float sky = 0.75f + 0.25f * (normal.X * _scene.Pose.AxisX.Y + normal.Y * _scene.Pose.AxisY.Y + normal.Z * _scene.Pose.AxisZ.Y);
        Vec3 light = _scene.Ambient * sky;
        if (facing <= 0) return paint * light;
        float shadow = LightReaching(place + normal * 0.02f);
        float highlight = MathF.Max(0, normal.Dot((_solidLight - ray).Normalized));
        for (int i = 0; i < _scene.Polish; i++) highlight *= highlight;
        return paint * (light + _scene.Lamp * (facing * shadow)) + _scene.Lamp * (_scene.Gloss * highlight * shadow);
    }

    /// <summary>The colour of the floor or the wall, whichever the ray meets first.</summary>
    private Vec3 RoomColour(Vec3 ray)
    {
        Vec3 eye = _scene.Eye;
        float toWall = (_scene.Wall - eye.Z) / ray.Z;
        float toFloor = ray.Y < 0 ? (_scene.Floor - eye.Y) / ray.Y : float.PositiveInfinity;
        bool onFloor = toFloor < toWall;
        Vec3 place = eye + ray * (onFloor ? toFloor : toWall);
        Vec3 paint = onFloor ? _scene.FloorPattern.At(place.X, place.Z) : _scene.WallPattern.At(place.X, place.Y);
        float facing = onFloor ? _scene.Light.Y : _scene.Light.Z;
        Vec3 solidPlace = _scene.Pose.Undo(place);
        // Next to the solid less light comes in from the sides.
        float openness = Math.Clamp(0.4f + 0.8f * _solid.Distance(solidPlace), 0, 1);
        // The lamp is a spot on the solid.
        float spot = 1 / (1 + 0.04f * place.Dot(place));
        return paint * (_scene.Ambient * openness + _scene.Lamp * (facing * spot * LightReaching(solidPlace)));
    }

    /// <summary>
    /// How much of the lamp is seen from a place, 0 to 1: the smallest angle by which the ray to the lamp passes the
    /// solid stands for the part of the lamp that is hidden.
    /// </summary>
    private float LightReaching(Vec3 place)
    {
        const float Softness = 9, Reach = 1.15f;
        float nearest = -place.Dot(_solidLight);
        float slack = Reach * Reach - place.Dot(place) + nearest * nearest;
        if (slack <= 0) return 1;
        float halfChord = MathF.Sqrt(slack), end = nearest + halfChord;
        float travelled = MathF.Max(nearest - halfChord, 0.02f), seen = 1;
        for (int step = 0; step < MostSteps && travelled < end; step++)
        {
            float distance = _solid.Distance(place + _solidLight * travelled);
            if (distance < Touching) return 0;
            seen = MathF.Min(seen, Softness * distance / travelled);
            travelled += MathF.Max(distance, 0.02f);
        }
        return seen;
    }
}
