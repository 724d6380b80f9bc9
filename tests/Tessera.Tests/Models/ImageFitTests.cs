using Tessera.Models;
using Tessera.Quantization;

namespace Tessera.Tests.Models;

public class ImageFitTests
{
    // The longest array, minus room to align a tensor.
    private const long Most = int.MaxValue - 128;

    private static readonly VqVaeOptions Usual = new();

    /// <summary>
    /// Elements of the largest map for each 4x4 pixels: 16 pixels with the image's channels, 4 cells with half of the
    /// hidden ones, or one cell of the inner maps.
    /// </summary>
    public static TheoryData<string, VqVaeOptions, int> Largest() => new()
    {
        { "the first map", Usual, 4 * 64 },
        { "the image", Usual with { Hidden = 2, ResidualHidden = 1, CodeDim = 1 }, 16 * 3 },
        { "the map inside a residual block", Usual with { ResidualHidden = 500 }, 500 },
        { "the vectors", Usual with { CodeDim = 300 }, 300 },
        { "the projected vectors", Usual with { LookupDim = 301 }, 301 },
        { "the first map of four", Usual with { Stride = 16, Hidden = 512 }, 64 * 64 / 16 },
        { "the queries, keys and values", Usual with { Attention = 4, Hidden = 128, ResidualHidden = 1 }, 3 * 128 },
        {
            "no computed codebook",
            Usual with { Codes = 1 << 20, CodeDim = 257, Quantizer = new SimVectorQuantizerOptions() }, 257
        },
    };

    [Theory]
    [MemberData(nameof(Largest))]
    public void The_largest_map_decides_how_many_images_fit(string map, VqVaeOptions model, int perCode)
    {
        int most = (int)(Most / (64 * perCode));
        ImageFit.Check(model, 32, 32, 3, most);
        var e = Assert.Throws<InputException>(() => ImageFit.Check(model, 32, 32, 3, most + 1));
        Assert.True(
            e.Message.StartsWith($"{most + 1} images of height 32 and width 32 are too many", StringComparison.Ordinal),
            $"{map}: {e.Message}");
    }

    /// <summary>The entropy terms of training have a probability for each vector and code.</summary>
    [Fact]
    public void Training_may_need_more()
    {
        VqVaeOptions model = Usual with { Codes = 4096, Quantizer = new VectorQuantizerOptions { Entropy = 1 } };
        int most = (int)(Most / (64 * 4096));
        ImageFit.Check(model, 32, 32, 3, most, training: true);
        ImageFit.Check(model, 32, 32, 3, most + 1);
        Assert.Throws<InputException>(() => ImageFit.Check(model, 32, 32, 3, most + 1, training: true));
    }

    [Theory]
    [InlineData(30, 32, 3, "images of height 32 and width 30 do not fit: both must be multiples of 4")]
    [InlineData(32, 32, 1, "the model takes images with 3 channels; these have 1")]
    public void Images_of_another_kind_are_refused(int width, int height, int channels, string line) =>
        Assert.Equal(
            line, Assert.Throws<InputException>(() => ImageFit.Check(Usual, width, height, channels)).Message);
}
