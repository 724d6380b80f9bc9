using System.Diagnostics;

namespace Tessera.Training;

/// <summary>How long updates take: since the last row of <c>metrics.csv</c>, and in all sittings of a run.</summary>
internal sealed class TrainingClock
{
    /// <summary>More than any run takes. Whoever asks for the largest number of updates there is means "until I stop it".</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(36_525);

    private TimeSpan _before;
    private Stopwatch? _sitting;
    private TimeSpan _window;
    private long _windowUpdates;
    private double _lastRate;

    /// <summary>The time spent on updates, earlier sittings included.</summary>
    public TimeSpan Total { get; set; }

    /// <summary>Updates per second since the last row; right after a row, up to it. 0 before the first update.</summary>
    public double UpdatesPerSecond => _windowUpdates > 0 ? _windowUpdates / _window.TotalSeconds : _lastRate;

    /// <summary>
    /// The time since the run began, with everything that was done beside updates, earlier sittings included; it stands until
    /// <see cref="StartSitting"/>.
    /// </summary>
    public TimeSpan Sitting
    {
        get => _before + (_sitting?.Elapsed ?? TimeSpan.Zero);
        set => _before = value;
    }

    /// <summary>Begins a sitting.</summary>
    public void StartSitting() => _sitting ??= Stopwatch.StartNew();

    /// <summary>Adds an update.</summary>
    public void Add(TimeSpan time)
    {
        Total += time;
        _window += time;
        _windowUpdates++;
    }

    /// <summary>Begins the next row.</summary>
    public void StartWindow()
    {
        _lastRate = UpdatesPerSecond;
        _window = TimeSpan.Zero;
        _windowUpdates = 0;
    }

    /// <summary>
    /// The time that more updates are going to take, a hundred years at most; zero where that is not known yet.
    /// </summary>
    public TimeSpan TimeFor(long updates) => UpdatesPerSecond > 0
        ? TimeSpan.FromSeconds(Math.Min(updates / UpdatesPerSecond, Longest.TotalSeconds))
        : TimeSpan.Zero;
}
