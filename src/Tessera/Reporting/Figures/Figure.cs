using Tessera.Imaging;
using Tessera.Reporting.Plots;

namespace Tessera.Reporting.Figures;

/// <summary>A numbered figure or table of the page, or why it is absent.</summary>
/// <param name="Id">Its anchor on the page.</param>
/// <param name="Title">A few words.</param>
/// <param name="Caption">What is seen and how it was made; where there are no parts, why.</param>
/// <param name="Parts">What it shows, side by side where there is room.</param>
internal sealed record Figure(string Id, string Title, string Caption, IReadOnlyList<FigurePart> Parts)
{
    /// <summary>Parts side by side where there is room.</summary>
    public int Columns { get; init; } = Parts.Count;

    /// <summary>Whether it is numbered among the tables.</summary>
    public bool IsTable => Parts is [TablePart, ..];

    /// <summary>The parts that are files too.</summary>
    public IEnumerable<FilePart> Files => Parts.OfType<FilePart>().SelectMany<FilePart, FilePart>(
        part => part.Scale is { } scale ? [part, scale] : [part]);

    /// <summary>A figure that says why it is not there.</summary>
    public static Figure Absent(string id, string title, string reason) => new(id, title, reason, []);
}

/// <summary>A part of a figure.</summary>
internal abstract record FigurePart;

/// <summary>A part that is a file beside the page too.</summary>
/// <param name="FileName">The file's name.</param>
internal abstract record FilePart(string FileName) : FigurePart
{
    /// <summary>What its colours mean, shown below it; null where that needs no words.</summary>
    public PlotPart? Scale { get; init; }

    /// <summary>The bytes of the file.</summary>
    public abstract byte[] Bytes();
}

/// <summary>A plot.</summary>
/// <param name="Plot">The plot; its id is the file's name.</param>
internal sealed record PlotPart(Plot Plot) : FilePart($"{Plot.Id}.svg")
{
    public override byte[] Bytes() => System.Text.Encoding.UTF8.GetBytes(Plot.Svg().ToString());
}

/// <summary>A picture, enlarged without smoothing.</summary>
/// <param name="FileName">The file's name.</param>
/// <param name="Label">A few words below it.</param>
/// <param name="Alternative">What is seen, for those who do not see it.</param>
/// <param name="Image">The picture before it is enlarged.</param>
internal sealed record PicturePart(string FileName, string Label, string Alternative, Image Image) : FilePart(FileName)
{
    // About the width of a page: sharp where a picture has it for itself.
    private const int ShownWidth = 768;

    // Of a few pixels no more can be seen however large they are.
    private const int LargestFactor = 12;

    private readonly Lazy<byte[]> _bytes = new(() => ImageFile.EncodePng(ImageTransform.Enlarge(Image, Factor(Image))));

    /// <summary>The width to show it at, in CSS's pixels, where there is room.</summary>
    public int LargestWidth => Image.Width * Factor(Image);

    public override byte[] Bytes() => _bytes.Value;

    private static int Factor(Image image) => Math.Clamp((ShownWidth + image.Width - 1) / image.Width, 1, LargestFactor);
}

/// <summary>A table.</summary>
/// <param name="Title">What it holds, above it; null where the figure says it.</param>
/// <param name="Columns">The heads of its columns.</param>
/// <param name="Rows">As many cells each as there are columns.</param>
internal sealed record TablePart(
    string? Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows) : FigurePart;

/// <summary>Figures under one heading.</summary>
/// <param name="Id">Its anchor on the page.</param>
/// <param name="Title">The heading.</param>
/// <param name="Figures">The figures.</param>
internal sealed record Section(string Id, string Title, IReadOnlyList<Figure> Figures);
