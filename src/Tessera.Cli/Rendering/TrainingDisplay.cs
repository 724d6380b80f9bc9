using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Cli.Rendering;

/// <summary>
/// Shows the progress of a run: a bar on a terminal; elsewhere the lines of the reference notebook every 100 updates.
/// Each evaluation is printed as one line on both.
/// </summary>
/// <param name="display">The stream to write to.</param>
/// <param name="bar">The progress bar, shown on a terminal.</param>
/// <param name="learner">The tokenizer that is trained.</param>
internal sealed class TrainingDisplay(Display display, ProgressBar bar, TokenizerLearner learner)
    : IProgress<RunProgress>
{
    public void Report(RunProgress value)
    {
        if (value.Evaluation is not null)
            display.Line($"eval after {value.Update} updates: {EvaluationText.Line(learner.Evaluation!)}");
        else if (value.Checkpoint is not null)
            return;
        else if (bar.IsDue)
            bar.Report(Bar(value));
        else if (value.IsMetricsRow && !display.IsTerminal)
            WriteNotebookLines(value);
    }

    private void WriteNotebookLines(RunProgress value)
    {
        display.Line($"{value.Update} iterations");
        display.Line($"recon_error: {value.Window.Mean("recon_error"):0.000}");
        display.Line($"perplexity: {value.Window.Mean("perplexity"):0.000}");
        display.Line();
    }

    private BarState Bar(RunProgress value) => new(
        Math.Min(value.Done, 1),
        $"{value.Update}{(value.Updates is { } all ? $"/{all}" : " updates")}  "
            + $"{value.ImagesPerSecond:0} images/s  {Time(value.Remaining)} left",
        $"recon_error {value.Window.Mean("recon_error"):0.000}  perplexity {value.Window.Mean("perplexity"):0.0}  "
            + $"codes used {value.Window.Last("codes_used")} of {learner.Model.Options.Codes}");

    private static string Time(TimeSpan time) => $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}";
}
