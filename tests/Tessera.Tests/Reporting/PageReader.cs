using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Tessera.Imaging;
using Tessera.Reporting;

namespace Tessera.Tests.Reporting;

/// <summary>Reads the page of a report, and checks what every page has.</summary>
internal static class PageReader
{
    public static readonly XNamespace Html = "http://www.w3.org/1999/xhtml", Svg = "http://www.w3.org/2000/svg";

    public static XElement Parse(string page)
    {
        using var reader = XmlReader.Create(
            new StringReader(page.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal)));
        return XElement.Load(reader);
    }

    /// <summary>The ids of the figures, in order.</summary>
    public static IEnumerable<string?> Ids(XElement page) =>
        page.Descendants(Html + "figure").Select(figure => figure.Attribute("id")?.Value);

    public static XElement FigureOf(XElement page, string id) =>
        page.Descendants(Html + "figure").Single(figure => figure.Attribute("id")?.Value == id);

    public static string Caption(XElement page, string id) => FigureOf(page, id).Element(Html + "figcaption")!.Value;

    /// <summary>Why a figure is absent.</summary>
    public static string Absence(XElement page, string id) =>
        FigureOf(page, id).Elements().Single(e => e.Attribute("class")?.Value == "absent").Value;

    public static IEnumerable<string?> AbsentIds(XElement page) => page.Descendants()
        .Where(e => e.Attribute("class")?.Value == "absent").Select(e => e.Parent!.Attribute("id")?.Value);

    /// <summary>The first two columns of a table.</summary>
    public static Dictionary<string, string> Table(XElement page, string id) =>
        FigureOf(page, id).Descendants(Html + "tbody").SelectMany(body => body.Elements())
            .ToDictionary(row => row.Elements().First().Value, row => row.Elements().ElementAt(1).Value);

    /// <summary>The names of the files beside a page.</summary>
    public static string[] FilesOf(string page) =>
        [.. Regex.Matches(page, "data-file=\"([^\"]+)\"").Select(match => match.Groups[1].Value)];

    /// <summary>All links have a target, and ids are unique.</summary>
    public static void CheckLinks(XElement page)
    {
        string[] ids = [.. page.Descendants().Select(e => e.Attribute("id")?.Value).OfType<string>()];
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(page.Descendants(Html + "a"), a => Assert.Contains(a.Attribute("href")!.Value[1..], ids));
    }

    /// <summary>The page needs no other file and no network.</summary>
    public static void CheckSelfContained(string page)
    {
        string[] addresses = [.. Parse(page).Descendants().Attributes()
            .Where(a => a.Name.LocalName is "src" or "href" && a.Name.NamespaceName.Length == 0).Select(a => a.Value)];
        Assert.All(addresses, address => Assert.Matches("^(#|data:image/png;base64,)", address));
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@import", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"url\(", page);
    }

    /// <summary>Every image and plot has a text alternative.</summary>
    public static void CheckAlternatives(XElement page)
    {
        // The mosaic at the top is decorative and has no text alternative.
        Assert.All(
            page.Descendants(Html + "img").Skip(1),
            img => Assert.True(img.Attribute("alt")!.Value.Length > 10, $"an image has only {img.Attribute("alt")}"));
        Assert.All(page.Descendants(Svg + "svg"), svg =>
        {
            Assert.True(svg.Element(Svg + "title")!.Value.Length > 0, "a plot has no title");
            Assert.True(svg.Element(Svg + "desc")!.Value.Length > 20, "a plot has no description");
        });
    }

    /// <summary>The folder holds the page and these files, which are images and plots.</summary>
    public static void CheckFiles(string folder, string[] files)
    {
        Assert.Equal(files.Append(Report.PageName).Order(StringComparer.Ordinal), TemporaryFolder.NamesIn(folder));
        foreach (string file in files)
        {
            string path = Path.Combine(folder, file);
            if (file.EndsWith(".png", StringComparison.Ordinal)) ImageFile.Read(path);
            else
            {
                Assert.Equal(Svg + "svg", XDocument.Load(path).Root!.Name);
                // Not every program that reads SVG supports CSS variables.
                Assert.DoesNotContain("var(", File.ReadAllText(path), StringComparison.Ordinal);
            }
        }
    }

    /// <summary>A browser shows all figures without a message on the console.</summary>
    /// <returns>The document as the browser parsed it.</returns>
    public static string CheckInBrowser(string folder, int figures)
    {
        string path = Path.Combine(folder, Report.PageName), page = File.ReadAllText(path);
        (string document, string[] console) = Chromium.Open(path);
        Assert.Empty(console);
        Assert.Equal(figures, Regex.Count(document, "<figure "));
        Assert.Equal(Regex.Count(page, "<svg "), Regex.Count(document, "<svg "));
        Assert.Equal(Regex.Count(page, "<img "), Regex.Count(document, "<img "));
        return document;
    }
}

/// <summary>Calls the action on the reporting thread.</summary>
internal sealed class Stages(Action<ReportProgress> report) : IProgress<ReportProgress>
{
    public void Report(ReportProgress value) => report(value);
}
