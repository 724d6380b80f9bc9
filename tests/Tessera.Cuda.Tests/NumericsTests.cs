using Tessera.Cuda.Kernels;

namespace Tessera.Cuda.Tests;

/// <summary>The functions that kernels call run on the processor too.</summary>
public class NumericsTests
{
    [Fact]
    public void Exp_is_within_2_units_in_the_last_place()
    {
        float[] x =
        [
            .. Enumerable.Range(0, 100_000).Select(i => (float)(-87 + i * (88.7228 + 87) / 100_000)),
            .. Numbers.Normal(10_000, 2).Select(value => value * 1e-5f), -87, 88.7228f, 0, -0f, float.Epsilon,
            MathF.Log(2) / 2, -MathF.Log(2) / 2,
        ];
        foreach (float value in x)
        {
            double expected = Math.Exp(value), unit = Math.ScaleB(1, Math.ILogB(expected) - 23);
            double error = Math.Abs(Numerics.Exp(value) - expected) / unit;
            Assert.True(error <= 2, $"exp({value:R}) is off by {error:F2} units");
        }
    }

    [Fact]
    public void Exp_of_special_values()
    {
        (float X, float Y)[] cases =
        [
            (float.NegativeInfinity, 0), (float.MinValue, 0), (-88, 0), (89, float.PositiveInfinity),
            (float.PositiveInfinity, float.PositiveInfinity), (float.NaN, float.NaN), (0, 1),
        ];
        foreach ((float x, float y) in cases) Assert.Equal(y, Numerics.Exp(x));
    }

    [Fact]
    public void Functions_in_double_precision_are_within_a_few_roundings()
    {
        for (int i = -7000; i < 7000; i++)
        {
            double x = i / 10.0 + 1e-3, y = Math.Exp(x / 10);
            double error = Math.Abs(Numerics.Exp(x) / Math.Exp(x) - 1);
            Assert.True(error <= 2e-15, $"exp({x:R}) is off by {error:E1}");
            error = Math.Abs(Numerics.Log(y) - Math.Log(y)) / Math.Max(1, Math.Abs(Math.Log(y)));
            Assert.True(error <= 1e-15, $"log({y:R}) is off by {error:E1}");
        }
        Assert.Equal(double.NaN, Numerics.Log(double.NaN));
        Assert.Equal(0, Numerics.Log(1));
    }
}
