using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Cli.Rendering;
using Tessera.Data.Stores;
using Tessera.Imaging;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera data pack</c>: decodes images once, into a file that training reads them from.</summary>
internal sealed class DataPackCommand : TesseraCommand
{
    private static readonly PackOptions Usual = new();

    private readonly Argument<string> _source = new("SOURCE")
    {
        Description = "A folder of images, with the splits and classes that training sees in it; or a tar archive "
            + "(WebDataset) or Parquet file of images, or a folder of those.",
    };

    private readonly Option<string?> _out = NewOption.Text(
        "--out", "FILE.tpk",
        "The file. If it exists, images whose names it lacks are added: after Ctrl-C or a crash, the rest.");

    private readonly Option<ImageSize?> _size = NewOption.Size(
        Settings.SizeName,
        "Height and width that images are scaled and centre-cropped to: one number for both, or HxW such as 32x48 "
            + $"[default: {Usual.Size.Height}].",
        allowsNative: false);

    private readonly Option<int?> _channels = NewOption.Integer<int>(
        "--channels", $"Channels of the images: 1 (grey) or 3 (red, green, blue) [default: {Usual.Channels}].");

    private readonly Option<bool> _skipDamaged = NewOption.SkipDamaged();

    public DataPackCommand(Invocation invocation) : base(
        invocation, "pack",
        "Decodes and scales images once, into a file for --data that may be larger than memory. Ctrl-C keeps what is "
            + "there.",
        "tessera data pack images --size 64 --out images.tpk",
        "tessera data pack more-images --size 64 --skip-damaged --out images.tpk",
        "tessera data pack train-00000.parquet --size 64 --out images.tpk")
    {
        Arguments.Add(_source);
        Options.Add(_out);
        Options.Add(_size);
        Options.Add(_channels);
        Options.Add(_skipDamaged);
    }

    protected override void Run(ParseResult parse)
    {
        string path = parse.GetValue(_out)
            ?? throw new InputException("--out is missing; name the file, such as --out images.tpk");
        if (!ImageStore.IsStore(path))
            throw new InputException($"--out {path}: the name must end with .tpk, by which --data knows the file");
        int channels = parse.GetValue(_channels) ?? Usual.Channels;
        if (channels is not (1 or 3)) throw new InputException($"--channels {channels}: give 1 or 3");
        var options = new PackOptions
        {
            Size = parse.GetValue(_size) ?? Usual.Size,
            Channels = channels,
            SkipDamaged = parse.GetValue(_skipDamaged),
        };
        string source = parse.GetValue(_source)!;
        PackResult result;
        try
        {
            result = Invocation.Output.WithBar(bar => ImagePacker.Pack(
                source, path, options, new PackDisplay(Invocation.Output, bar), Invocation.Cancellation));
        }
        catch (OperationCanceledException) when (File.Exists(path))
        {
            Invocation.Output.Line($"{path} holds the images packed so far; add the rest with the same command");
            throw;
        }
        if (result.LeftAlone is { } note) Invocation.Output.Line($"{source}: {note}");
        if (result.Splits is { } splits) Invocation.Output.Line($"splits: {splits}");
        if (result.LeftOut.Count > 0)
            Invocation.Output.Line(
                $"{source}: {result.LeftOut.Count} of {result.Added + result.Present + result.LeftOut.Count} images "
                + "cannot be read and are left out");
        using ImageStore store = ImageStore.Open(path);
        Invocation.Output.Line(
            $"{path}: {result.Added} images added"
            + (result.Present > 0 ? $", {result.Present} were there by name" : "") + $"; {store.Count} in all");
        Invocation.Output.Line("next:");
        Invocation.Output.Line($"  tessera train --data {InputHints.Quoted(path)}");
    }
}
