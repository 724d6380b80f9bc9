namespace Tessera.Data.Scenes;

/// <summary>What a surface is painted with: two colours, blended by a function of the place on the surface.</summary>
internal sealed class Pattern
{
    private const int LatticeSize = 8;

    private readonly Style _style;
    private readonly Vec3 _first, _second;
    private readonly float _along, _across, _shift, _sharpness;
    private readonly float[] _lattice = [];

    /// <summary>Draws a style, a scale, a direction and all the rest.</summary>
    /// <param name="draws">The source of randomness.</param>
    /// <param name="plain">True for a surface without a pattern: a faint gradient.</param>
    /// <param name="first">One linear colour.</param>
    /// <param name="second">The other.</param>
    public Pattern(Draws draws, bool plain, Vec3 first, Vec3 second)
    {
        _style = plain ? Style.Gradient : (Style)draws.Below(Enum.GetValues<Style>().Length);
        (_first, _second) = (first, second);
        Vec3 direction = draws.Direction();
        float frequency = draws.Between(0.35f, 1.1f) / MathF.Sqrt(direction.X * direction.X + direction.Y * direction.Y + 0.01f);
        (_along, _across) = (direction.X * frequency, direction.Y * frequency);
        _shift = draws.Between(0, LatticeSize);
        _sharpness = draws.Between(1, 8);
        if (_style is Style.Clouds or Style.Marble) _lattice = draws.Many(LatticeSize * LatticeSize);
    }

    private enum Style { Gradient, Stripes, Checks, Dots, Rings, Bricks, Clouds, Marble }

    /// <summary>The linear colour at a place on the surface; 1 is the radius of the solid's ball.</summary>
    public Vec3 At(float x, float y)
    {
        float u = _along * x + _across * y + _shift, v = _along * y - _across * x + _shift;
        float weight = _style switch
        {
            Style.Gradient => 0.5f + 0.15f * (u - _shift),
            Style.Stripes => Edge(Wave(u)),
            Style.Checks => Edge(0.5f + 2 * (Wave(u) - 0.5f) * (Wave(v) - 0.5f)),
            Style.Dots => Edge(Disc(u, v)),
            Style.Rings => Edge(Wave(MathF.Sqrt((u - _shift) * (u - _shift) + (v - _shift) * (v - _shift)))),
            Style.Bricks => Brick(u, v),
            Style.Clouds => 1.6f * (0.65f * Noise(u, v) + 0.35f * Noise(2 * u, 2 * v)) - 0.3f,
            _ => Edge(Wave(u + 1.2f * Noise(u, v) + 0.4f * Noise(2 * v, 2 * u))),
        };
        return _first.Mix(_second, Geometry.Saturate(weight));
    }

    /// <summary>From a soft ramp to a hard step at one half, as the pattern's sharpness says.</summary>
    private float Edge(float value) => Geometry.Saturate(0.5f + _sharpness * (value - 0.5f));

    /// <summary>A triangle wave of period 1 between 0 and 1.</summary>
    private static float Wave(float x) => MathF.Abs(2 * (x - MathF.Floor(x)) - 1);

    private static float Disc(float u, float v)
    {
        float x = u - MathF.Floor(u) - 0.5f, y = v - MathF.Floor(v) - 0.5f;
        return 1 - 5 * (x * x + y * y);
    }

    private static float Brick(float u, float v)
    {
        float row = 1.5f * v, column = 0.75f * u + 0.5f * MathF.Floor(row);
        float x = column - MathF.Floor(column), y = row - MathF.Floor(row);
        return x < 0.08f || y < 0.16f ? 1 : 0;
    }

    /// <summary>Value noise: random numbers on a lattice that repeats, smoothly interpolated.</summary>
    private float Noise(float u, float v)
    {
        float left = MathF.Floor(u), top = MathF.Floor(v);
        float x = u - left, y = v - top;
        x = x * x * (3 - 2 * x);
        y = y * y * (3 - 2 * y);
        int column = (int)left, row = (int)top;
        float upper = Value(column, row) + (Value(column + 1, row) - Value(column, row)) * x;
        float lower = Value(column, row + 1) + (Value(column + 1, row + 1) - Value(column, row + 1)) * x;
        return upper + (lower - upper) * y;
    }

    private float Value(int column, int row) =>
        _lattice[(row & (LatticeSize - 1)) * LatticeSize + (column & (LatticeSize - 1))];
}
