using System.Globalization;
using Tessera.Imaging;
using Tessera.Inspection;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Reporting.Figures;
using Tessera.Reporting.Measurements;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Reporting.Page;

/// <summary>The report as one self-contained HTML file without scripts, which is also well-formed XML.</summary>
internal static class HtmlPage
{
    // Identifies a page as a report: the start of an element that every report has.
    private const string Generator = "<meta name=\"generator\" content=\"Tessera report ";

    private const int MosaicColumns = 64, MosaicTiles = 256;

    /// <summary>The text of the file.</summary>
    public static string Of(ReportData data, IReadOnlyList<Section> sections)
    {
        Dictionary<string, string> names = Names(sections);
        string title = $"{data.Subject.Name}: report";
        string icon = MosaicUri(data, columns: 3, most: 9);
        string banner = MosaicUri(data, MosaicColumns, MosaicTiles);
        return Markup.Of($"""
            <!DOCTYPE html>
            <html lang="en" xmlns="http://www.w3.org/1999/xhtml">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            {Markup.Raw(Generator)}{RunFolder.Version}"/>
            <title>{title}</title>
            <link rel="icon" href="{icon}"/>
            {PageStyle.Element}
            </head>
            <body>
            <img class="mosaic" alt="" src="{banner}"/>
            <div class="page">
            <header><h1>{data.Subject.Name}</h1><p>{Summary(data)}</p>{Cards(data)}</header>
            <div class="columns">
            <nav aria-label="Contents"><h2>Contents</h2><ol>{sections.Select(Contents)}</ol></nav>
            <main>
            {sections.Select(section => Body(section, names))}
            <footer>Made by Tessera {RunFolder.Version}. Each figure is also a file in the folder of this page.</footer>
            </main>
            </div>
            </div>
            </body>
            </html>

            """).ToString();
    }

    /// <summary>Whether a page is a report.</summary>
    public static bool IsReport(string page) => page.Contains(Generator, StringComparison.Ordinal);

    /// <summary>Whether a file name is that of a figure of a report.</summary>
    public static bool HasFile(string page, string name) =>
        page.Contains(DataFile(name).ToString(), StringComparison.Ordinal);

    private static Markup DataFile(string name) => Markup.Of($"""data-file="{name}" """);

    /// <summary>The name of each figure by its id; figures and tables are numbered separately.</summary>
    private static Dictionary<string, string> Names(IReadOnlyList<Section> sections)
    {
        int figures = 0, tables = 0;
        return sections.SelectMany(section => section.Figures).ToDictionary(
            figure => figure.Id, figure => figure.IsTable ? Text($"Table {++tables}") : Text($"Figure {++figures}"));
    }

    /// <summary>A mosaic of the mean colours of the most used codes, a pixel per code, as a data URL.</summary>
    private static string MosaicUri(ReportData data, int columns, int most) =>
        DataUri.Png(ImageFile.EncodePng(Mosaic(data.Atlas, data.Measurement.Usage.Used, columns, most)));

    private static Image Mosaic(CodeAtlas atlas, int used, int columns, int most)
    {
        int count = Math.Clamp(used, 1, Math.Min(most, atlas.Colors.Count));
        int width = Math.Min(columns, count), rows = count / width;
        Image mosaic = Image.Black(width, rows, 3);
        for (int i = 0; i < width * rows; i++)
            (mosaic.Pixels[3 * i], mosaic.Pixels[3 * i + 1], mosaic.Pixels[3 * i + 2]) = atlas.Colors[i];
        return mosaic;
    }

    private static string Summary(ReportData data)
    {
        (VqVae model, TrainingOptions? options) = (data.Subject.Trained.Model, data.Subject.Trained.Options);
        string update = data.Subject.Trained.Update is { } made ? Text($" after {made:#,0} updates") : "";
        string trained = options is null ? "" : $", trained on {options.Data}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"A VQ-VAE{update}{trained}: {model.ParameterCount:#,0} parameters, {model.Options.Codes:#,0} codes of "
            + $"{model.Options.DimensionsOfCode} dimensions, {model.Options.Quantizer.Summary}. Measured on "
            + $"{data.Subject.Images.Name}. The encoder turns an image into a grid of codes, "
            + $"{PerCell(model.Options.Cell)} for each {model.Options.PixelsPerCode} x {model.Options.PixelsPerCode} "
            + $"pixels. A code is the number of one of the learned vectors, which together are the codebook. The "
            + $"decoder makes an image, the reconstruction, from the codes.");
    }

