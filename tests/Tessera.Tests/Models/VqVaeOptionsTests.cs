using Tessera.Models;
using Tessera.Quantization;

namespace Tessera.Tests.Models;

public class VqVaeOptionsTests
{
    private static readonly VqVaeOptions Usual = new();

    public static TheoryData<string, VqVaeOptions> Wrong() => new()
    {
        { "Channels", Usual with { Channels = 2 } },
        { "Hidden", Usual with { Hidden = 7 } },
        { "Hidden", Usual with { Hidden = 0 } },
        { "Hidden", Usual with { Hidden = 8194 } },
        { "Stride", Usual with { Stride = 1 } },
        { "Stride", Usual with { Stride = 6 } },
        { "Stride", Usual with { Stride = 32 } },
        { "Stride", Usual with { Stride = -4 } },
        { "Hidden", Usual with { Hidden = 6, Stride = 8 } },
        { "Hidden", Usual with { Hidden = 100, Stride = 16 } },
        { "GroupNorm", Usual with { GroupNorm = -1 } },
        { "GroupNorm", Usual with { GroupNorm = 3 } },
        { "GroupNorm", Usual with { GroupNorm = 64 } },
        { "GroupNorm", Usual with { GroupNorm = 32, Stride = 16 } },
        { "Attention", Usual with { Attention = -1 } },
        { "Attention", Usual with { Attention = 3 } },
        { "Attention", Usual with { Attention = 256 } },
        { "ResidualHidden", Usual with { ResidualHidden = 0 } },
        { "ResidualLayers", Usual with { ResidualLayers = -1 } },
        { "Codes", Usual with { Codes = 0 } },
        { "Codes", Usual with { Codes = 1 << 18, CodeDim = 8192 } },
        { "CodeDim", Usual with { CodeDim = 0 } },
        { "LookupDim", Usual with { LookupDim = -1 } },
        { "Codes", Usual with { Codes = 1 << 18, LookupDim = 8192 } },
        { "Commitment", Usual with { Quantizer = new VectorQuantizerOptions { Commitment = float.NaN } } },
        {
            "Commitment",
            Usual with { Quantizer = new SimVectorQuantizerOptions { Commitment = float.PositiveInfinity } }
        },
        { "Decay", Usual with { Quantizer = new EmaVectorQuantizerOptions { Decay = 1 } } },
        { "Decay", Usual with { Quantizer = new EmaVectorQuantizerOptions { Decay = double.NaN } } },
        { "Decay", Usual with { Quantizer = new CosineVectorQuantizerOptions { Decay = 0 } } },
        { "Revival", Usual with { Quantizer = new CosineVectorQuantizerOptions { Revival = -0.1 } } },
        { "Revival", Usual with { Quantizer = new EmaVectorQuantizerOptions { Revival = 1.1 } } },
        { "Gradient", Usual with { Quantizer = new VectorQuantizerOptions { Gradient = (GradientEstimator)9 } } },
        { "AveragesStart", Usual with { Quantizer = new EmaVectorQuantizerOptions { AveragesStart = (EmaStart)9 } } },
        { "Start", Usual with { Quantizer = new VectorQuantizerOptions { Start = (CodebookStart)9 } } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_value_out_of_its_range_is_named_first(string name, VqVaeOptions options)
    {
        var e = Assert.Throws<InputException>(options.Validate);
        Assert.StartsWith(name + " must be ", e.Message, StringComparison.Ordinal);
        Assert.Equal(name, e.Option);
    }

    [Fact]
    public void A_codebook_too_large_for_k_means_names_the_start()
    {
        VqVaeOptions options =
            Usual with { Codes = 1 << 20, Quantizer = new VectorQuantizerOptions { Start = CodebookStart.KMeans } };
        var e = Assert.Throws<InputException>(options.Validate);
        Assert.Equal(
            ("k-means starts a codebook of at most 16384 codes, not 1048576; start it at random", "Start"),
            (e.Message, e.Option));
    }

    [Theory]
    [InlineData(2, 32, 8)]
    [InlineData(4, 32, 128)]
    [InlineData(8, 32, 1)]
    [InlineData(16, 16, 4)]
    public void Strides_groups_and_heads_go_together(int stride, int groups, int heads)
    {
        VqVaeOptions options = Usual with { Stride = stride, GroupNorm = groups, Attention = heads };
        options.Validate();
        Assert.Equal(stride, options.PixelsPerCode);
    }

    [Theory]
    [InlineData("ema", 512, 1, 0, 64, false)]
    [InlineData("ema", 512, 2, 0, 32, false)]
    [InlineData("ema", 512, 2, 8, 4, true)]
    [InlineData("lfq", 16, 3, 0, 4, true)]
    [InlineData("lfq", 16, 16, 0, 4, false)]
    [InlineData("fsq", 512, 1, 0, 3, true)]
    public void A_code_has_the_dimensions_of_its_group(
        string kind, int codes, int groups, int lookupDim, int dimensions, bool hasMaps)
    {
        VqVaeOptions options = Usual with
        {
            Codes = codes,
            CodeDim = 64,
            LookupDim = lookupDim,
            Quantizer = QuantizerOptions.Find(kind),
            Cell = new CellOptions { Groups = groups },
        };
        options.Validate();
        Assert.Equal((dimensions, hasMaps), (options.DimensionsOfCode, options.HasMaps));
    }

    [Fact]
    public void The_largest_sizes_are_allowed() => (Usual with
    {
        Hidden = 8192,
        ResidualHidden = 8192,
        ResidualLayers = 100,
        Codes = 1 << 17,
        CodeDim = 8192,
    }).Validate();
}
