using Tessera.Data;
using Tessera.Imaging;

namespace Tessera.Reporting.Measurements;

/// <summary>Some pictures of a set with their latents and reconstructions.</summary>
/// <param name="Name">The name of the set.</param>
/// <param name="Originals">The pictures.</param>
/// <param name="Latents">Their quantized latents.</param>
/// <param name="Reconstructions">The pictures decoded from the latents.</param>
internal sealed record PictureSample(
    string Name, IReadOnlyList<Image> Originals, LatentMaps Latents, IReadOnlyList<Image> Reconstructions)
{
    /// <summary>The number of pictures in a figure, as in the seed.</summary>
    public const int Size = 32;

    // The fractional parts of its multiples are spread most evenly over 0..1.
    private const double GoldenRatio = 1.618033988749895;

    /// <summary>Samples pictures spread over a set, so that a set sorted by class shows all its classes.</summary>
    public static PictureSample Spread(ModelProbe probe, ImageSet pictures)
    {
        int count = Math.Min(Size, pictures.Count);
        return Of(probe, pictures, [.. Enumerable.Range(0, count).Select(i => Number(i, count, pictures.Count))]);
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

    /// <summary>Samples the pictures with the given indices.</summary>
    public static PictureSample Of(ModelProbe probe, ImageSet pictures, IReadOnlyList<int> numbers)
    {
        Image[] originals = [.. numbers.Select(pictures.Picture)];
        LatentMaps latents = probe.Encode(originals);
        return new PictureSample(pictures.Name, originals, latents, probe.DecodePictures(latents));
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
