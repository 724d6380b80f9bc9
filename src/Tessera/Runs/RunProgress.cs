namespace Tessera.Runs;

/// <summary>The report of a run after every update, evaluation and checkpoint.</summary>
/// <param name="Update">Updates made so far.</param>
/// <param name="Updates">The total number of updates; null for a budget of minutes.</param>
/// <param name="Done">The part of the budget that is spent, 0 to 1; may end slightly above 1.</param>
/// <param name="Elapsed">Time spent on updates so far, including the time before the run was resumed.</param>
/// <param name="ImagesPerSecond">Images per second since the last row of <c>metrics.csv</c>.</param>
/// <param name="Remaining">Estimated time until the last update.</param>
public sealed record RunProgress(
    long Update, long? Updates, double Done, TimeSpan Elapsed, double ImagesPerSecond, TimeSpan Remaining)
{
    private readonly Func<MetricsWindow>? _fetch;
    private MetricsWindow? _window;
    private int _thread;

    /// <summary>Whether this update ends a row of <c>metrics.csv</c>.</summary>
    public bool IsMetricsRow { get; init; }

    /// <summary>
    /// The evaluation, as columns of <c>eval.csv</c> after the update; null if the report is of something else.
    /// </summary>
    public IReadOnlyList<object?>? Evaluation { get; init; }

    /// <summary>The path of the checkpoint just written; null if the report is of something else.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>
    /// What was measured since the last row of <c>metrics.csv</c> (one per 100 updates). For an update that ends no
    /// row, reading it waits for the device: do so at most ten times a second, and before the report's handler returns.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The handler has returned, or runs on another thread, as that of <see cref="Progress{T}"/> does.
    /// </exception>
    /// <exception cref="TrainingDivergedException">A loss was not finite.</exception>
    public MetricsWindow Window => _window ??= _fetch is null || _thread != Environment.CurrentManagedThreadId
        ? throw new InvalidOperationException("the report has been handled; read the window while it is, or at a row")
        : _fetch();

    /// <summary>Gets the window from the device.</summary>
    internal Func<MetricsWindow> Fetch
    {
        init => _fetch = value;
    }

    /// <summary>Reports this; afterwards the window is fixed.</summary>
    internal void ReportTo(IProgress<RunProgress> progress)
    {
        if (IsMetricsRow) _window = _fetch!();
        // A handler on another thread must not reach the device, which is at work again.
        _thread = Environment.CurrentManagedThreadId;
        progress.Report(this);
        _thread = 0;
    }
}
