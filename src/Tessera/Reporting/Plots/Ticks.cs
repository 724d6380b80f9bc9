using System.Globalization;

namespace Tessera.Reporting.Plots;

/// <summary>Round tick values: steps of 1, 2 or 5 times a power of ten.</summary>
internal static class Ticks
{
    private static readonly int[] Digits = [1, 2, 5];

    /// <summary>Evenly spaced ticks within a range.</summary>
    /// <param name="min">The low end.</param>
    /// <param name="max">The high end, above <paramref name="min"/>.</param>
    /// <param name="most">The maximum number of ticks, at least 2.</param>
    public static double[] Linear(double min, double max, int most = 7)
    {
        double step = Step((max - min) / (most - 1));
        double first = Math.Ceiling(Rounded(min / step)), last = Math.Floor(Rounded(max / step));
        // Rounded again: 3 * 0.1 is not 0.3.
        return [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => Rounded((first + i) * step))];
    }

    /// <summary>
    /// Ticks of a logarithmic axis: 1, 2 and 5 times powers of ten; only powers of ten if those are too many; evenly
    /// spaced values if there are fewer than three.
    /// </summary>
    /// <param name="min">The low end, above 0.</param>
    /// <param name="max">The high end, above <paramref name="min"/>.</param>
    /// <param name="most">The maximum number of ticks, at least 2.</param>
    public static double[] Logarithmic(double min, double max, int most = 7)
    {
        int lowest = (int)Math.Floor(Math.Log10(min)), highest = (int)Math.Ceiling(Math.Log10(max));
        double[] fine = Within(min, max, Enumerable.Range(lowest, highest - lowest + 1).SelectMany(
            exponent => Digits.Select(digit => Rounded(digit * Math.Pow(10, exponent)))));
        if (fine.Length < 3) return Linear(min, max, most);
        if (fine.Length <= most) return fine;
        int every = (highest - lowest) / most + 1;
        return Within(min, max, Enumerable.Range(0, (highest - lowest) / every + 1)
            .Select(i => Rounded(Math.Pow(10, lowest + i * every))));
    }

    /// <summary>
    /// The smallest step of 1, 2 or 5 times a power of ten that is not below <paramref name="least"/>.
    /// </summary>
    /// <param name="least">Above 0.</param>
    public static double Step(double least)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        return Digits.Append(10).Select(digit => Rounded(digit * power)).First(step => step >= Rounded(least));
    }

    /// <summary>The label of a value, such as <c>50,000</c>, <c>0.05</c> or <c>1e-6</c>.</summary>
    public static string Label(double value) => Math.Abs(value) is > 0 and (< 1e-4 or >= 1e7)
        ? value.ToString("0.##e0", CultureInfo.InvariantCulture)
        : value.ToString("#,0.######", CultureInfo.InvariantCulture);

    /// <summary>The label of a value rounded to three significant digits.</summary>
    public static string ThreeDigits(double value) => Label(Rounded(value, "G3"));

    private static double[] Within(double min, double max, IEnumerable<double> ticks) =>
        [.. ticks.Where(tick => Rounded(tick) >= Rounded(min) && Rounded(tick) <= Rounded(max))];

    /// <summary>The number rounded to ten significant digits, to remove rounding errors.</summary>
    private static double Rounded(double value) => Rounded(value, "G10");

    private static double Rounded(double value, string digits) => double.Parse(
        value.ToString(digits, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
