namespace Tessera.Data.Scenes;

/// <summary>The texture of a surface: two colours, blended by a function of the position.</summary>
internal sealed class Pattern
{
    private const int LatticeSize = 8, StyleCount = (int)Style.Marble + 1;

    private readonly Style _style;
    private readonly Vec3 _first, _second;
    private readonly float _along, _across, _shift, _sharpness;
    private readonly float[] _lattice = [];

    /// <summary>Draws the colours, the style, the scale and the direction.</summary>
    /// <param name="draws">The source of randomness.</param>
    /// <param name="hue">The approximate hue of the first colour, in turns.</param>
    /// <param name="palette">The range of colours, and how often the surface is plain.</param>
    public Pattern(Draws draws, float hue, Palette palette)
    {
        // Half of the patterns have two shades of one hue, the others two hues; some are faint, some bold.
        _first = palette.Colour(draws, hue);
        Vec3 other = palette.Colour(draws, draws.Chance(0.5f) ? hue : draws.Between(0, 1));
        _second = _first.Mix(other, draws.Between(0.2f, 1));
        _style = draws.Chance(palette.Plain) ? Style.Gradient : (Style)draws.Below(StyleCount);

        Vec3 direction = draws.Direction();
        float inPlane = MathF.Sqrt(direction.X * direction.X + direction.Y * direction.Y + 0.01f);
        float frequency = draws.Between(0.35f, 1.1f) / inPlane;
        (_along, _across) = (direction.X * frequency, direction.Y * frequency);
        _shift = draws.Between(0, LatticeSize);
        _sharpness = draws.Between(1, 8);
        if (_style is Style.Clouds or Style.Marble) _lattice = draws.Many(LatticeSize * LatticeSize);
    }

    private enum Style { Gradient, Stripes, Checks, Dots, Rings, Bricks, Clouds, Marble }

    /// <summary>The linear colour at a point of the surface; the unit is the radius of the solid's ball.</summary>
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

    /// <summary>Steepens a ramp around one half by the pattern's sharpness.</summary>
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

    /// <summary>Value noise: random numbers on a periodic lattice, smoothly interpolated.</summary>
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

/// <summary>The range of colours of a surface.</summary>
/// <param name="Plain">The probability of a faint gradient instead of a pattern.</param>
/// <param name="LeastSaturation">The lowest saturation, 0..1.</param>
/// <param name="MostSaturation">The highest saturation, 0..1.</param>
/// <param name="LeastValue">The lowest value (HSV), 0..1.</param>
internal readonly record struct Palette(float Plain, float LeastSaturation, float MostSaturation, float LeastValue)
{
    public static readonly Palette Solid = new(0.75f, 0.4f, 0.95f, 0.35f);

    public static readonly Palette Room = new(0.3f, 0, 0.75f, 0.15f);

    /// <summary>A linear colour near the given hue.</summary>
    public Vec3 Colour(Draws draws, float hue) => Draws.Colour(
        hue + draws.Between(-0.1f, 0.1f),
        draws.Between(LeastSaturation, MostSaturation),
        draws.Between(LeastValue, 1));
}
