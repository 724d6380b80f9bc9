using Tessera.Files;
using Tessera.Reporting.Figures;
using Tessera.Reporting.Measurements;
using Tessera.Reporting.Page;

namespace Tessera.Reporting;

/// <summary>
/// The seed's notebook as one page: a folder with <c>report.html</c>, which needs no other file, and its figures beside
/// it as PNG and SVG.
/// </summary>
/// <example><code>
/// TrainedModel trained = TrainedModel.Open("runs/shapes-1");
/// Report.Write("runs/shapes-1/report", new ReportSubject("shapes-1", trained, test, Split.Test, train));
/// </code></example>
public static class Report
{
    /// <summary>The name of the page in its folder.</summary>
    public const string PageName = "report.html";

    /// <summary>The name of the folder of a run's report in the run's own folder.</summary>
    public const string FolderName = "report";

    /// <summary>Measures a model and writes its report, whole or not at all.</summary>
    /// <param name="folder">Where. A report that is there is replaced as a whole.</param>
    /// <param name="subject">What the report is about. The same subject gives the same bytes.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops it; a report that was there stays.</param>
    /// <exception cref="InputException">
    /// The pictures do not fit the model, or the folder holds something else or cannot be written.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
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
            File.WriteAllText(Path.Combine(temporary, PageName), page);
        });
    }

    /// <summary>
    /// Checks that a report can get a folder, before time is spent on it: it may be written, and there is none, or an
    /// empty one, or one that holds a report and nothing else.
    /// </summary>
    /// <exception cref="InputException">
    /// There is a file of that name, the folder holds something else, or the place cannot be written.
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
