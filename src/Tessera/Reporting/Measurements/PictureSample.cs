using Tessera.Data;
using Tessera.Imaging;

namespace Tessera.Reporting.Measurements;

/// <summary>Some pictures of a set and what the model makes of them.</summary>
/// <param name="Name">What the set is called.</param>
/// <param name="Originals">The pictures.</param>
/// <param name="Latents">Their quantized latents.</param>
/// <param name="Reconstructions">What is decoded from those.</param>
internal sealed record PictureSample(
    string Name, IReadOnlyList<Image> Originals, LatentMaps Latents, IReadOnlyList<Image> Reconstructions)
{
    /// <summary>Pictures in a figure: the seed's 32.</summary>
    public const int Size = 32;

    // The multiples of no other number are spread more evenly between whole numbers.
    private const double GoldenRatio = 1.618033988749895;

    /// <summary>Takes pictures spread evenly over a set, so that one sorted by class is shown whole.</summary>
    public static PictureSample Spread(ModelProbe probe, ImageSet pictures)
    {
        int count = Math.Min(Size, pictures.Count);
        return Of(probe, pictures, [.. Enumerable.Range(0, count).Select(i => Number(i, count, pictures.Count))]);
    }

    /// <summary>
    /// One number out of each of so many equal parts of the set, elsewhere in each: even steps would meet the same
    /// classes again and again where those take turns.
    /// </summary>
    internal static int Number(int i, int count, int whole)
    {
        int from = (int)((long)i * whole / count), to = (int)((i + 1L) * whole / count);
        double elsewhere = i * GoldenRatio % 1;
        return from + (int)(elsewhere * (to - from));
    }

    /// <summary>Takes pictures by their numbers in the set.</summary>
    public static PictureSample Of(ModelProbe probe, ImageSet pictures, IReadOnlyList<int> numbers)
    {
        Image[] originals = [.. numbers.Select(pictures.Picture)];
        LatentMaps latents = probe.Encode(originals);
        return new PictureSample(pictures.Name, originals, latents, probe.DecodePictures(latents));
    }

    /// <summary>
    /// The absolute errors of the reconstructions, 0..1, means over the channels: <c>[height, width]</c> each.
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
