using Tessera.Imaging;
using Tessera.Priors;

namespace Tessera.Samples;

/// <summary>Draws images from the prior of a run: <c>tessera prior RUN</c> has trained it.</summary>
public static class DrawImages
{
    /// <param name="run">A run folder with its prior.</param>
    /// <param name="className">A class of the training images; null for any.</param>
    /// <param name="path">Where the PNG goes: eight images, the same ones each time.</param>
    public static void Run(string run, string? className, string path)
    {
        using var sampler = ImageSampler.Open(run);
        var options = new SamplingOptions { Guidance = 1, Seed = 7 };
        Image[] images = sampler.Sample(8, className, options);
        ImageFile.WritePng(path, ImageGrid.Make(images, columns: 4));
    }

    /// <summary>Writes images as they become ready, for as long as the caller wants them.</summary>
    /// <param name="run">A run folder with its prior.</param>
    /// <param name="folder">An existing folder.</param>
    /// <param name="count">The number of images.</param>
    public static async Task Stream(string run, string folder, int count)
    {
        using var sampler = ImageSampler.Open(run);
        int number = 0;
        await foreach (Image image in sampler.Stream(atOnce: 4))
        {
            ImageFile.WritePng(Path.Combine(folder, $"{number}.png"), image);
            if (++number == count) break;
        }
    }
}
