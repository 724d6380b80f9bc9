using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Priors;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera complete</c>: keeps a part of an image and draws the rest.</summary>
internal sealed class CompleteCommand : SamplerCommand
{
    private const string UsualPath = "completions.png", UsualKeep = "top";
    private const int UsualCount = 8;
    private const byte DrawnGrey = 128;

    private readonly Argument<string> _image = new("IMAGE")
    {
        Description = "An image file of any size, scaled and centre-cropped to the size of the prior.",
    };
    private readonly Option<string?> _keep = NewOption.Text(
        KeptCells.Name, "top|left|X|MASK.png",
        "What is kept: the top half, the left half, the upper part X (0 to 1), or the white cells of a mask of the "
            + $"image's size [default: {UsualKeep}].");
    private readonly Option<int?> _count =
        NewOption.Integer<int>("--count", $"Number of completions [default: {UsualCount}].");
    private readonly Option<string?> _out = NewOption.Text(
        "--out", "FILE.png",
        "The PNG to write: the original, what was kept, the completions; an existing file is overwritten "
            + $"[default: {UsualPath}; the default overwrites nothing].");

    public CompleteCommand(Invocation invocation) : base(
        invocation, "complete",
        "Keeps a part of an image and draws the rest. Codes are drawn in raster order: what is drawn fits what is "
            + "kept above it and to its left, not what is kept below.",
        "tessera complete cifar10 horse.png --keep top --class horse",
        "tessera complete runs/cifar ship.png --keep 0.25 --count 14 --out ships.png")
    {
        Arguments.Add(_image);
        Options.Add(_keep);
        Options.Add(_count);
        Options.Add(_out);
        AddOptions();
    }

    /// <summary>The usual grid is one row.</summary>
    protected override int GridColumns => UsualCount + 2;

    protected override void Check(ParseResult parse)
    {
        CheckCount(parse.GetValue(_count) ?? UsualCount);
        KeptCells.Check(parse.GetValue(_keep) ?? UsualKeep);
        OutputFile.OrUsual(parse.GetValue(_out), UsualPath, "images", ".png");
    }

    protected override void Run(ParseResult parse, ImageSampler sampler, SamplingOptions options)
    {
        CodePriorOptions prior = sampler.Prior.Options;
        int cell = sampler.Tokenizer.PixelsPerCode, count = parse.GetValue(_count) ?? UsualCount;
        string path = parse.GetValue(_out) ?? UsualPath;
        CheckGrid(count + 2, sampler);
        var size = new ImageSize(prior.Rows * cell, prior.Columns * cell);
        ImageSource source = ImageSource.FromFiles(
            [parse.GetRequiredValue(_image)], size, sampler.Tokenizer.Model.Options.Channels);
        var image = new Image(source.Width, source.Height, source.Channels, source.Read(0, 1)[0]);
        bool[] kept = KeptCells.Find(parse.GetValue(_keep) ?? UsualKeep, prior.Rows, prior.Columns, cell);
        int?[] labels = Sampling.Labels(parse, prior, count);
        Image[] completions = WithBar(
            "drawing",
            progress => sampler.Complete(image, kept, labels, options, progress, Invocation.Cancellation));
        WriteGrid(path, [image, Covered(image, kept, prior.Columns, cell), .. completions]);
        Invocation.Output.Line(
            $"{path}: the original, what was kept ({kept.Count(isKept => isKept)} of {kept.Length} cells), "
            + $"{count} {(count == 1 ? "completion" : "completions")}");
    }

    /// <summary>The image with grey in place of the cells that are drawn.</summary>
    private static Image Covered(Image image, bool[] kept, int columns, int cell)
    {
        byte[] pixels = [.. image.Pixels];
        for (int y = 0; y < image.Height; y++)
        {
            for (int x = 0; x < image.Width; x++)
            {
                if (!kept[y / cell * columns + x / cell])
                    pixels.AsSpan((y * image.Width + x) * image.Channels, image.Channels).Fill(DrawnGrey);
            }
        }
        return new Image(image.Width, image.Height, image.Channels, pixels);
    }
}
