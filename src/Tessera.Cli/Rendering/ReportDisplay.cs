using Tessera.Data;
using Tessera.Reporting;
using Tessera.Training;

namespace Tessera.Cli.Rendering;

/// <summary>Writes a report and shows its progress: a bar on a terminal, elsewhere one line per stage.</summary>
internal static class ReportDisplay
{
    /// <summary>
    /// Writes the report of a model. Its title is the name of the run folder or, without a run, of the model file.
    /// </summary>
    /// <returns>The path of the HTML page.</returns>
    public static string Write(
        Display display, TrainedModel trained, ImageSet images, Split split, ImageSet? training, string folder,
        CancellationToken cancellation)
    {
        string name = Path.GetFileName(trained.Run?.Path ?? trained.Path);
        return display.WithBar(bar =>
        {
            Report.Write(
                folder, new ReportSubject(name, trained, images, split, training), Progress(display, bar),
                cancellation);
            return Path.Combine(folder, Report.PageName);
        });
    }

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
