using System.Globalization;
using Tessera.Analysis;
using Tessera.Reporting.Plots;

namespace Tessera.Reporting.Figures;

/// <summary>
/// The values of every update as lines, the smoothed values in front of the raw ones: the reference notebook's
/// <c>savgol_filter(..., 201, 7)</c>, or the longest window that a short series has room for.
/// </summary>
internal sealed class UpdateLines
{
    private const int Window = 201, Order = 7;

    private readonly long _first;
    private readonly double[] _values;
    private readonly double[]? _smooth;
    private readonly int? _window;

    /// <summary>Smooths a series.</summary>
    /// <param name="first">The update of the first value.</param>
    /// <param name="values">At least one value.</param>
    public UpdateLines(long first, float[] values)
    {
        (_first, _values) = (first, Array.ConvertAll(values, value => (double)value));
        _window = SavitzkyGolay.LargestWindow(values.Length, Window, Order);
        _smooth = _window is { } length ? SavitzkyGolay.Smooth(_values, length, Order) : null;
    }

    /// <summary>The lowest value.</summary>
    public double Min => _values.Min();

    /// <summary>The highest value.</summary>
    public double Max => _values.Max();

    /// <summary>The axis of the updates.</summary>
    public Axis Updates => Axis.Exact("updates", _first == 1 ? 0 : _first, Last);

    /// <summary>The lines.</summary>
    public IReadOnlyList<Mark> Marks
    {
        get
        {
            var raw = new Line(_first, _values, _smooth is null ? "smooth" : "raw") { Name = "every update" };
            return _smooth is null ? [raw] : [raw, new Line(_first, _smooth, "smooth") { Name = "smoothed" }];
        }
    }

    /// <summary>How the values are smoothed, for a caption.</summary>
    public string Smoothing => _window switch
    {
        Window => $"smoothed with a Savitzky-Golay filter, window {Window}, order {Order}",
        { } shorter => $"smoothed with a Savitzky-Golay filter, order {Order}; "
            + $"the run is shorter than the usual window of {Window}, so the window is {shorter}",
        null => $"not smoothed, because the run is too short for a polynomial of order {Order}",
    };

    /// <summary>A sentence on missing first updates; empty if there are none.</summary>
    public string MissingStart => _first > 1
        ? string.Create(CultureInfo.InvariantCulture, $" There are no values before update {_first:#,0}.")
        : "";

    private long Last => _first + _values.Length - 1;

    /// <summary>The values in words.</summary>
    public string Describe(string title) => string.Create(
        CultureInfo.InvariantCulture,
        $"{title} for updates {_first} to {Last}: first {_values[0]:0.###}, lowest {Min:0.###}, highest {Max:0.###}, "
        + $"last {(_smooth ?? _values)[^1]:0.###}.");
}
