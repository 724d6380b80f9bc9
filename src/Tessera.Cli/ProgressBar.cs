using System.Diagnostics;

namespace Tessera.Cli;

/// <summary>Shows the latest state at most ten times a second; any thread may report.</summary>
/// <param name="show">Shows a state; null to show nothing.</param>
internal sealed class ProgressBar(Action<BarState>? show) : IProgress<BarState>
{
    private const int RefreshMilliseconds = 100;

    private readonly Lock _gate = new();
    private long _last;

    /// <summary>Whether a report would be shown now. Ask before a state that is costly to find out.</summary>
    public bool IsDue =>
        show is not null
        && (_last == 0 || Stopwatch.GetElapsedTime(_last).TotalMilliseconds >= RefreshMilliseconds);

    public void Report(BarState value)
    {
        lock (_gate)
        {
            if (!IsDue) return;
            _last = Stopwatch.GetTimestamp();
            show!(value);
        }
    }
}

/// <summary>The contents of a progress bar.</summary>
/// <param name="Fraction">The part of the work that is done, 0 to 1; null if unknown: only the text is shown.</param>
/// <param name="Text">The text beside the bar.</param>
/// <param name="Detail">A line below the bar, or null.</param>
internal readonly record struct BarState(double? Fraction, string Text, string? Detail = null);
