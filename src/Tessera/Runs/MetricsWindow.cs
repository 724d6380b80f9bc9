namespace Tessera.Runs;

/// <summary>
/// What was measured since the last row of <c>metrics.csv</c>. A measure that is unknown, or has no value yet, is 0.
/// </summary>
public sealed class MetricsWindow
{
    private readonly Dictionary<string, double> _sums, _last;

    /// <summary>An empty window.</summary>
    internal MetricsWindow() : this(0, [], [])
    {
    }

    internal MetricsWindow(long updates, Dictionary<string, double> sums, Dictionary<string, double> last) =>
        (Updates, _sums, _last) = (updates, new(sums), new(last));

    /// <summary>The number of updates.</summary>
    public long Updates { get; private set; }

    /// <summary>The sums by the measures' names.</summary>
    internal IReadOnlyDictionary<string, double> Sums => _sums;

    /// <summary>The mean of a measure over the updates.</summary>
    public double Mean(string measure) => Sum(measure) / Math.Max(Updates, 1);

    /// <summary>The sum of a measure over the updates.</summary>
    public double Sum(string measure) => _sums.GetValueOrDefault(measure);

    /// <summary>The value of a measure at the last update.</summary>
    public double Last(string measure) => _last.GetValueOrDefault(measure);

    /// <summary>A copy that does not change.</summary>
    internal MetricsWindow Copy() => new(Updates, _sums, _last);

    /// <summary>Adds the measures of one more update.</summary>
    internal void Add(IReadOnlyList<Measure> measures, ReadOnlySpan<double> values)
    {
        Updates++;
        for (int i = 0; i < measures.Count; i++)
        {
            string name = measures[i].Name;
            _last[name] = values[i];
            if (measures[i].Kind != MeasureKind.Last) _sums[name] = Sum(name) + values[i];
        }
    }
}
