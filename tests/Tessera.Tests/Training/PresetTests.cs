using Tessera.Data;
using Tessera.Training;

namespace Tessera.Tests.Training;

public class PresetTests
{
    [Fact]
    public void The_default_budget_is_images_for_shapes_and_minutes_for_other_data()
    {
        Assert.NotNull(Preset.Default.OptionsFor(SyntheticShapes.Name).Budget.Images);
        Assert.NotNull(Preset.Default.OptionsFor(Cifar10.Name).Budget.Minutes);
    }

    [Fact]
    public void Former_names_still_find_the_presets()
    {
        Assert.Same(Preset.Reference, Preset.Find("seed"));
        Assert.Same(Preset.ReferenceEma, Preset.Find("seed-ema"));
        InputException e = Assert.Throws<InputException>(() => Preset.Find("best"));
        Assert.EndsWith("choose one of default, reference, reference-ema", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SyntheticShapes.Name)]
    [InlineData(Cifar10.Name)]
    public void The_reference_presets_are_the_same_for_all_images(string data)
    {
        foreach (Preset preset in (Preset[])[Preset.Reference, Preset.ReferenceEma])
            Assert.Equal(preset.Options with { Data = data }, preset.OptionsFor(data));
    }
}
