using System.Runtime.CompilerServices;

namespace Tessera.Data.Scenes;

/// <summary>
/// Renders a scene: sphere tracing, Blinn-Phong shading, soft shadows. It uses only sums, products, quotients and
/// square roots of float32, which IEEE 754 defines exactly, so the bytes are the same on every machine.
/// </summary>
internal sealed class Renderer<TSolid>
    where TSolid : struct, ISolid
{
    // A thousandth of the solid's width: a fiftieth of a pixel at 32 x 32.
    private const float Touching = 2e-3f;
    private const int MostSteps = 64;

    private readonly Scene _scene;

    // In the solid's own coordinates, in which it stands upright.
    private readonly Vec3 _solidEye, _solidLight, _solidUp;

    private Renderer(Scene scene)
    {
        _scene = scene;
        _solidEye = scene.Pose.Undo(scene.Camera.Eye);
        _solidLight = scene.Pose.Undo(scene.Light);
        _solidUp = scene.Pose.Undo(new Vec3(0, 1, 0));
    }

    /// <summary>Draws a scene around the solid and renders it: <c>size * size * 3</c> bytes, HWC.</summary>
    public static byte[] Render(Draws draws, int size)
    {
        Renderer<TSolid> renderer = new(new Scene(draws, TSolid.Foot));
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

    /// <summary>
    /// The display colour of a pixel, each channel in 0..1: the mean of two diagonal samples, or of four if those two
    /// differ.
    /// </summary>
    private Vec3 Pixel(int column, int row, int size)
    {
        const float Disagreement = 0.03f;
        Vec3 a = Sample(column + 0.25f, row + 0.25f, size), b = Sample(column + 0.75f, row + 0.75f, size);
        Vec3 light = (a + b) * 0.5f, difference = a - b;
        if (difference.Dot(difference) > Disagreement * light.Dot(light))
        {
            Vec3 c = Sample(column + 0.75f, row + 0.25f, size), d = Sample(column + 0.25f, row + 0.75f, size);
            light = (light + (c + d) * 0.5f) * 0.5f;
        }
        // Gamma 2: the square root is the only such power that is the same on every machine.
        return new Vec3(MathF.Sqrt(light.X), MathF.Sqrt(light.Y), MathF.Sqrt(light.Z));
    }

    /// <summary>The linear colour, each channel in 0..1, at a point of the image given in pixels.</summary>
    private Vec3 Sample(float x, float y, int size)
    {
        float scale = 2f / size;
        Vec3 ray = _scene.Camera.Ray(x * scale - 1, 1 - y * scale);
        Vec3 light = March(ray) is var distance and < float.PositiveInfinity
            ? SolidColour(_scene.Camera.Eye + ray * distance, ray)
            : RoomColour(ray);
        return new Vec3(float.MinNative(light.X, 1), float.MinNative(light.Y, 1), float.MinNative(light.Z, 1));
    }

    /// <summary>The distance to the solid in units of the ray's length; infinite if the ray misses it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float March(Vec3 ray)
    {
        // Most rays miss the unit ball; this test needs no square root.
        float squaredLength = ray.Dot(ray), nearest = -_scene.Camera.Eye.Dot(ray);
        float slack = nearest * nearest - squaredLength * (_scene.Camera.Eye.Dot(_scene.Camera.Eye) - 1);
        if (slack <= 0) return float.PositiveInfinity;

        float length = MathF.Sqrt(squaredLength), halfChord = MathF.Sqrt(slack);
        Vec3 direction = _scene.Pose.Undo(ray) * (1 / length);
        float travelled = (nearest - halfChord) / length, end = (nearest + halfChord) / length;
        float lastDistance = float.PositiveInfinity, stride = 0;
        for (int step = 0; step < MostSteps && travelled < end; step++)
        {
            float distance = TSolid.Distance(_solidEye + direction * travelled);
            if (distance < Touching) return travelled / length;
            if (TSolid.IsConvex && step > 0)
            {
                // Along a ray the distance to a convex solid is a convex function. Once it grows, the ray has missed.
                // The secant through two points reaches zero no later than the distance does.
                if (distance >= lastDistance) break;
                stride *= distance / (lastDistance - distance);
            }
            else
            {
                stride = distance;
            }
            lastDistance = distance;
            travelled += stride;
        }
        return float.PositiveInfinity;
    }

    private Vec3 SolidColour(Vec3 worldPlace, Vec3 ray)
    {
        Vec3 place = _scene.Pose.Undo(worldPlace);
        Vec3 normal = Normal(place), direction = ray.Normalized();
        Vec3 paint = _scene.SolidPattern.At(place.X + place.Z, place.Y + 0.5f * place.Z);
        // The sky is brighter than the floor.
        Vec3 light = Vec3.One * (_scene.Ambient * (0.75f + 0.25f * _solidUp.Dot(normal)));
        float facing = normal.Dot(_solidLight);
        if (facing <= 0) return paint * light;
        float seen = TSolid.IsConvex ? 1 : LightReaching(worldPlace + (_scene.Light - direction) * 0.03f);
        Vec3 lamp = _scene.Lamp * seen;
        Vec3 halfway = (_solidLight - _scene.Pose.Undo(direction)).Normalized();
        float highlight = float.MaxNative(0, normal.Dot(halfway));
        for (int i = 0; i < _scene.Polish; i++) highlight *= highlight;
        return paint * (light + lamp * facing) + lamp * (_scene.Gloss * highlight);
    }

    /// <summary>The outward unit normal at a point of the surface, by forward differences of the distance.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vec3 Normal(Vec3 p)
    {
        const float Step = 1e-3f;
        float here = TSolid.Distance(p);
        return new Vec3(
            TSolid.Distance(p with { X = p.X + Step }) - here,
            TSolid.Distance(p with { Y = p.Y + Step }) - here,
            TSolid.Distance(p with { Z = p.Z + Step }) - here).Normalized();
    }

    /// <summary>The colour of the floor or the wall, whichever the ray hits first.</summary>
    private Vec3 RoomColour(Vec3 ray)
    {
        Vec3 eye = _scene.Camera.Eye;
        float toWall = (_scene.Wall - eye.Z) / ray.Z;
        float toFloor = ray.Y < 0 ? (_scene.Floor - eye.Y) / ray.Y : float.PositiveInfinity;
        bool onFloor = toFloor < toWall;
        Vec3 place = eye + ray * (onFloor ? toFloor : toWall);
        Vec3 paint = onFloor ? _scene.FloorPattern.At(place.X, place.Z) : _scene.WallPattern.At(place.X, place.Y);
        float facing = onFloor ? _scene.Light.Y : _scene.Light.Z;
        // The lamp is a spotlight on the solid.
        float fromCentre = place.Dot(place), spot = 1 / (1 + 0.04f * fromCentre);
        Vec3 ambient = Vec3.One * (_scene.Ambient * Openness(place));
        return paint * (ambient + _scene.Lamp * (facing * spot * LightReaching(place)));
    }

    /// <summary>Ambient occlusion near the solid, from 0 (dark) to 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float Openness(Vec3 place) =>
        place.Dot(place) > 3.1f ? 1 : Geometry.Saturate(0.4f + 0.8f * TSolid.Distance(_scene.Pose.Undo(place)));

    /// <summary>
    /// The visible part of the lamp at a point, 0 to 1, estimated from the smallest angle between the ray to the lamp
    /// and the solid.
    /// </summary>
    private float LightReaching(Vec3 place)
    {
        const float Softness = 9, Reach = 1.15f, Dark = 0.02f, ShortestStep = 0.04f;
        float nearest = -place.Dot(_scene.Light);
        float slack = Reach * Reach - place.Dot(place) + nearest * nearest;
        if (slack <= 0) return 1;
        float halfChord = MathF.Sqrt(slack), end = nearest + halfChord;
        float travelled = float.MaxNative(nearest - halfChord, ShortestStep), seen = 1;
        Vec3 origin = _scene.Pose.Undo(place);
        for (int step = 0; step < MostSteps && travelled < end; step++)
        {
            float distance = TSolid.Distance(origin + _solidLight * travelled);
            seen = float.MinNative(seen, Softness * distance / travelled);
            if (seen < Dark) return 0;
            travelled += float.MaxNative(distance, ShortestStep);
        }
        return seen;
    }
}
