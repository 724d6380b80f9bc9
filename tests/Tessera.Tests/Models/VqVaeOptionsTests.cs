using Tessera.Models;
using Tessera.Quantization;

namespace Tessera.Tests.Models;

public class VqVaeOptionsTests
{
    private static readonly VqVaeOptions Usual = new();

    public static TheoryData<string, VqVaeOptions> Wrong() => new()
    {
        { "channels", Usual with { Channels = 2 } },
        { "hidden", Usual with { Hidden = 7 } },
        { "hidden", Usual with { Hidden = 0 } },
        { "hidden", Usual with { Hidden = 8194 } },
        { "residual-hidden", Usual with { ResidualHidden = 0 } },
        { "residual-layers", Usual with { ResidualLayers = -1 } },
        { "codes", Usual with { Codes = 0 } },
        { "codes", Usual with { Codes = 1 << 18, CodeDim = 8192 } },
        { "code-dim", Usual with { CodeDim = 0 } },
        { "lookup-dim", Usual with { LookupDim = -1 } },
        { "codes", Usual with { Codes = 1 << 18, LookupDim = 8192 } },
        { "commitment", Usual with { Quantizer = new VectorQuantizerOptions { Commitment = float.NaN } } },
        {
            "commitment",
            Usual with { Quantizer = new SimVectorQuantizerOptions { Commitment = float.PositiveInfinity } }
        },
        { "decay", Usual with { Quantizer = new EmaVectorQuantizerOptions { Decay = 1 } } },
        { "decay", Usual with { Quantizer = new EmaVectorQuantizerOptions { Decay = double.NaN } } },
        { "decay", Usual with { Quantizer = new CosineVectorQuantizerOptions { Decay = 0 } } },
        { "revival", Usual with { Quantizer = new CosineVectorQuantizerOptions { Revival = -0.1 } } },
        { "revival", Usual with { Quantizer = new EmaVectorQuantizerOptions { Revival = 1.1 } } },
        { "gradient", Usual with { Quantizer = new VectorQuantizerOptions { Gradient = (GradientEstimator)9 } } },
        { "ema-start", Usual with { Quantizer = new EmaVectorQuantizerOptions { AveragesStart = (EmaStart)9 } } },
        { "codebook-start", Usual with { Quantizer = new VectorQuantizerOptions { Start = (CodebookStart)9 } } },
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
    public void The_largest_sizes_are_allowed() => (Usual with
    {
        Hidden = 8192,
        ResidualHidden = 8192,
        ResidualLayers = 100,
        Codes = 1 << 17,
        CodeDim = 8192,
    }).Validate();
}
