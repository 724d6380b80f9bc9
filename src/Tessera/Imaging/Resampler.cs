namespace Tessera.Imaging;

/// <summary>
/// One axis of a resize: <paramref name="From"/> source positions become <paramref name="To"/>, of which only
/// <paramref name="Count"/> from <paramref name="Start"/> on are wanted.
/// </summary>
internal readonly record struct ResampledAxis(int From, long To, long Start, int Count)
{
    /// <summary>Every position stays where it is.</summary>
    public bool IsIdentity => From == To && Count == From;

    private double Scale => (double)From / To;

    /// <summary>The triangle's half-width: one position of the coarser of the two grids.</summary>
    private double Support => Math.Max(Scale, 1);

    /// <summary>The source positions, <c>[First, End)</c>, that one wanted position is made of.</summary>
    public (int First, int End) Source(int position)
    {
        double centre = Centre(position);
        return (Math.Max((int)(centre - Support + 0.5), 0), Math.Min((int)(centre + Support + 0.5), From));
    }

    /// <summary>
    /// The weights of <see cref="Source"/>: a triangle, cut off at the borders, scaled so that it sums to
    /// 2^<paramref name="fractionBits"/>, each weight rounded.
    /// </summary>
    public int[] Weights(int position, int fractionBits)
    {
        double centre = Centre(position), perPosition = 1 / Support;
        (int first, int end) = Source(position);
        double[] triangle = new double[end - first];
        double sum = 0;
        for (int k = 0; k < triangle.Length; k++)
            sum += triangle[k] = Math.Max(1 - Math.Abs((first + k - centre + 0.5) * perPosition), 0);
        return Array.ConvertAll(triangle, weight => (int)(weight / sum * (1 << fractionBits) + 0.5));
    }

    private double Centre(int position) => (Start + position + 0.5) * Scale;
}

/// <summary>
/// The separable antialiased resize of Pillow for 8-bit samples: a horizontal and a vertical pass, each a sum of source
/// samples with 22-bit fixed-point weights, rounded to a byte. Integers make the result the same on every machine.
/// Cutting is part of both passes, so a long thin picture is never blown up only to be cut.
/// </summary>
internal static class Resampler
{
    private const int FractionBits = 22;

    public static Image Resize(Image image, ResampledAxis horizontal, ResampledAxis vertical)
    {
        int top = 0;
        if (!horizontal.IsIdentity)
        {
            (top, _) = vertical.Source(0);
            (_, int bottom) = vertical.Source(vertical.Count - 1);
            image = ResizeRows(image, horizontal, top, bottom - top);
        }
        return vertical.IsIdentity ? image : ResizeColumns(image, vertical, top);
    }

    private static Image ResizeRows(Image image, ResampledAxis axis, int top, int rows)
    {
        int channels = image.Channels;
        Image result = Image.Black(axis.Count, rows, channels);
        for (int x = 0; x < axis.Count; x++)
        {
            int first = axis.Source(x).First;
            int[] weights = axis.Weights(x, FractionBits);
            for (int y = 0; y < rows; y++)
            {
                ReadOnlySpan<byte> source = image.Pixels.AsSpan(((top + y) * image.Width + first) * channels);
                for (int c = 0; c < channels; c++)
                    result.Pixels[(y * axis.Count + x) * channels + c] = WeightedSum(source[c..], channels, weights);
            }
        }
        return result;
    }

    /// <summary>Resizes columns of a picture whose first row is row <paramref name="top"/> of the axis.</summary>
    private static Image ResizeColumns(Image image, ResampledAxis axis, int top)
    {
        int rowLength = image.Width * image.Channels;
        Image result = Image.Black(image.Width, axis.Count, image.Channels);
        for (int y = 0; y < axis.Count; y++)
        {
            int[] weights = axis.Weights(y, FractionBits);
            ReadOnlySpan<byte> source = image.Pixels.AsSpan((axis.Source(y).First - top) * rowLength);
            for (int i = 0; i < rowLength; i++)
                result.Pixels[y * rowLength + i] = WeightedSum(source[i..], rowLength, weights);
        }
        return result;
    }

    private static byte WeightedSum(ReadOnlySpan<byte> source, int stride, int[] weights)
    {
        int sum = 1 << (FractionBits - 1);
        for (int k = 0; k < weights.Length; k++) sum += source[k * stride] * weights[k];
        // The weights' rounding errors can carry the sum past 255.
        return (byte)Math.Min(sum >> FractionBits, 255);
    }
}
