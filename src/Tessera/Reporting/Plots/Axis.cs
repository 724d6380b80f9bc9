namespace Tessera.Reporting.Plots;

/// <summary>One direction of a plot.</summary>
/// <param name="Label">What it shows, with its unit.</param>
/// <param name="Min">The value at its beginning.</param>
/// <param name="Max">The value at its end, above <paramref name="Min"/>.</param>
/// <param name="Logarithmic">Whether equal distances are equal factors.</param>
/// <param name="Ticks">The values that are marked.</param>
internal sealed record Axis(string Label, double Min, double Max, bool Logarithmic, IReadOnlyList<double> Ticks)
{
    /// <summary>An axis that ends where the values do.</summary>
    public static Axis Exact(string label, double min, double max)
    {
        (min, max) = Apart(min, max);
        return new Axis(label, min, max, Logarithmic: false, Plots.Ticks.Linear(min, max));
    }

    /// <summary>An axis that is widened to whole ticks.</summary>
    public static Axis Linear(string label, double min, double max)
    {
        (min, max) = Apart(min, max);
        double step = Plots.Ticks.Step((max - min) / 6);
        return Exact(label, Math.Floor(min / step) * step, Math.Ceiling(max / step) * step);
    }

    /// <summary>A logarithmic axis a little wider than its values, which are above 0.</summary>
    public static Axis Log(string label, double min, double max)
    {
        double margin = Math.Max(Math.Pow(max / min, 0.04), 1.02);
        return new Axis(
            label, min / margin, max * margin, Logarithmic: true, Plots.Ticks.Logarithmic(min / margin, max * margin));
    }

    /// <summary>
    /// An axis of a scatter whose scale says nothing: no ticks, the values in the middle of a span, a margin at both
    /// ends.
    /// </summary>
    public static Axis Bare(string label, double min, double max, double span)
    {
        double middle = (min + max) / 2, half = span > 0 ? 0.56 * span : 0.5;
        return new Axis(label, middle - half, middle + half, Logarithmic: false, []);
    }

    /// <summary>Where a value lies: 0 at the beginning, 1 at the end.</summary>
    public double Fraction(double value) => Logarithmic
        ? Math.Log(Math.Max(value, double.Epsilon) / Min) / Math.Log(Max / Min)
        : (value - Min) / (Max - Min);

    /// <summary>A range that is a point becomes one around it.</summary>
    private static (double Min, double Max) Apart(double min, double max) =>
        max > min ? (min, max) : (min - Math.Max(Math.Abs(min), 1) / 2, max + Math.Max(Math.Abs(max), 1) / 2);
}
