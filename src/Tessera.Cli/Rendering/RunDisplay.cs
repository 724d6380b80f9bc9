using Tessera.Runs;

namespace Tessera.Cli.Rendering;

/// <summary>
/// Shows the progress of a run: a bar on a terminal; elsewhere some lines every 100 updates. Each evaluation is printed
/// as one line on both.
/// </summary>
/// <param name="display">The stream to write to.</param>
/// <param name="bar">The progress bar, shown on a terminal.</param>
internal abstract class RunDisplay(Display display, ProgressBar bar) : IProgress<RunProgress>
{
    public void Report(RunProgress value)
    {
        if (value.Evaluation is not null)
            display.Line($"eval after {value.Update} updates: {EvaluationLine()}");
        else if (value.Checkpoint is not null)
            return;
        else if (bar.IsDue)
            bar.Report(Bar(value));
        else if (value.IsMetricsRow && !display.IsTerminal)
            foreach (string line in RowLines(value)) display.Line(line);
    }

    /// <summary>The last evaluation.</summary>
    protected abstract string EvaluationLine();

    /// <summary>The lines of a row of metrics.</summary>
    protected abstract IEnumerable<string> RowLines(RunProgress value);

    /// <summary>What the bar shows of the window of metrics.</summary>
    protected abstract string BarText(RunProgress value);

    private BarState Bar(RunProgress value) => new(
        Math.Min(value.Done, 1),
        $"{value.Update}{(value.Updates is { } all ? $"/{all}" : " updates")}  "
            + $"{value.ImagesPerSecond:0} images/s  {Time(value.Remaining)} left",
        BarText(value));

    /// <summary>A time as h:mm:ss.</summary>
    internal static string Time(TimeSpan time) => $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}";
}
