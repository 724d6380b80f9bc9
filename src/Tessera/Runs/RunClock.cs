using System.Diagnostics;

namespace Tessera.Runs;

/// <summary>
/// Measures the time of updates, since the last row of <c>metrics.csv</c> and in total, and the wall-clock time of a
/// run. All totals include the time before the run was resumed.
/// </summary>
internal sealed class RunClock
{
    /// <summary>The longest time that is estimated: 100 years, for a run that is meant to be stopped by hand.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(36_525);

    private TimeSpan _before;
    private Stopwatch? _running;
    private TimeSpan _window;
    private long _windowUpdates;
    private double _lastRate;

    /// <summary>The time spent on updates.</summary>
    public TimeSpan Total { get; set; }

    /// <summary>
    /// Updates per second since the last row; right after a row, the rate of that row. 0 before the first update.
    /// </summary>
    public double UpdatesPerSecond => _windowUpdates > 0 ? _windowUpdates / _window.TotalSeconds : _lastRate;

    /// <summary>
    /// The wall-clock time of the run: updates, evaluations, checkpoints. It starts to grow with <see cref="Start"/>;
    /// set it to the time from before the run was resumed.
    /// </summary>
    public TimeSpan Elapsed
    {
        get => _before + (_running?.Elapsed ?? TimeSpan.Zero);
        set => _before = value;
    }

    /// <summary>Starts the wall clock; does nothing if it runs already.</summary>
    public void Start() => _running ??= Stopwatch.StartNew();

    /// <summary>Adds the time of one update.</summary>
    public void Add(TimeSpan time)
    {
        Total += time;
        _window += time;
        _windowUpdates++;
    }

    /// <summary>Starts the next row.</summary>
    public void StartWindow()
    {
        _lastRate = UpdatesPerSecond;
        _window = TimeSpan.Zero;
        _windowUpdates = 0;
    }

    /// <summary>
    /// The estimated time for a number of further updates, at most <see cref="Longest"/>; zero before the first update.
    /// </summary>
    public TimeSpan TimeFor(long updates) => UpdatesPerSecond > 0
        ? TimeSpan.FromSeconds(Math.Min(updates / UpdatesPerSecond, Longest.TotalSeconds))
        : TimeSpan.Zero;
}
