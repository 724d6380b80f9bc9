using Tessera.Data;
using Tessera.Imaging;
using Tessera.Priors;

namespace Tessera.Reporting.Measurements;

/// <summary>A sample and the training images nearest to it.</summary>
/// <param name="Class">The name of the sample's class; null for any.</param>
/// <param name="Sample">The sample.</param>
/// <param name="ByCodes">The nearest by codes.</param>
/// <param name="ByPixels">The nearest by pixels.</param>
internal sealed record SampleNeighbours(string? Class, Image Sample, NearImage ByCodes, NearImage ByPixels);

/// <summary>A training image near a sample.</summary>
/// <param name="Image">The image, mirrored if its mirror image is the nearer one.</param>
/// <param name="Neighbour">Its number.</param>
/// <param name="Distance">Codes that differ, or the mean squared error of pixels in 0..1.</param>
internal sealed record NearImage(Image Image, Neighbour Neighbour, double Distance);

/// <summary>How near samples and test images are to training images.</summary>
/// <param name="Samples">Samples of all classes.</param>
/// <param name="TrainingImages">The number of training images.</param>
/// <param name="TestImages">The number of test images that the medians are of.</param>
/// <param name="MedianCodes">The median over them of the codes that differ from the nearest training image's.</param>
/// <param name="MedianMse">
/// The median of the mean squared error between a reconstruction and the nearest training image.
/// </param>
internal sealed record Neighbourhood(
    IReadOnlyList<SampleNeighbours> Samples, int TrainingImages, int TestImages, double MedianCodes, double MedianMse)
{
    private const int MostSamples = 12, MostTestImages = 64;

    /// <summary>Searches all training images.</summary>
    /// <param name="sampler">The models.</param>
    /// <param name="drawn">The samples to choose from.</param>
    /// <param name="test">The codes of the test images.</param>
    /// <param name="training">The training images.</param>
    /// <param name="trainingCodes">Their codes, and those of their mirror images.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static Neighbourhood Search(
        ImageSampler sampler, IReadOnlyList<DrawnImages> drawn, CodeSet test, ImageSet training, CodeSet trainingCodes,
        CancellationToken cancellation)
    {
        int length = trainingCodes.Length, tests = Math.Min(MostTestImages, test.Count);
        (string? Class, int[] Codes, Image Image)[] all =
        [
            .. drawn.SelectMany(group => group.Codes.Chunk(length).Zip(
                group.Images, (codes, image) => (group.Class, codes, image))),
        ];
        int samples = Math.Min(MostSamples, all.Length);
        (string? Class, int[] Codes, Image Image)[] chosen =
            [.. Enumerable.Range(0, samples).Select(i => all[i * all.Length / samples])];
        int[] testCodes =
        [
            .. Enumerable.Range(0, tests).SelectMany(
                i => test.Codes.Skip(ImageSample.Number(i, tests, test.Count) * length).Take(length)),
        ];
        Neighbour[] byCodes = NearestImages.ByCodes(
            [.. chosen.SelectMany(sample => sample.Codes), .. testCodes], trainingCodes, cancellation);
        Neighbour[] byPixels = NearestImages.ByPixels(
            [.. chosen.Select(sample => sample.Image), .. sampler.Decode(testCodes)], training, cancellation);
        double scale = 1 / (255.0 * 255 * chosen[0].Image.Pixels.Length);
        return new Neighbourhood(
            [
                .. chosen.Select((sample, i) => new SampleNeighbours(
                    sample.Class, sample.Image, Near(byCodes[i], 1), Near(byPixels[i], scale))),
            ],
            training.Count, tests, Median(byCodes[samples..]), Median(byPixels[samples..]) * scale);

        NearImage Near(Neighbour found, double unit)
        {
            Image image = training.Image(found.Number);
            return new NearImage(
                found.IsMirrored ? NearestImages.Mirrored(image) : image, found, found.Distance * unit);
        }
    }

    private static double Median(Neighbour[] found)
    {
        long[] sorted = [.. found.Select(one => one.Distance).Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2.0;
    }
}
