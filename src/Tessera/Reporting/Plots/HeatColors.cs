using Tessera.Imaging;

namespace Tessera.Reporting.Plots;

/// <summary>
/// The colours of heat maps, from almost black through violet and orange to light yellow. The lightness rises evenly,
/// so the order is also visible in greyscale and with colour blindness.
/// </summary>
/// <remarks>
/// A path through OKLCH, the cylindrical form of OKLab (Ottosson, "A perceptual color space for image processing",
/// 2020).
/// </remarks>
internal static class HeatColors
{
    private const int Levels = 256;

    private static readonly Rgb[] Table = [.. Enumerable.Range(0, Levels).Select(i => Compute(i / (Levels - 1.0)))];

    /// <summary>The colour of a value.</summary>
    /// <param name="amount">The value, clamped to 0..1.</param>
    public static Rgb At(double amount) => Table[(int)Math.Round(Math.Clamp(amount, 0, 1) * (Levels - 1))];

    /// <summary>A heat map, a pixel per value.</summary>
    /// <param name="values">The values, at least 0, <c>[height, width]</c>, row-major.</param>
    /// <param name="width">Values in a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="brightest">The value that gets the last colour, above 0.</param>
    public static Image Map(ReadOnlySpan<float> values, int width, int height, double brightest)
    {
        Image image = Image.Black(width, height, 3);
        for (int i = 0; i < values.Length; i++)
        {
            (image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2]) = At(values[i] / brightest);
        }
        return image;
    }

    private static Rgb Compute(double t)
    {
        double lightness = 0.13 + 0.84 * t, hue = (285 + 175 * t) * Math.PI / 180;
        double chroma = 0.02 + 0.14 * Math.Sin(Math.PI * Math.Pow(t, 0.8));
        // Reduce the chroma until the colour is inside the sRGB gamut.
        while (chroma > 0 && !IsShown(Linear(lightness, chroma, hue))) chroma -= 0.002;
        (double r, double g, double b) = Linear(lightness, Math.Max(chroma, 0), hue);
        return new Rgb(Encode(r), Encode(g), Encode(b));
    }

    private static (double R, double G, double B) Linear(double lightness, double chroma, double hue)
    {
        double a = chroma * Math.Cos(hue), b = chroma * Math.Sin(hue);
        double l = Math.Pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
        double m = Math.Pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
        double s = Math.Pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
        return (4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
            -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
            -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s);
    }

    private static bool IsShown((double R, double G, double B) color) =>
        color is { R: >= 0 and <= 1, G: >= 0 and <= 1, B: >= 0 and <= 1 };

    /// <summary>The transfer function of sRGB (IEC 61966-2-1).</summary>
    private static byte Encode(double linear)
    {
        double value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * Math.Pow(linear, 1 / 2.4) - 0.055;
        return (byte)Math.Round(255 * Math.Clamp(value, 0, 1));
    }
}
