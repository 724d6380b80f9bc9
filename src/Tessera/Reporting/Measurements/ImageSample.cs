using Tessera.Data;
using Tessera.Imaging;
using Tessera.Inspection;

namespace Tessera.Reporting.Measurements;

/// <summary>Some images of a set with their latents and reconstructions.</summary>
/// <param name="Name">The name of the set.</param>
/// <param name="Originals">The images.</param>
/// <param name="Latents">Their quantized latents.</param>
/// <param name="Reconstructions">The images decoded from the latents.</param>
internal sealed record ImageSample(
    string Name, IReadOnlyList<Image> Originals, LatentMaps Latents, IReadOnlyList<Image> Reconstructions)
{
    /// <summary>The number of images in a figure, as in the reference notebook.</summary>
    public const int Size = 32;

    // The fractional parts of its multiples are spread most evenly over 0..1.
    private const double GoldenRatio = 1.618033988749895;

    /// <summary>Samples images spread over a set, so that a set sorted by class shows all its classes.</summary>
    public static ImageSample Spread(ModelProbe probe, ImageSet images)
    {
        int count = Math.Min(Size, images.Count);
        return Of(probe, images, [.. Enumerable.Range(0, count).Select(i => Number(i, count, images.Count))]);
    }

    /// <summary>
    /// The index of sample i: one from each of <paramref name="count"/> equal parts of the set, at a different position
    /// in each part. With even steps, a set whose classes alternate could show only some of them.
    /// </summary>
    internal static int Number(int i, int count, int whole)
    {
        int from = (int)((long)i * whole / count), to = (int)((i + 1L) * whole / count);
        double elsewhere = i * GoldenRatio % 1;
        return from + (int)(elsewhere * (to - from));
    }

    /// <summary>Samples the images with the given indices.</summary>
    public static ImageSample Of(ModelProbe probe, ImageSet images, IReadOnlyList<int> numbers)
    {
        Image[] originals = [.. numbers.Select(images.Image)];
        LatentMaps latents = probe.Encode(originals);
        return new ImageSample(images.Name, originals, latents, probe.Decode(latents));
    }

    /// <summary>
    /// The absolute error of each reconstruction, <c>[height, width]</c>, pixels in 0..1, averaged over the channels.
    /// </summary>
    public float[][] AbsoluteErrors() =>
        [.. Originals.Zip(Reconstructions, (original, reconstruction) => AbsoluteError(original, reconstruction))];

    private static float[] AbsoluteError(Image original, Image reconstruction)
    {
        float[] errors = new float[original.Width * original.Height];
        for (int i = 0; i < original.Pixels.Length; i++)
        {
            int difference = Math.Abs(original.Pixels[i] - reconstruction.Pixels[i]);
            errors[i / original.Channels] += difference / (255f * original.Channels);
        }
        return errors;
    }
}
