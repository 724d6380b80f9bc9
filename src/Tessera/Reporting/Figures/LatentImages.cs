using Tessera.Analysis;
using Tessera.Imaging;
using Tessera.Inspection;

namespace Tessera.Reporting.Figures;

/// <summary>The reference notebook's "Latent space images": latents shown as colours.</summary>
internal static class LatentImages
{
    // A range smaller than this part of the overall range is rounding error and counts as constant.
    private const double Negligible = 1e-6;

    /// <summary>
    /// Projects quantized latents on their first three principal components, shown as red, green and blue, and scales
    /// each channel of each image to 0..255. A constant channel becomes 0.
    /// </summary>
    /// <param name="maps">The latents.</param>
    /// <returns>
    /// An image of <c>height x width</c> pixels per map, and each component's share of the variance, 0 to 1.
    /// </returns>
    public static (Image[] Images, double[] Variance) Make(LatentMaps maps)
    {
        int components = Math.Min(3, maps.Dimensions);
        Pca pca = Pca.Fit(maps.Values, maps.Dimensions, components);
        double[] places = pca.Transform(maps.Values);
        double negligible = Negligible * (places.Max() - places.Min());
        var images = new Image[maps.Count];
        for (int i = 0; i < maps.Count; i++)
        {
            images[i] = Image.Black(maps.Width, maps.Height, 3);
            ReadOnlySpan<double> own = places.AsSpan(i * maps.Cells * components, maps.Cells * components);
            for (int component = 0; component < components; component++)
                Scale(own, component, components, negligible, images[i].Pixels);
        }
        return (images, [.. pca.ExplainedVarianceRatio]);
    }

    private static void Scale(
        ReadOnlySpan<double> places, int component, int components, double negligible, Span<byte> pixels)
    {
        double min = double.PositiveInfinity, max = double.NegativeInfinity;
        for (int i = component; i < places.Length; i += components)
        {
            min = Math.Min(min, places[i]);
            max = Math.Max(max, places[i]);
        }
        if (max - min <= negligible) return;
        for (int cell = 0; cell < places.Length / components; cell++)
        {
            double value = (places[cell * components + component] - min) / (max - min);
            pixels[3 * cell + component] = (byte)Math.Round(255 * value);
        }
    }
}
