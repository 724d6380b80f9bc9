using Tessera.Training;

namespace Tessera.Cli.Rendering;

/// <summary>
/// Shows a run: a bar on a terminal; elsewhere the lines that the seed prints every 100 updates. Evaluations get a line
/// on both.
/// </summary>
/// <param name="display">Where to show it.</param>
/// <param name="bar">The bar on a terminal.</param>
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
            WriteAsTheSeed(value);
    }

    private void WriteAsTheSeed(TrainingProgress value)
    {
        display.Line($"{value.Update} iterations");
        display.Line($"recon_error: {value.Window.ReconError:0.000}");
        display.Line($"perplexity: {value.Window.Perplexity:0.000}");
        display.Line();
    }

    private BarState Bar(TrainingProgress value) => new(
        Math.Min(value.Done, 1),
        $"{value.Update}{(value.Updates is { } all ? $"/{all}" : " updates")}  {value.ImagesPerSecond:0} images/s  {Time(value.Remaining)} left",
        $"recon_error {value.Window.ReconError:0.000}  perplexity {value.Window.Perplexity:0.0}  "
            + $"codes used {value.CodesUsed} of {codes}");

    private static string Time(TimeSpan time) => $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}";
}
