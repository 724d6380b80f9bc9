namespace Tessera.Analysis;

/// <summary>
/// Measures of the difference between two images. Images are <c>[height, width, channels]</c>, row-major, with
/// samples in 0..1. Sums are computed in double precision. A NaN in an image makes the result NaN.
/// </summary>
public static class ImageMetrics
{
    /// <summary>The side of the window of <see cref="Ssim"/>: the default of scikit-image.</summary>
    private const int UsualWindow = 7;

    /// <summary>The mean squared error over all samples: 0 for equal images, at most 1.</summary>
    /// <param name="first">Samples in 0..1.</param>
    /// <param name="second">Samples in 0..1, of the same length.</param>
    /// <exception cref="ArgumentException">The lengths differ, or are 0.</exception>
    public static double Mse(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        if (first.Length != second.Length || first.IsEmpty)
            throw new ArgumentException(
                $"the images have {first.Length} and {second.Length} samples; both need the same number, at least 1",
                nameof(second));
        double sum = 0;
        for (int i = 0; i < first.Length; i++)
        {
            double difference = (double)first[i] - second[i];
            sum += difference * difference;
        }
        return sum / first.Length;
    }

    /// <summary>
    /// The peak signal-to-noise ratio in decibels for a peak of 1: <c>10 log10(1 / mse)</c>. It is positive infinity
    /// for equal images. The PSNR of a set is commonly the mean over its images, not the PSNR of the mean error.
    /// </summary>
    /// <param name="mse">The <see cref="Mse"/> of an image, at least 0.</param>
    public static double Psnr(double mse) => mse == 0 ? double.PositiveInfinity : -10 * Math.Log10(mse);

    /// <summary>The <see cref="Psnr(double)"/> for the <see cref="Mse"/> of two images.</summary>
    /// <param name="first">Samples in 0..1.</param>
    /// <param name="second">Samples in 0..1, of the same length.</param>
    /// <exception cref="ArgumentException">The lengths differ, or are 0.</exception>
    public static double Psnr(ReadOnlySpan<float> first, ReadOnlySpan<float> second) => Psnr(Mse(first, second));

    /// <summary>
    /// The mean structural similarity (Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error
    /// Visibility to Structural Similarity", 2004, equation 13), 1 for equal images, at least -1. The numbers are
    /// those of scikit-image's <c>structural_similarity(first, second, data_range=1, channel_axis=-1)</c>: a uniform
    /// 7 x 7 window, sample covariances, K1 = 0.01, K2 = 0.03, the mean over every window that lies within the image
    /// and over the channels.
    /// </summary>
    /// <param name="first">Samples in 0..1, <c>[height, width, channels]</c>.</param>
    /// <param name="second">The same shape.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="channels">Channels, at least 1.</param>
    /// <remarks>
    /// If a side is shorter than 7, which scikit-image rejects, the window is the largest odd one that fits. A window
    /// of 1 x 1 compares luminance only. The cost is a few dozen operations per sample, independent of the window,
    /// because the sums are updated as the window slides.
    /// </remarks>
    /// <exception cref="ArgumentException">A size is not positive, or a length does not match the sizes.</exception>
    public static double Ssim(
        ReadOnlySpan<float> first, ReadOnlySpan<float> second, int height, int width, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        int rowLength = checked(width * channels), length = checked(height * rowLength);
        if (first.Length != length || second.Length != length)
            throw new ArgumentException(
                $"the images have {first.Length} and {second.Length} samples, not {height} x {width} x {channels}",
                nameof(second));

        // (n - 1) | 1 is the largest odd number up to n.
        int window = Math.Min(UsualWindow, (Math.Min(height, width) - 1) | 1);
        // Sums over the last `window` rows, for each position in a row.
        Moments[] columns = new Moments[rowLength];
        double sum = 0;
        for (int y = 0; y < height; y++)
        {
            int entering = y * rowLength, leaving = entering - window * rowLength;
            for (int i = 0; i < rowLength; i++)
            {
                columns[i].Add(first[entering + i], second[entering + i], 1);
                if (leaving >= 0) columns[i].Add(first[leaving + i], second[leaving + i], -1);
            }
            if (y >= window - 1)
            {
                for (int channel = 0; channel < channels; channel++)
                    sum += RowOfWindows(columns, channel, channels, window);
            }
        }
        return sum / ((double)(height - window + 1) * (width - window + 1) * channels);
    }

    /// <summary>The sum of the similarities of all windows over one band of rows, in one channel.</summary>
    private static double RowOfWindows(ReadOnlySpan<Moments> columns, int channel, int channels, int window)
    {
        Moments moments = default;
        double sum = 0;
        int reach = window * channels;
        for (int i = channel; i < columns.Length; i += channels)
        {
            moments.Add(columns[i], 1);
            if (i >= reach) moments.Add(columns[i - reach], -1);
            if (i + channels >= reach) sum += moments.Similarity(window * window);
        }
        return sum;
    }

    /// <summary>The sums of x, y, x^2, y^2 and xy over a window, which determine its similarity.</summary>
    private struct Moments
    {
        private double _x, _y, _xx, _yy, _xy;

        public void Add(double x, double y, double sign)
        {
            _x += sign * x;
            _y += sign * y;
            _xx += sign * x * x;
            _yy += sign * y * y;
            _xy += sign * x * y;
        }

        public void Add(in Moments other, double sign)
        {
            _x += sign * other._x;
            _y += sign * other._y;
            _xx += sign * other._xx;
            _yy += sign * other._yy;
            _xy += sign * other._xy;
        }

        public readonly double Similarity(int count)
        {
            const double C1 = 0.01 * 0.01, C2 = 0.03 * 0.03;
            double meanX = _x / count, meanY = _y / count;
            double unbias = 1.0 / Math.Max(count - 1, 1);
            double varianceX = (_xx - _x * meanX) * unbias, varianceY = (_yy - _y * meanY) * unbias;
            double covariance = (_xy - _x * meanY) * unbias;
            return (2 * meanX * meanY + C1) * (2 * covariance + C2)
                / ((meanX * meanX + meanY * meanY + C1) * (varianceX + varianceY + C2));
        }
    }
}
