using Tessera.Training;

namespace Tessera.Cli.Rendering;

/// <summary>
/// Shows the progress of a run: a bar on a terminal; elsewhere the lines of the reference notebook every 100 updates.
/// Each evaluation is printed as one line on both.
/// </summary>
/// <param name="display">The stream to write to.</param>
/// <param name="bar">The progress bar, shown on a terminal.</param>
/// <param name="codes">Codes in the codebook.</param>
internal sealed class TrainingDisplay(Display display, IProgress<BarState> bar, int codes) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value)
    {
        if (value.Evaluation is { } evaluation)
            display.Line($"eval after {value.Update} updates: {EvaluationText.Line(evaluation)}");
        else if (value.Checkpoint is not null)
            return;
        else if (display.IsTerminal)
            bar.Report(Bar(value));
        else if (value.IsMetricsRow)
            WriteSeedLines(value);
    }

    private void WriteSeedLines(TrainingProgress value)
    {
        display.Line($"{value.Update} iterations");
        display.Line($"recon_error: {value.Window.ReconError:0.000}");
        display.Line($"perplexity: {value.Window.Perplexity:0.000}");
        display.Line();
    }

    private BarState Bar(TrainingProgress value) => new(
        Math.Min(value.Done, 1),
        $"{value.Update}{(value.Updates is { } all ? $"/{all}" : " updates")}  "
            + $"{value.ImagesPerSecond:0} images/s  {Time(value.Remaining)} left",
        $"recon_error {value.Window.ReconError:0.000}  perplexity {value.Window.Perplexity:0.0}  "
            + $"codes used {value.CodesUsed} of {codes}");

    private static string Time(TimeSpan time) => $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}";
}
