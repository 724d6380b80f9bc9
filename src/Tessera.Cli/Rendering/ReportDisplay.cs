using Tessera.Data;
using Tessera.Reporting;
using Tessera.Training;

namespace Tessera.Cli.Rendering;

/// <summary>Writes a report and shows how far it is: a bar on a terminal, elsewhere a line for each stage.</summary>
internal static class ReportDisplay
{
    /// <summary>Writes the report of a model under the name of its run's folder or, without one, of its file.</summary>
    /// <returns>The page.</returns>
    public static string Write(
        Display display, TrainedModel trained, ImageSet pictures, Split split, ImageSet? training, string folder,
        CancellationToken cancellation)
    {
        string name = Path.GetFileName(trained.Run?.Path ?? trained.Path);
        return display.WithBar(bar =>
        {
            Report.Write(
                folder, new ReportSubject(name, trained, pictures, split, training), Progress(display, bar), cancellation);
            return Path.Combine(folder, Report.PageName);
        });
    }

    private static Reporter<ReportProgress> Progress(Display display, IProgress<BarState> bar)
    {
        string? stage = null;
        return new Reporter<ReportProgress>(progress =>
        {
            bar.Report(new BarState(progress.Fraction, progress.Stage));
            if (display.IsTerminal || progress.Stage == stage) return;
            stage = progress.Stage;
            display.Line($"report: {stage} ...");
        });
    }
}