    private static string PerCell(CellOptions cell) =>
        cell.Top ? "one of a top level and four of a lower level" : cell.Codes == 1 ? "one" : $"{cell.Codes}";

    private static Markup Cards(ReportData data)
    {
        Evaluation evaluation = data.Measurement.Evaluation;
        (string Name, string Value, string Unit)[] cards =
        [
            ("NMSE", evaluation.ReconError is { } error ? Text($"{error:0.0000}") : "unknown", ""),
            ("PSNR", Text($"{evaluation.Psnr:0.00}"), "dB"),
            ("SSIM", Text($"{evaluation.Ssim:0.0000}"), ""),
            ("perplexity", Text($"{evaluation.Perplexity:0.0}"), evaluation.Levels.Count > 0 ? "mean" : ""),
            ("codes used", Text($"{evaluation.CodesUsed:#,0}"), Text($"of {evaluation.Codes:#,0}")),
            ("bits per subpixel", Text($"{Tables.BitsPerSubpixel(data.Subject.Trained.Model.Options):0.0000}"), ""),
        ];
        return Markup.Of($"""
            <dl class="cards">{cards.Select(card => Card(card.Name, card.Value, card.Unit))}</dl>
            """);
    }

    private static Markup Card(string name, string value, string unit) =>
        Markup.Of($"<div><dt>{name}</dt><dd>{value} <small>{unit}</small></dd></div>");

    private static Markup Contents(Section section) => Markup.Of($"""
        <li><a href="#{section.Id}">{section.Title}</a><ol>{section.Figures.Select(Contents)}</ol></li>
        """);

    private static Markup Contents(Figure figure) =>
        Markup.Of($"<li><a href=\"#{figure.Id}\">{figure.Title}</a></li>");

    private static Markup Body(Section section, Dictionary<string, string> names) => Markup.Of($"""
        <section id="{section.Id}"><h2>{section.Title}</h2>
        {section.Figures.Select(figure => Body(figure, names[figure.Id]))}
        </section>
        """);

    private static Markup Body(Figure figure, string name)
    {
        Markup heading = Markup.Of($"<h3><span>{name}.</span> {figure.Title}</h3>");
        if (figure.Parts.Count == 0)
            return Markup.Of($"""
                <figure id="{figure.Id}" class="figure">{heading}<p class="absent">{figure.Caption}</p></figure>
                """);
        return Markup.Of($"""
            <figure id="{figure.Id}" class="figure">{heading}
            <div class="parts columns-{Math.Min(figure.Columns, 3)}">{figure.Parts.Select(Body)}</div>
            <figcaption>{figure.Caption}</figcaption></figure>
            """);
    }

    private static Markup Body(FigurePart part) => part switch
    {
        PlotPart plot => Markup.Of($"""
            <div class="part" {DataFile(plot.FileName)}>{plot.Plot.Svg()}{Scale(plot)}</div>
            """),
        ImagePart image => Markup.Of($"""
            <div class="part" {DataFile(image.FileName)}>
            <img src="{DataUri.Png(image.Bytes())}" alt="{image.Alternative}"
            style="max-width:{image.LargestWidth}px"/>
            <p>{image.Label}</p>{Scale(image)}</div>
            """),
        TablePart table => Markup.Of($"""
            <div class="part">{(table.Title is { } title ? Markup.Of($"<p>{title}</p>") : Markup.None)}
            <table><thead><tr>{table.Columns.Select(ColumnHead)}</tr></thead>
            <tbody>{table.Rows.Select(Row)}</tbody></table></div>
            """),
        _ => throw new ArgumentOutOfRangeException(nameof(part), part, "not a part of a page"),
    };

    private static Markup Scale(FilePart part) => part.Scale is { } scale ? Body(scale) : Markup.None;

    private static Markup ColumnHead(string column) => Markup.Of($"<th scope=\"col\">{column}</th>");

    private static Markup Row(IReadOnlyList<string> cells) => Markup.Of($"""
        <tr><th scope="row">{cells[0]}</th>{cells.Skip(1).Select(cell => Markup.Of($"<td>{cell}</td>"))}</tr>

        """);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
