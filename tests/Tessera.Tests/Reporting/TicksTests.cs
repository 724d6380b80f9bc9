using Tessera.Reporting.Plots;

namespace Tessera.Tests.Reporting;

public class TicksTests
{
    [Theory]
    [InlineData(0, 1, new[] { 0, 0.2, 0.4, 0.6, 0.8, 1 })]
    [InlineData(0, 3000, new double[] { 0, 500, 1000, 1500, 2000, 2500, 3000 })]
    [InlineData(0, 200_000, new double[] { 0, 50_000, 100_000, 150_000, 200_000 })]
    [InlineData(1, 137.3, new double[] { 50, 100 })]
    [InlineData(-18, 18, new double[] { -10, 0, 10 })]
    [InlineData(12.71, 27.9, new double[] { 15, 20, 25 })]
    [InlineData(0, 0.07, new[] { 0, 0.02, 0.04, 0.06 })]
    [InlineData(0.29, 0.31, new[] { 0.29, 0.295, 0.3, 0.305, 0.31 })]
    public void Linear_ticks_are_round_numbers(double min, double max, double[] ticks) =>
        Assert.Equal(ticks, Ticks.Linear(min, max));

    [Theory]
    [InlineData(0.05, 2, new[] { 0.05, 0.1, 0.2, 0.5, 1, 2 })]
    [InlineData(0.06, 1.4, new[] { 0.1, 0.2, 0.5, 1 })]
    [InlineData(1, 100_000, new double[] { 1, 10, 100, 1000, 10_000, 100_000 })]
    [InlineData(1e-9, 1, new[] { 1e-9, 1e-7, 1e-5, 1e-3, 0.1 })]
    [InlineData(0.3, 0.4, new[] { 0.3, 0.32, 0.34, 0.36, 0.38, 0.4 })]
    public void Logarithmic_ticks_are_round_numbers(double min, double max, double[] ticks) =>
        Assert.Equal(ticks, Ticks.Logarithmic(min, max));

    [Fact]
    public void Every_range_has_two_to_seven_ticks_within_it()
    {
        for (double min = 1e-7; min < 1e6; min *= 3.7)
        {
            for (double factor = 1.01; factor < 1e8; factor *= 1.9)
            {
                double max = min * factor;
                foreach (double[] ticks in new[] { Ticks.Linear(min, max), Ticks.Logarithmic(min, max) })
                {
                    Assert.True(
                        ticks.Length is >= 2 and <= 7, $"{min} to {max}: ticks at {string.Join(", ", ticks)}");
                    Assert.True(
                        ticks[0] >= min * 0.999999 && ticks[^1] <= max * 1.000001,
                        $"{min} to {max}: ticks at {string.Join(", ", ticks)}");
                    Assert.Equal(ticks.Order(), ticks);
                }
            }
        }
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(50_000, "50,000")]
    [InlineData(0.05, "0.05")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-5")]
    [InlineData(-10, "-10")]
    [InlineData(2e8, "2e8")]
    public void Labels_are_short_and_exact(double value, string label) =>
        Assert.Equal(label, Ticks.Label(value));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.10512, "0.105")]
    [InlineData(9.30054, "9.3")]
    [InlineData(0.0000471234, "4.71e-5")]
    public void Measured_values_are_rounded_to_three_digits(double value, string text) =>
        Assert.Equal(text, Ticks.ThreeDigits(value));
}
