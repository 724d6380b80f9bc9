using System.CommandLine;
using Tessera.Cli.CommandLine;
using Tessera.Data;
using Tessera.Models;
using Tessera.Tokens;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera encode</c>: turns images into a file of codes.</summary>
internal sealed class EncodeCommand : ImagesCommand
{
    private const string UsualName = "tokens";

    private readonly Option<bool> _labels = NewOption.Flag(
        "--labels",
        $"Also writes the class numbers of the images, as the array {TokenFile.LabelsName} of a "
            + $"{TokenFile.NpzEnding} file.");
    private readonly Option<string?> _out = NewOption.Text(
        "--out", "FILE",
        $"The file to write: {TokenFile.NpyEnding}, or {TokenFile.NpzEnding} with the array {TokenFile.CodesName}; "
            + $"an existing file is overwritten [default: {UsualName}{TokenFile.NpyEnding}, with --labels "
            + $"{UsualName}{TokenFile.NpzEnding}; the default overwrites nothing].");

    public EncodeCommand(Invocation invocation) : base(
        invocation, "encode",
        "Writes the codes of images, [images, rows, columns] (and the codes of a cell, if it has several), to a file "
            + "for numpy: uint16 if the codebook has at most 65,536 codes, else int32.",
        Split.All, allowsNative: true, Settings.SizeName,
        "tessera encode runs/shapes-1 --out tokens.npy",
        "tessera encode cifar10 photos --out tokens.npy",
        "tessera encode runs/shapes-1 cat.png dog.jpg --out pets.npy",
        "tessera encode model.pt --data images --labels --out tokens.npz",
        "tessera encode runs/cifar --data cifar10 --split train --labels --out train.npz")
    {
        Options.Add(_labels);
        Options.Add(_out);
    }

    protected override void Run(ParseResult parse, TrainedModel trained)
    {
        bool labels = parse.GetValue(_labels);
        string path = CheckedPath(parse, labels), skippedPath = Path.ChangeExtension(path, "skipped.txt");
        if (parse.GetValue(_out) is null && File.Exists(skippedPath))
            throw new InputException($"{skippedPath} exists already; choose another file with --out");
        if (labels && Files(parse).Length > 0)
            throw new InputException(
                "--labels: image files have no classes; "
                + "name a folder with a subfolder for each class, or leave --labels out");
        ImageLoader loader = LoaderFor(parse, trained);
        ImageSource images = loader.Usable(OpenImages(parse, trained, loader));
        int rows = images.Height / trained.Model.Options.PixelsPerCode;
        int columns = images.Width / trained.Model.Options.PixelsPerCode;
        int levels = trained.Model.Options.Cell.Codes;
        string type = Write(path, trained.Model, images, rows, columns, labels);
        SkippedFile.Replace(skippedPath, loader.SkippedHere);
        Invocation.Output.Line(
            $"{path}: codes [{images.Count}, {rows}, {columns}{(levels == 1 ? "" : $", {levels}")}], {type}, "
            + $"0 to {trained.Model.Options.Codes - 1}"
            + (labels ? $"; labels of {images.ClassNames.Count} classes" : ""));
    }

    private string Write(string path, VqVae model, ImageSource images, int rows, int columns, bool labels)
    {
        using var tokenizer = new Tokenizer(model);
        try
        {
            return Invocation.Error.WithBar(bar => TokenFile.Write(
                path, images.Count, rows, columns, model.Options.Codes,
                Counted(
                    tokenizer.Encode(images, Invocation.Cancellation), images.Count,
                    rows * columns * tokenizer.CodesPerCell, bar),
                labels ? images.Labels : null, tokenizer.CodesPerCell));
        }
        catch (DamagedImagesException)
        {
            // The exception names the damaged images of one batch; check all images to name every damaged one.
            images.Check(cancellation: Invocation.Cancellation);
            throw;
        }
    }

    private string CheckedPath(ParseResult parse, bool labels) => labels
        ? OutputFile.OrUsual(
            parse.GetValue(_out), UsualName + TokenFile.NpzEnding, "codes with labels", TokenFile.NpzEnding)
        : OutputFile.OrUsual(
            parse.GetValue(_out), UsualName + TokenFile.NpyEnding, "codes", TokenFile.NpyEnding, TokenFile.NpzEnding);

    private static IEnumerable<int[]> Counted(
        IEnumerable<int[]> batches, int images, int codesPerImage, ProgressBar bar)
    {
        long codes = 0;
        foreach (int[] batch in batches)
        {
            yield return batch;
            codes += batch.Length;
            long done = codes / codesPerImage;
            bar.Report(new BarState((double)done / images, $"{done} of {images} images"));
        }
    }
}
