using System.Collections.Concurrent;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Studio.Http;
using Tessera.Studio.Runs;
using Tessera.Training;

namespace Tessera.Studio.Models;

/// <summary>The images that a model is measured on.</summary>
/// <param name="Split">Their split.</param>
/// <param name="Source">The images.</param>
internal sealed record MeasuredImages(string Split, ImageSource Source);

/// <summary>The images of a run's data set, and the ones that the program makes itself.</summary>
internal sealed class ModelImages
{
    /// <summary>The name of the split of images that the program makes, which any model can take.</summary>
    public const string Shapes = "shapes";

    private const int MostStrips = 16;

    private readonly RunEntry _entry;
    private readonly TrainingOptions _options;
    private readonly VqVaeOptions _model;
    private readonly ConcurrentDictionary<string, Computed<ImageSource>> _splits = [];
    private readonly RecentWork<(string Split, int From, int Count), byte[]> _strips;

    public ModelImages(RunEntry entry, TrainingOptions options, VqVaeOptions model)
    {
        (_entry, _options, _model) = (entry, options, model);
        _strips = new(MostStrips, async (strip, report) => DrawStrip(
            await Split(strip.Split).Follow(report), strip.From, strip.Count, report));
    }

    /// <summary>A split: <c>test</c>, <c>train</c> or <c>shapes</c>.</summary>
    /// <exception cref="StudioException">There is no such split.</exception>
    public Computed<ImageSource> Split(string name) => name is "test" or "train" or Shapes
        ? _splits.GetOrAdd(name, split => new Computed<ImageSource>(report =>
        {
            report("looking for images", 0);
            return Task.FromResult(Open(split));
        }))
        : throw StudioException.Wrong($"there is no split {name}; choose test, train or {Shapes}", "split");

    /// <summary>Images beside each other, without margins, as a PNG.</summary>
    /// <param name="split">Their split.</param>
    /// <param name="from">The first.</param>
    /// <param name="count">How many, if there are as many.</param>
    public Computed<byte[]> Strip(string split, int from, int count) => _strips.Of((split, from, count));

    /// <summary>The test images; where they are not on this machine, those that the program makes.</summary>
    public async Task<MeasuredImages> Measured()
    {
        const string Test = "test";
        try
        {
            return new MeasuredImages(Test, await Split(Test).Get());
        }
        catch (InputException)
        {
            return new MeasuredImages(Shapes, await Split(Shapes).Get());
        }
    }

    /// <summary>An image of a split.</summary>
    /// <exception cref="StudioException">There is no such image.</exception>
    public static Image Read(ImageSource images, int number) => number >= 0 && number < images.Count
        ? new Image(images.Width, images.Height, images.Channels, images.Read(number))
        : throw StudioException.NotFound($"image {number}: {images.Name} has {images.Count}");

    /// <summary>The class of an image; null where there are none.</summary>
    public static string? LabelOf(ImageSource images, int number) =>
        images.ClassNames.Count > 1 ? images.ClassNames[images.Labels[number]] : null;

    private static byte[] DrawStrip(ImageSource images, int from, int count, Action<string, double> report)
    {
        int end = (int)Math.Min((long)from + count, images.Count);
        Image[] row = new Image[Math.Max(end - from, 1)];
        for (int i = 0; i < row.Length; i++)
        {
            report($"reading {row.Length} images", (double)i / row.Length);
            row[i] = Read(images, from + i);
        }
        return ImageFile.EncodePng(ImageGrid.Make(row, row.Length, padding: 0));
    }

    private ImageSource Open(string split)
    {
        Split part = split == "train" ? Data.Split.Train : Data.Split.Test;
        return split == Shapes
            ? SyntheticShapes.Open(part, _options.Size).ToChannels(_model.Channels)
            : DataSource.Open(_options.Data, _options.DataDir, part, _options.Size, _model.Channels)
                .Without(TokenizerRun.Open(_entry.Path).ReadSkipped());
    }
}
