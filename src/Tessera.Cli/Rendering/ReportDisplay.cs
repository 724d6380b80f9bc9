using Tessera.Data;
using Tessera.Reporting;
using Tessera.Training;

namespace Tessera.Cli.Rendering;

/// <summary>Writes a report and shows how far it is.</summary>
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
                folder, new ReportSubject(name, trained, pictures, split, training),
                new Reporter<ReportProgress>(progress => bar.Report(new BarState(progress.Fraction, progress.Stage))), cancellation);
            return Path.Combine(folder, Report.PageName);
        });
    }
}
