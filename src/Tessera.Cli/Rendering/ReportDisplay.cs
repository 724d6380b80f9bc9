using Tessera.Reporting;
using Tessera.Training;

namespace Tessera.Cli.Rendering;

/// <summary>Writes a report and shows its progress: a bar on a terminal, elsewhere one line per stage.</summary>
internal static class ReportDisplay
{
    /// <summary>The title of a report: the name of the run folder or, without a run, of the model file.</summary>
    public static string TitleOf(TrainedModel trained) => Path.GetFileName(trained.Run?.Path ?? trained.Path);

    /// <summary>Writes a report.</summary>
    /// <returns>The path of the HTML page.</returns>
    public static string Write(
        Display display, ReportSubject subject, string folder, CancellationToken cancellation) =>
        display.WithBar(bar =>
        {
            Report.Write(folder, subject, Progress(display, bar), cancellation);
            return Path.Combine(folder, Report.PageName);
        });

    private static ImmediateProgress<ReportProgress> Progress(Display display, ProgressBar bar)
    {
        string? stage = null;
        return new ImmediateProgress<ReportProgress>(progress =>
        {
            bar.Report(new BarState(progress.Fraction, progress.Stage));
            if (display.IsTerminal || progress.Stage == stage) return;
            stage = progress.Stage;
            display.Line($"report: {stage} ...");
        });
    }
}
