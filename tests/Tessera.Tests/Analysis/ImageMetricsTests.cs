using System.Text.Json;
using Tessera.Analysis;

namespace Tessera.Tests.Analysis;

public class ImageMetricsTests
{
    // scikit-image also computes in float64; only the order of the sums differs.
    private const double Tolerance = 1e-9;

    private static readonly JsonSerializerOptions CamelCase = new(JsonSerializerDefaults.Web);

    private static readonly Pair[] Pairs = ReadPairs();

    public static TheoryData<string> Names => [.. Pairs.Select(pair => pair.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Agree_with_scikit_image(string name)
    {
        Pair pair = Pairs.Single(pair => pair.Name == name);
        float[] first = Unit(pair.First), second = Unit(pair.Second);

        Assert.Equal(pair.Mse, ImageMetrics.Mse(first, second), Tolerance);
        Assert.Equal(pair.Psnr, ImageMetrics.Psnr(first, second), 1e-6);
        Assert.Equal(pair.Ssim, ImageMetrics.Ssim(first, second, pair.Height, pair.Width, pair.Channels), Tolerance);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 9, 3)]
    [InlineData(2, 2, 3)]
    [InlineData(6, 40, 1)]
    [InlineData(7, 7, 3)]
    [InlineData(33, 8, 3)]
    public void An_image_compared_with_itself_is_perfect(int height, int width, int channels)
    {
        float[] image = [.. Enumerable.Range(0, height * width * channels).Select(i => i * 37 % 101 / 100f)];
        Assert.Equal(0, ImageMetrics.Mse(image, image));
        Assert.Equal(double.PositiveInfinity, ImageMetrics.Psnr(image, image));
        Assert.Equal(1, ImageMetrics.Ssim(image, image, height, width, channels), Tolerance);
    }

    [Fact]
    public void A_window_of_one_sample_compares_luminance()
    {
        double expected = (2 * 0.5 * 0.25 + 1e-4) / (0.25 + 0.0625 + 1e-4);
        Assert.Equal(expected, ImageMetrics.Ssim([0.5f], [0.25f], 1, 1, 1), Tolerance);
    }

    /// <summary>Compares the sliding sums with the definition, for all sizes up to 10 x 10.</summary>
    [Fact]
    public void Sliding_sums_agree_with_the_definition()
    {
        for (int height = 1; height <= 10; height++)
        {
            for (int width = 1; width <= 10; width++)
            {
                float[] first = [.. Enumerable.Range(0, height * width).Select(i => i * 29 % 83 / 82f)];
                float[] second = [.. Enumerable.Range(0, height * width).Select(i => i * i % 59 / 58f)];
                double expected = SsimByDefinition(first, second, height, width);
                double actual = ImageMetrics.Ssim(first, second, height, width, 1);
                Assert.True(Math.Abs(expected - actual) < Tolerance, $"{height}x{width}: {actual}, not {expected}");
            }
        }
    }

    [Fact]
    public void A_NaN_makes_the_result_NaN()
    {
        float[] good = new float[64], bad = new float[64];
        bad[40] = float.NaN;
        Assert.Equal(double.NaN, ImageMetrics.Mse(good, bad));
        Assert.Equal(double.NaN, ImageMetrics.Psnr(good, bad));
        Assert.Equal(double.NaN, ImageMetrics.Ssim(good, bad, 8, 8, 1));
    }

    [Fact]
    public void Invalid_lengths_and_sizes_are_refused()
    {
        Assert.Throws<ArgumentException>(() => ImageMetrics.Mse([], []));
        Assert.Throws<ArgumentException>(() => ImageMetrics.Mse([1], [1, 2]));
        Assert.Throws<ArgumentException>(() => ImageMetrics.Psnr([1, 2], [1]));
        Assert.Throws<ArgumentException>(() => ImageMetrics.Ssim([1, 2], [1, 2], 1, 1, 1));
        Assert.Throws<ArgumentException>(() => ImageMetrics.Ssim([1, 2], [1], 1, 2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ImageMetrics.Ssim([], [], 0, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ImageMetrics.Ssim([], [], 1, -1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ImageMetrics.Ssim([], [], 1, 1, 0));
    }

    private static double SsimByDefinition(float[] first, float[] second, int height, int width)
    {
        int window = Enumerable.Range(1, 7).Last(side => side % 2 == 1 && side <= height && side <= width);
        List<double> similarities = [];
        for (int top = 0; top + window <= height; top++)
        {
            for (int left = 0; left + window <= width; left++)
            {
                int[] places = [.. Enumerable.Range(0, window * window)
                    .Select(i => (top + i / window) * width + left + i % window)];
                double meanX = places.Average(i => (double)first[i]), meanY = places.Average(i => (double)second[i]);
                double degrees = Math.Max(places.Length - 1, 1);
                double varianceX = places.Sum(i => (first[i] - meanX) * (first[i] - meanX)) / degrees;
                double varianceY = places.Sum(i => (second[i] - meanY) * (second[i] - meanY)) / degrees;
                double covariance = places.Sum(i => (first[i] - meanX) * (second[i] - meanY)) / degrees;
                similarities.Add((2 * meanX * meanY + 1e-4) * (2 * covariance + 9e-4)
                    / ((meanX * meanX + meanY * meanY + 1e-4) * (varianceX + varianceY + 9e-4)));
            }
        }
        return similarities.Average();
    }

    private static float[] Unit(byte[] samples) => Array.ConvertAll(samples, sample => sample / 255f);

    private static Pair[] ReadPairs() =>
        JsonSerializer.Deserialize<Pair[]>(File.ReadAllText(Repository.Fixture("metrics", "metrics.json")), CamelCase)!;

    /// <summary>A case of <c>tests/fixtures/metrics/make_fixtures.py</c>.</summary>
    private sealed record Pair(
        string Name, int Height, int Width, int Channels, byte[] First, byte[] Second,
        double Mse, double Psnr, double Ssim);
}
