using Tessera.Imaging;
using Tessera.Reporting.Plots;

namespace Tessera.Reporting.Figures;

/// <summary>A numbered figure or table of the page.</summary>
/// <param name="Id">The anchor on the page.</param>
/// <param name="Title">The heading: a few words.</param>
/// <param name="Caption">What the figure shows and how it was made; without parts, why it is absent.</param>
/// <param name="Parts">The contents, side by side where there is room; empty if the figure is absent.</param>
internal sealed record Figure(string Id, string Title, string Caption, IReadOnlyList<FigurePart> Parts)
{
    /// <summary>The largest number of parts side by side.</summary>
    public int Columns { get; init; } = Parts.Count;

    /// <summary>Whether it is numbered as a table.</summary>
    public bool IsTable => Parts is [TablePart, ..];

    /// <summary>The parts that are also saved as files, with their colour scales.</summary>
    public IEnumerable<FilePart> Files => Parts.OfType<FilePart>().SelectMany<FilePart, FilePart>(
        part => part.Scale is { } scale ? [part, scale] : [part]);

    /// <summary>A figure without contents that says why.</summary>
    public static Figure Absent(string id, string title, string reason) => new(id, title, reason, []);
}

/// <summary>A part of a figure.</summary>
internal abstract record FigurePart;

/// <summary>A part that is also saved as a file beside the page.</summary>
/// <param name="FileName">The name of the file.</param>
internal abstract record FilePart(string FileName) : FigurePart
{
    /// <summary>The colour scale shown below the part; null for none.</summary>
    public PlotPart? Scale { get; init; }

    /// <summary>The contents of the file.</summary>
    public abstract byte[] Bytes();
}

/// <summary>A plot.</summary>
/// <param name="Plot">The plot; its id gives the name of the file.</param>
internal sealed record PlotPart(Plot Plot) : FilePart($"{Plot.Id}.svg")
{
    public override byte[] Bytes() => System.Text.Encoding.UTF8.GetBytes(Plot.Svg().ToString());
}

/// <summary>An image, enlarged without smoothing.</summary>
/// <param name="FileName">The name of the file.</param>
/// <param name="Label">A few words below the image.</param>
/// <param name="Alternative">The text alternative (<c>alt</c>).</param>
/// <param name="Image">The image before enlargement.</param>
internal sealed record ImagePart(string FileName, string Label, string Alternative, Image Image) : FilePart(FileName)
{
    // About the width of the page: an image alone in its row stays sharp.
    private const int ShownWidth = 768;

    // Larger pixels would not show more.
    private const int LargestFactor = 12;

    private readonly Lazy<byte[]> _bytes = new(() => ImageFile.EncodePng(ImageTransform.Enlarge(Image, Factor(Image))));

    /// <summary>The width in CSS pixels at which the image is shown if there is room.</summary>
    public int LargestWidth => Image.Width * Factor(Image);

    public override byte[] Bytes() => _bytes.Value;

    private static int Factor(Image image) =>
        Math.Clamp((ShownWidth + image.Width - 1) / image.Width, 1, LargestFactor);
}

/// <summary>A table.</summary>
/// <param name="Title">The title above the table; null for none.</param>
/// <param name="Columns">The column heads.</param>
/// <param name="Rows">The rows, with a cell per column.</param>
internal sealed record TablePart(
    string? Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows) : FigurePart;

/// <summary>Figures under one heading.</summary>
/// <param name="Id">The anchor on the page.</param>
/// <param name="Title">The heading.</param>
/// <param name="Figures">The figures.</param>
internal sealed record Section(string Id, string Title, IReadOnlyList<Figure> Figures);
