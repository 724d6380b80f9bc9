using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Files;
using Tessera.Imaging;
using Tessera.Priors;
using Tessera.Tokens;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera sample</c>: draws images.</summary>
internal sealed class SampleCommand : SamplerCommand
{
    private const string UsualPath = "samples.png";
    private const int UsualCount = 64;

    private readonly Option<int?> _count =
        NewOption.Integer<int>("--count", $"Number of images [default: {UsualCount}].");
    private readonly Option<string?> _out = NewOption.Text(
        "--out", "FILE.png",
        $"The PNG to write, a grid of all images; an existing file is overwritten [default: {UsualPath}; the default "
            + "overwrites nothing].");
    private readonly Option<string?> _tokens = NewOption.Text(
        "--tokens", "FILE", "Also writes the codes, [images, rows, columns], to a .npy or .npz file.");
    private readonly Option<string?> _separate = NewOption.Text(
        "--separate", "DIR", "Also writes each image to a new folder, named 0.png and so on.");

    public SampleCommand(Invocation invocation) : base(
        invocation, "sample",
        "Draws new images from the prior of a run, and writes them as one PNG.",
        "tessera sample cifar10 --class horse --out horses.png",
        "tessera sample runs/cifar --class all --count 80 --seed 7 --out all.png",
        "tessera sample runs/cifar --guidance 0 --top-p 0.97 --tokens codes.npy --separate samples")
    {
        Options.Add(_count);
        Options.Add(_out);
        Options.Add(_tokens);
        Options.Add(_separate);
        AddOptions();
    }

    protected override void Check(ParseResult parse)
    {
        CheckCount(Count(parse));
        OutputFile.OrUsual(parse.GetValue(_out), UsualPath, "images", ".png");
        if (parse.GetValue(_tokens) is { } tokens)
            OutputFile.Checked($"--tokens {tokens}", tokens, "codes", TokenFile.NpyEnding, TokenFile.NpzEnding);
        if (parse.GetValue(_separate) is { } folder)
            AtomicFolder.CheckReplaceable(
                folder, "images",
                _ => throw new InputException($"--separate {folder} exists already; name a new folder"));
    }

    protected override void Run(ParseResult parse, ImageSampler sampler, SamplingOptions options)
    {
        int count = Count(parse);
        string path = parse.GetValue(_out) ?? UsualPath;
        CheckGrid(count, sampler);
        int?[] labels = Sampling.Labels(parse, sampler.Prior.Options, count);
        int[] codes = WithBar(
            "drawing",
            progress => sampler.SampleCodes(
                labels, options, progress: progress, cancellation: Invocation.Cancellation));
        Image[] images = sampler.Decode(codes);
        WriteGrid(path, images);
        if (parse.GetValue(_tokens) is { } tokens) WriteTokens(tokens, codes, count, sampler.Prior.Options);
        if (parse.GetValue(_separate) is { } folder) ImageFile.WritePngFolder(folder, count, images);
        Invocation.Output.Line(
            $"{path}: {count} {(count == 1 ? "image" : "images")}, guidance {options.Guidance}, "
            + $"top-p {options.TopP}, temperature {options.Temperature}, seed {options.Seed}");
    }

    private static void WriteTokens(string path, int[] codes, int count, CodePriorOptions prior) =>
        TokenFile.Write(
            path, count, prior.Rows, prior.Columns, prior.Codes, [codes], labels: null, prior.CodesPerCell);

    private int Count(ParseResult parse) => parse.GetValue(_count) ?? UsualCount;
}
