using Tessera.Models;

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
        { "commitment", Usual with { Commitment = float.NaN } },
        { "commitment", Usual with { Commitment = float.PositiveInfinity } },
        { "decay", Usual with { Decay = 1 } },
        { "decay", Usual with { Decay = double.NaN } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_value_out_of_its_range_is_named_first(string name, VqVaeOptions options)
    {
        var e = Assert.Throws<InputException>(options.Validate);
        Assert.StartsWith(name + " must be ", e.Message, StringComparison.Ordinal);
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
