using System.CommandLine;
using System.Globalization;
using System.Text;
using Tessera.Cli.CommandLine;
using Tessera.Data;
using Tessera.Files;
using Tessera.Imaging;
using Tessera.Priors;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera score</c>: how unlikely images are to a prior.</summary>
internal sealed class ScoreCommand : ImagesCommand
{
    private const string UsualPath = "scores.csv";
    private const int UsualWorst = 64, GridColumns = 8, GridPadding = 2;

    private readonly Option<string?> _prior = SamplingSettings.PriorOption();
    private readonly Option<string?> _classes = NewOption.Choice(
        "--classes",
        "Gives the prior the class of each image whose first folder has the name of one [default: off: any].",
        "on", "off");
    private readonly Option<int?> _worst = NewOption.Integer<int>(
        "--worst",
        $"Sorts the rows by nats, highest first; the first N are in --picture [default: in the order of the images; "
            + $"{UsualWorst} in --picture].");
    private readonly Option<string?> _picture = NewOption.Text(
        "--picture", "FILE.png",
        $"Also writes the images of the highest nats as a grid of {GridColumns} in a row, highest first; an existing "
            + "file is overwritten.");
    private readonly Option<string?> _out = NewOption.Text(
        "--out", "FILE.csv",
        "The table to write, columns image,nats,mse,psnr; an existing file is overwritten "
            + $"[default: {UsualPath}; the default overwrites nothing].");

    public ScoreCommand(Invocation invocation) : base(
        invocation, "score",
        "Scores images, to find odd ones: nats a code (high: unlikely to the prior), and the MSE and PSNR of the "
            + "reconstruction. An odd image has many nats or a high MSE.",
        Split.Test, allowsNative: false, "the prior's size",
        "tessera score runs/cifar",
        "tessera score runs/cifar photos --worst 64 --picture odd.png --out scores.csv",
        "tessera score runs/cifar cat.png dog.jpg --out pets.csv")
    {
        foreach (Option option in (Option[])[_prior, _classes, _worst, _picture, _out]) Options.Add(option);
    }

    protected override void Run(ParseResult parse, TrainedModel trained)
    {
        string path = OutputFile.OrUsual(parse.GetValue(_out), UsualPath, "scores", ".csv");
        if (parse.GetValue(_picture) is { } given)
            OutputFile.Checked($"{_picture.Name} {given}", given, "an image", ".png");
        int? worst = parse.GetValue(_worst);
        if (worst < 1) throw new InputException($"{_worst.Name} must be at least 1, not {worst}");
        using CodePrior prior = ImageSampler.OpenPrior(
            RunPath(parse), trained.Path, parse.GetValue(_prior), trained.Model.Device);
        int cell = trained.Model.Options.PixelsPerCode;
        ImageLoader loader = LoaderFor(parse, trained);
        ImageSource images = loader.Usable(OpenImages(
            parse, trained, loader,
            new ImageSize(prior.Options.Rows * cell, prior.Options.Columns * cell)));

        if (parse.GetValue(_picture) is not null)
            GridLimit.Check(
                Math.Min(worst ?? UsualWorst, images.Count), new ImageSize(images.Height, images.Width),
                images.Channels, GridColumns, GridPadding, $"give a smaller {_worst.Name}");
        ImageScore[] scores = Score(trained, prior, images, Labels(parse, prior.Options, images));
        int[] order = [.. Enumerable.Range(0, scores.Length)];
        int[] sorted = [.. order.OrderByDescending(i => scores[i].Nats)];
        Write(path, images, scores, worst is null ? order : sorted);
        Invocation.Output.Line(
            $"{path}: {scores.Length} {(scores.Length == 1 ? "image" : "images")}, mean nats a code "
            + $"{scores.Average(score => score.Nats):0.000}, highest {scores[sorted[0]].Nats:0.000} "
            + $"({images.NameOf(sorted[0])})");
        if (parse.GetValue(_picture) is { } picture)
            WritePicture(picture, images, [.. sorted.Take(worst ?? UsualWorst)]);
    }

    private ImageScore[] Score(TrainedModel trained, CodePrior prior, ImageSource images, int?[] labels)
    {
        try
        {
            return Invocation.Error.WithBar(bar => ImageScorer.Score(
                trained.Model, prior, images, labels,
                new ImmediateProgress<int>(done => bar.Report(
                    new BarState((double)done / images.Count, $"{done} of {images.Count} images"))),
                Invocation.Cancellation));
        }
        catch (DamagedImagesException)
        {
            // The exception names the damaged images of one batch; check all images to name every damaged one.
            images.Check(cancellation: Invocation.Cancellation);
            throw;
        }
    }

    /// <summary>The class of each image as the prior numbers them; null for any.</summary>
    private int?[] Labels(ParseResult parse, CodePriorOptions prior, ImageSource images)
    {
        if (parse.GetValue(_classes) != "on") return new int?[images.Count];
        List<string> known = [.. prior.Classes];
        int?[] classes = [.. images.ClassNames.Select(name => known.IndexOf(name) is >= 0 and var i ? i : (int?)null)];
        if (classes.All(label => label is null))
            throw new InputException(
                $"{_classes.Name} on: "
                + (known.Count == 0
                    ? "the prior was trained without classes; leave the option out"
                    : $"no class of {images.Name} is one of the prior's: {string.Join(", ", known)}"));
        return [.. images.Labels.Select(label => classes[label])];
    }

    private static void Write(string path, ImageSource images, ImageScore[] scores, int[] order)
    {
        var text = new StringBuilder("image,nats,mse,psnr\n");
        foreach (int i in order)
        {
            (double nats, double mse, double psnr) = scores[i];
            text.Append(
                CultureInfo.InvariantCulture,
                $"{Quoted(images.NameOf(i))},{nats:0.0000},{mse:0.000000},{psnr:0.00}\n");
        }
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>A field as RFC 4180 writes it.</summary>
    private static string Quoted(string field) =>
        field.AsSpan().ContainsAny(",\"\r\n") ? $"\"{field.Replace("\"", "\"\"")}\"" : field;

    private void WritePicture(string path, ImageSource images, int[] numbers)
    {
        Image[] shown =
        [
            .. numbers.Select(i => new Image(images.Width, images.Height, images.Channels, images.Read(i))),
        ];
        ImageFile.WritePng(path, ImageGrid.Make(shown, GridColumns, GridPadding));
        Invocation.Output.Line($"{path}: the {(shown.Length == 1 ? "image" : $"{shown.Length} images")} of most nats");
    }
}
