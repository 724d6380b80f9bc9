using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Imaging;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera reconstruct</c>: a picture of originals beside their reconstructions.</summary>
internal sealed class ReconstructCommand : TrainedModelCommand
{
    private const string UsualPath = "reconstructions.png";
    private const int UsualCount = 32;

    private readonly Argument<string[]> _images = new("IMAGE")
    {
        Description = "PNG or JPEG files of any size, scaled and centre-cropped to --size [default: pictures of --data].",
        Arity = ArgumentArity.ZeroOrMore,
    };
    private readonly Option<int?> _count = NewOption.Whole<int>(
        "--count", $"How many pictures of --data to take, the first ones [default: {UsualCount}].");
    private readonly Option<string?> _out = NewOption.Text(
        "--out", "FILE.png", $"The picture to write, over one that is there [default: {UsualPath}, never over one].");

    public ReconstructCommand(Invocation invocation) : base(
        invocation, "reconstruct",
        "Writes a PNG of pairs: on the left the original, on the right its reconstruction.",
        "tessera reconstruct runs/shapes-1",
        "tessera reconstruct runs/shapes-1 cat.png dog.jpg --size 128 --out pets.png",
        "tessera reconstruct model.safetensors --data cifar10 --count 64 --out cifar.png")
    {
        Arguments.Add(_images);
        Options.Add(_count);
        Options.Add(_out);
    }

    protected override void Run(ParseResult parse, TrainedModel trained)
    {
        string path = CheckedPath(parse.GetValue(_out));
        int count = parse.GetValue(_count) ?? UsualCount;
        if (count < 1) throw new InputException($"--count must be at least 1, not {count}");
        string[] files = parse.GetValue(_images) ?? [];
        if (files.Length > 0 && HasData(parse))
            throw new InputException("picture files and --data are both given; give one of them");

        Image[] pictures = files.Length > 0
            ? ReadFiles(files, OptionsFor(parse, trained))
            : LoadPictures(parse, trained).First(count);
        ReconstructionGrid grid = ReconstructionGrid.Make(trained.Model, pictures, Invocation.Cancellation);
        Png.Write(path, grid.Image);
        Invocation.Output.Line(
            $"{path}: {pictures.Length} pictures beside their reconstructions, mean PSNR {grid.Psnr:0.00} dB");
    }

    private static string CheckedPath(string? path)
    {
        if (path is null)
        {
            return File.Exists(UsualPath)
                ? throw new InputException($"{UsualPath} exists already; name it, or another file, with --out")
                : UsualPath;
        }
        if (!Path.GetExtension(path).Equals(".png", StringComparison.OrdinalIgnoreCase))
            throw new InputException($"--out {path}: the picture is a PNG; give a name that ends in .png");
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
        return Directory.Exists(folder) && !Directory.Exists(path)
            ? path
            : throw new InputException($"--out {path}: no file can be written there; name one in a folder that exists");
    }

    private static Image[] ReadFiles(string[] files, TrainingOptions options) =>
    [
        .. files.Select(file => ImageTransform.Fit(
            ImageFile.Read(file), options.Size, options.Size, options.Model.Channels)),
    ];
}
