using System.Collections.Concurrent;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Studio.Http;
using Tessera.Studio.Runs;
using Tessera.Training;

namespace Tessera.Studio.Models;

/// <summary>The images of a run's data set, and the ones that the program makes itself.</summary>
internal sealed class ModelImages(RunEntry entry, TrainingOptions options, VqVaeOptions model)
{
    /// <summary>The name of the split of images that the program makes, which any model can take.</summary>
    public const string Shapes = "shapes";

    private readonly ConcurrentDictionary<string, Computed<ImageSource>> _splits = [];

    /// <summary>A split: <c>test</c>, <c>train</c> or <c>shapes</c>.</summary>
    /// <exception cref="StudioException">There is no such split.</exception>
    public Computed<ImageSource> Split(string name) => name is "test" or "train" or Shapes
        ? _splits.GetOrAdd(name, split => new Computed<ImageSource>(report =>
        {
            report("looking for images", 0);
            return Task.FromResult(Open(split));
        }))
        : throw StudioException.Wrong($"there is no split {name}; choose test, train or {Shapes}", "split");

    /// <summary>The test images; where they are not on this machine, those that the program makes.</summary>
    public async Task<ImageSource> Measured()
    {
        try
        {
            return await Split("test").Get();
        }
        catch (InputException)
        {
            return await Split(Shapes).Get();
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

    private ImageSource Open(string split)
    {
        Split part = split == "train" ? Data.Split.Train : Data.Split.Test;
        return split == Shapes
            ? SyntheticShapes.Open(part, options.Size).ToChannels(model.Channels)
            : DataSource.Open(options.Data, options.DataDir, part, options.Size, model.Channels)
                .Without(TokenizerRun.Open(entry.Path).ReadSkipped());
    }
}
