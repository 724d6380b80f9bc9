using System.Text;
using Tessera.Files;
using Tessera.Reporting.Figures;
using Tessera.Reporting.Measurements;
using Tessera.Reporting.Page;

namespace Tessera.Reporting;

/// <summary>
/// Writes the report of a model, with the figures of the reference notebook: a folder with a self-contained
/// <c>report.html</c> and each figure as a PNG or SVG file.
/// </summary>
/// <example><code>
/// TrainedModel trained = TrainedModel.Open("runs/shapes-1");
/// Report.Write("runs/shapes-1/report", new ReportSubject("shapes-1", trained, test, Split.Test, train));
/// </code></example>
public static class Report
{
    /// <summary>The file name of the page.</summary>
    public const string PageName = "report.html";

    /// <summary>The name of the report folder in a run folder.</summary>
    public const string FolderName = "report";

    /// <summary>Measures a model and writes its report, atomically.</summary>
    /// <param name="folder">The folder to write. An existing report is replaced as a whole.</param>
    /// <param name="subject">The model and the images. The same subject gives the same bytes.</param>
    /// <param name="progress">Receives the progress.</param>
    /// <param name="cancellation">Cancels the work; an existing report is kept.</param>
    /// <exception cref="InputException">
    /// The images do not fit the model, or the folder holds something other than a report or cannot be written.
    /// </exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static void Write(
        string folder, ReportSubject subject, IProgress<ReportProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        CheckReplaceable(folder);
        ReportData data = ReportData.Gather(subject, progress ?? new Progress<ReportProgress>(), cancellation);
        IReadOnlyList<Section> sections = Sections.Of(data);
        string page = HtmlPage.Of(data, sections);
        cancellation.ThrowIfCancellationRequested();
        CheckReplaceable(folder);
        AtomicFolder.Write(folder, temporary =>
        {
            foreach (FilePart part in Files(sections))
                File.WriteAllBytes(Path.Combine(temporary, part.FileName), part.Bytes());
            // File.WriteAllText would reserve the space first, and tell of a full disk without the system's number.
            File.WriteAllBytes(Path.Combine(temporary, PageName), Encoding.UTF8.GetBytes(page));
        });
    }

    /// <summary>
    /// Checks early that a report can be written to a folder: the folder is writable, and it does not exist, is empty
    /// or holds only a report.
    /// </summary>
    /// <exception cref="InputException">
    /// The path is a file, the folder holds something other than a report, or it cannot be written.
    /// </exception>
    public static void CheckReplaceable(string folder) => AtomicFolder.CheckReplaceable(folder, "a report", entries =>
    {
        string page = ReadPage(folder);
        return HtmlPage.IsReport(page) && entries.All(entry => IsOfReport(entry, page));
    });

    private static bool IsOfReport(FileSystemInfo entry, string page) =>
        entry is FileInfo && (entry.Name == PageName || HtmlPage.HasFile(page, entry.Name));

    private static string ReadPage(string folder)
    {
        string path = Path.Combine(folder, PageName);
        try
        {
            return File.Exists(path) ? File.ReadAllText(path) : "";
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
    }

    /// <summary>The files beside the page.</summary>
    internal static IEnumerable<FilePart> Files(IEnumerable<Section> sections) =>
        sections.SelectMany(section => section.Figures).SelectMany(figure => figure.Files);
}
