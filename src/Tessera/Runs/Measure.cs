namespace Tessera.Runs;

/// <summary>How the values of a <see cref="Measure"/> become one value of a row.</summary>
public enum MeasureKind
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>The last one; shown while the run is watched, not written.</summary>
    Last,
}

/// <summary>A number that a learner measures at every update.</summary>
/// <param name="Name">Its column in <c>metrics.csv</c>: <c>recon_error</c>.</param>
/// <param name="Kind">How a row sums it up.</param>
/// <param name="InSeries">Whether <c>series.csv</c> holds its value of every update.</param>
public sealed record Measure(string Name, MeasureKind Kind, bool InSeries = false);
