using System.Runtime.CompilerServices;

namespace Tessera.Data.Scenes;

/// <summary>
/// A solid as a signed distance function: negative inside, zero on the surface, and never more than the distance to the
/// surface, so that a ray may step that far (Hart, "Sphere Tracing", 1996). The members are static so that the renderer
/// is compiled for each solid with its distance function inlined.
/// </summary>
internal interface ISolid
{
    /// <summary>How far below the origin the upright solid reaches.</summary>
    static abstract float Foot { get; }

    /// <summary>
    /// True if <see cref="Distance"/> is a convex function. Such a solid casts no shadow on itself, and rays find it in
    /// few steps.
    /// </summary>
    static virtual bool IsConvex => true;

    /// <summary>
    /// A lower bound of the distance from <paramref name="p"/> to the surface of the solid, which stands upright in the
    /// unit ball.
    /// </summary>
    static abstract float Distance(Vec3 p);
}

internal readonly struct Sphere : ISolid
{
    public static float Foot => 0.85f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(Vec3 p) => p.Length() - 0.85f;
}

internal readonly struct Cube : ISolid
{
    public static float Foot => 0.57f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(Vec3 p) => Geometry.Box(p, 0.57f, 0.57f, 0.57f);
}

internal readonly struct Cylinder : ISolid
{
    public static float Foot => 0.72f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(Vec3 p) =>
        Geometry.Intersect(Geometry.Length(p.X, p.Z) - 0.58f, MathF.Abs(p.Y) - 0.72f);
}

internal readonly struct Cone : ISolid
{
    public static float Foot => 0.6f;

    // The flank falls from (0, 0.9) to (0.78, -0.6): its normal is (1.5, 0.78) / 1.6907.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(Vec3 p) =>
        Geometry.Intersect(0.88722f * Geometry.Length(p.X, p.Z) + 0.46135f * (p.Y - 0.9f), -Foot - p.Y);
}

internal readonly struct Torus : ISolid
{
    public static float Foot => 0.28f;

    public static bool IsConvex => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(Vec3 p) => Geometry.Length(Geometry.Length(p.X, p.Z) - 0.65f, p.Y) - 0.28f;
}

internal readonly struct Pyramid : ISolid
{
    public static float Foot => 0.55f;

    // The flanks fall from (0, 0.85) to (0.66, -0.55): their normal is (1.4, 0.66) / 1.5478.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(Vec3 p)
    {
        float outward = Geometry.Intersect(MathF.Abs(p.X), MathF.Abs(p.Z));
        return Geometry.Intersect(0.90451f * outward + 0.42641f * (p.Y - 0.85f), -Foot - p.Y);
    }
}

internal readonly struct Octahedron : ISolid
{
    public static float Foot => 0.97f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(Vec3 p) => 0.57735f * (MathF.Abs(p.X) + MathF.Abs(p.Y) + MathF.Abs(p.Z) - Foot);
}

internal readonly struct Capsule : ISolid
{
    public static float Foot => 0.92f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(Vec3 p) =>
        (p with { Y = float.MaxNative(0, MathF.Abs(p.Y) - 0.5f) }).Length() - 0.42f;
}

internal readonly struct Cross : ISolid
{
    public static float Foot => 0.9f;

    public static bool IsConvex => false;

    // Sorting the coordinates moves the point into the arm along x, so one box replaces three.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(Vec3 p)
    {
        float x = MathF.Abs(p.X), y = MathF.Abs(p.Y), z = MathF.Abs(p.Z);
        float largest = float.MaxNative(x, float.MaxNative(y, z)), smallest = float.MinNative(x, float.MinNative(y, z));
        return Geometry.Box(new Vec3(largest, x + y + z - largest - smallest, smallest), 0.9f, 0.26f, 0.26f);
    }
}

internal readonly struct Dome : ISolid
{
    public static float Foot => 0.42f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(Vec3 p) =>
        Geometry.Intersect((p with { Y = p.Y + Foot }).Length() - 0.88f, -Foot - p.Y);
}

/// <summary>Building blocks of the distance functions.</summary>
internal static class Geometry
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Length(float x, float y) => MathF.Sqrt(x * x + y * y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Box(Vec3 p, float x, float y, float z) =>
        Intersect(Intersect(MathF.Abs(p.X) - x, MathF.Abs(p.Y) - y), MathF.Abs(p.Z) - z);

    /// <summary>
    /// The intersection of two solids with a rounded edge: a quadratic blend where the distances are within 0.1. Its
    /// gradient is a weighted mean of theirs, so it remains a lower bound of the distance.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Intersect(float a, float b)
    {
        const float Width = 0.1f;
        float blend = float.MaxNative(0, Width - MathF.Abs(a - b));
        return float.MaxNative(a, b) + blend * blend * (0.25f / Width);
    }

    /// <summary>The value, clamped to 0..1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Saturate(float value) => float.MinNative(float.MaxNative(value, 0), 1);
}
