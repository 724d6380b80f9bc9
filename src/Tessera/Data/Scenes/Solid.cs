namespace Tessera.Data.Scenes;

/// <summary>The solids, in the order of the classes; each fits in the unit ball.</summary>
internal enum Solid
{
    Sphere,
    Cube,
    Cylinder,
    Cone,
    Torus,
    Pyramid,
    Octahedron,
    Capsule,
    Cross,
    Dome,
}

/// <summary>
/// The solids as signed distance functions: negative inside, zero on the surface, and never more than the distance to
/// the surface, so that a ray may step that far (Hart, "Sphere Tracing", 1996).
/// </summary>
internal static class SolidGeometry
{
    /// <summary>A bound of the distance from a point to the surface of the solid, which stands upright at the origin.</summary>
    public static float Distance(this Solid solid, Vec3 p) => solid switch
    {
        Solid.Sphere => p.Length - 0.85f,
        Solid.Cube => Box(p, 0.57f, 0.57f, 0.57f),
        Solid.Cylinder => RoundMax(Length(p.X, p.Z) - 0.58f, MathF.Abs(p.Y) - 0.72f),
        // The flank falls from (0, 0.9) to (0.78, -0.6): its normal is (1.5, 0.78) / 1.6907.
        Solid.Cone => RoundMax(0.88722f * Length(p.X, p.Z) + 0.46135f * (p.Y - 0.9f), -0.6f - p.Y),
        Solid.Torus => Length(Length(p.X, p.Z) - 0.62f, p.Y) - 0.28f,
        // From (0, 0.85) to (0.66, -0.55): the normal is (1.4, 0.66) / 1.5478.
        Solid.Pyramid => RoundMax(
            RoundMax(
                0.90451f * MathF.Abs(p.X) + 0.42641f * (p.Y - 0.85f),
                0.90451f * MathF.Abs(p.Z) + 0.42641f * (p.Y - 0.85f)),
            -0.55f - p.Y),
        Solid.Octahedron => 0.57735f * (MathF.Abs(p.X) + MathF.Abs(p.Y) + MathF.Abs(p.Z) - 0.97f),
        Solid.Capsule => new Vec3(p.X, p.Y - Math.Clamp(p.Y, -0.5f, 0.5f), p.Z).Length - 0.42f,
        Solid.Cross => MathF.Min(
            Box(p, 0.9f, 0.26f, 0.26f), MathF.Min(Box(p, 0.26f, 0.9f, 0.26f), Box(p, 0.26f, 0.26f, 0.9f))),
        Solid.Dome => RoundMax(new Vec3(p.X, p.Y + 0.42f, p.Z).Length - 0.88f, -0.42f - p.Y),
        _ => throw new ArgumentOutOfRangeException(nameof(solid)),
    };

    /// <summary>How far below the origin the upright solid reaches.</summary>
    public static float Foot(this Solid solid) => solid switch
    {
        Solid.Sphere => 0.85f,
        Solid.Cube => 0.57f,
        Solid.Cylinder => 0.72f,
        Solid.Cone => 0.6f,
        Solid.Torus => 0.28f,
        Solid.Pyramid => 0.55f,
        Solid.Octahedron => 0.97f,
        Solid.Capsule => 0.92f,
        Solid.Cross => 0.9f,
        Solid.Dome => 0.42f,
        _ => throw new ArgumentOutOfRangeException(nameof(solid)),
    };

    /// <summary>The outward unit normal at a point of the surface: forward differences of the distance.</summary>
    public static Vec3 Normal(this Solid solid, Vec3 p)
    {
        const float Step = 1e-3f;
        float here = solid.Distance(p);
        return new Vec3(
            solid.Distance(p with { X = p.X + Step }) - here,
            solid.Distance(p with { Y = p.Y + Step }) - here,
            solid.Distance(p with { Z = p.Z + Step }) - here).Normalized;
    }

    private static float Box(Vec3 p, float x, float y, float z) =>
        RoundMax(RoundMax(MathF.Abs(p.X) - x, MathF.Abs(p.Y) - y), MathF.Abs(p.Z) - z);

    /// <summary>
    /// The intersection of two solids with a rounded edge: a quadratic blend where the distances are within 0.1. Its
    /// gradient is a mean of theirs, so that it stays a bound of the distance.
    /// </summary>
    private static float RoundMax(float a, float b)
    {
        const float Width = 0.1f;
        float blend = MathF.Max(0, Width - MathF.Abs(a - b));
        return MathF.Max(a, b) + blend * blend * (0.25f / Width);
    }

    private static float Length(float x, float y) => MathF.Sqrt(x * x + y * y);
}
