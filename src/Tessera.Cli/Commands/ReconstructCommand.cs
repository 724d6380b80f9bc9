using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera reconstruct</c>: writes a PNG of originals beside their reconstructions.</summary>
internal sealed class ReconstructCommand : ImagesCommand
{
    private const string UsualPath = "reconstructions.png";
    private const int UsualCount = 32;

    private readonly Option<int?> _count = NewOption.Integer<int>(
        "--count", $"Number of images to take from the start of a folder or --data [default: {UsualCount}].");
    private readonly Option<string?> _out = NewOption.Text(
        "--out", "FILE.png",
        $"The PNG to write; an existing file is overwritten [default: {UsualPath}; the default overwrites nothing].");

    public ReconstructCommand(Invocation invocation) : base(
        invocation, "reconstruct",
        "Writes a PNG of pairs: the original on the left, its reconstruction on the right.",
        Split.Test, allowsNative: true, Settings.SizeName,
        "tessera reconstruct runs/shapes-1",
        "tessera reconstruct runs/shapes-1 cat.png dog.jpg --size 128x192 --out pets.png",
        "tessera reconstruct cifar10 photo.jpg --size native --out photo-again.png",
        "tessera reconstruct model.safetensors --data cifar10 --count 64 --out cifar.png")
    {
        Options.Add(_count);
        Options.Add(_out);
    }

    protected override void Run(ParseResult parse, TrainedModel trained)
    {
        string path = OutputFile.OrUsual(parse.GetValue(_out), UsualPath, "an image", ".png");
        int count = parse.GetValue(_count) ?? UsualCount;
        if (count < 1) throw new InputException($"--count must be at least 1, not {count}");
        int named = Files(parse).Length;

        ImageLoader loader = LoaderFor(parse, trained);
        ImageSource source = OpenImages(parse, trained, loader);
        byte[][] pixels = loader.ReadFirst(source, named > 0 ? named : count);
        Image[] images = Array.ConvertAll(
            pixels, image => new Image(source.Width, source.Height, source.Channels, image));
        ReconstructionGrid grid = ReconstructionGrid.Make(trained.Model, images, Invocation.Cancellation);
        ImageFile.WritePng(path, grid.Image);
        Invocation.Output.Line(
            images.Length == 1
                ? $"{path}: 1 image beside its reconstruction, PSNR {grid.Psnr:0.00} dB"
                : $"{path}: {images.Length} images beside their reconstructions, mean PSNR {grid.Psnr:0.00} dB");
    }
}
