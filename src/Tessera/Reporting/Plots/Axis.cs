namespace Tessera.Reporting.Plots;

/// <summary>An axis of a plot.</summary>
/// <param name="Label">The quantity and its unit.</param>
/// <param name="Min">The value at the start.</param>
/// <param name="Max">The value at the end, above <paramref name="Min"/>.</param>
/// <param name="Logarithmic">Whether the scale is logarithmic.</param>
/// <param name="Ticks">The values with ticks.</param>
internal sealed record Axis(string Label, double Min, double Max, bool Logarithmic, IReadOnlyList<double> Ticks)
{
    /// <summary>A linear axis over exactly the range of the values.</summary>
    public static Axis Exact(string label, double min, double max)
    {
        (min, max) = Apart(min, max);
        return new Axis(label, min, max, Logarithmic: false, Plots.Ticks.Linear(min, max));
    }

    /// <summary>A linear axis widened to the next ticks.</summary>
    public static Axis Linear(string label, double min, double max)
    {
        (min, max) = Apart(min, max);
        double step = Plots.Ticks.Step((max - min) / 6);
        return Exact(label, Math.Floor(min / step) * step, Math.Ceiling(max / step) * step);
    }

    /// <summary>A logarithmic axis slightly wider than its values, which must be above 0.</summary>
    public static Axis Log(string label, double min, double max)
    {
        double margin = Math.Max(Math.Pow(max / min, 0.04), 1.02);
        return new Axis(
            label, min / margin, max * margin, Logarithmic: true, Plots.Ticks.Logarithmic(min / margin, max * margin));
    }

    /// <summary>
    /// An axis without ticks, for scatter plots with arbitrary scales: the values are centred in a given span, with a
    /// margin at both ends.
    /// </summary>
    public static Axis Bare(string label, double min, double max, double span)
    {
        double middle = (min + max) / 2, half = span > 0 ? 0.56 * span : 0.5;
        return new Axis(label, middle - half, middle + half, Logarithmic: false, []);
    }

    /// <summary>The position of a value: 0 at the start of the axis, 1 at the end.</summary>
    public double Fraction(double value) => Logarithmic
        ? Math.Log(Math.Max(value, double.Epsilon) / Min) / Math.Log(Max / Min)
        : (value - Min) / (Max - Min);

    /// <summary>Widens an empty range.</summary>
    private static (double Min, double Max) Apart(double min, double max) =>
        max > min ? (min, max) : (min - Math.Max(Math.Abs(min), 1) / 2, max + Math.Max(Math.Abs(max), 1) / 2);
}
