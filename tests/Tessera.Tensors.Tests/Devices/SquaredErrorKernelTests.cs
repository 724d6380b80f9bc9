using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Tests.Devices;

public class SquaredErrorKernelTests
{
    private const float XWeight = 0.7f, YWeight = -0.3f, Upstream = -1.7f;

    [Fact]
    public void MeanSquaredDifference_agrees() => Kernels.ForEachLength((length, x, y) => Kernels.AssertAgree(
        $"MeanSquaredDifference of {length}", Numbers.SumTolerance,
        (device, to) => device.MeanSquaredDifference(x, y, 0.7f, to[0]), [3]));

    [Fact]
    public void MeanSquaredDifference_is_the_weighted_mean_of_squares()
    {
        foreach (Device device in Kernels.All)
        {
            var result = new GuardedMemory<float>([9]);
            device.MeanSquaredDifference(
                Kernels.Store([1f, 2, 3]), Kernels.Store([3f, 2, 0]), weight: 1.5f, result.Storage);
            Assert.Equal(1.5f * 13 / 3, result.Values[0], 1e-6f);
        }
    }

    /// <summary>The sum of squares is 1e60, beyond float32, but the rounded mean is infinite and not NaN.</summary>
    [Fact]
    public void A_NaN_reaches_the_mean_and_an_overflow_gives_infinity()
    {
        foreach (int at in (int[])[0, 7, 16, 40])
        {
            foreach ((float spoilt, float expected) in ((float, float)[])
                [(float.NaN, float.NaN), (1e30f, float.PositiveInfinity)])
            {
                float[] values = Numbers.Normal(41, 1);
                values[at] = spoilt;
                Storage<float> x = Kernels.Store(values), y = Kernels.Store(Numbers.Normal(41, 2));
                foreach (Device device in Kernels.All)
                {
                    var result = new GuardedMemory<float>([0]);
                    device.MeanSquaredDifference(x, y, 1, result.Storage);
                    Assert.True(
                        expected.Equals(result.Values[0]),
                        $"{device.Description}: {spoilt} at {at} gives {result.Values[0]}");
                }
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_gradient_of_each_side_alone_agrees(bool accumulate) => Kernels.ForEachLength((length, x, y) =>
    {
        Storage<float> upstream = Kernels.Store([Upstream]);
        Kernels.AssertAgree(
            $"SquaredErrorGradients of {length} for x, accumulate {accumulate}", 0,
            (device, to) => device.SquaredErrorGradients(x, y, upstream, new(to[0], XWeight, accumulate), default),
            Numbers.Normal(length, 3));
        Kernels.AssertAgree(
            $"SquaredErrorGradients of {length} for y, accumulate {accumulate}", 0,
            (device, to) => device.SquaredErrorGradients(x, y, upstream, default, new(to[0], YWeight, accumulate)),
            Numbers.Normal(length, 3));
    });

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void The_gradients_of_both_sides_agree(bool accumulateX, bool accumulateY) =>
        Kernels.ForEachLength((length, x, y) =>
        {
            Storage<float> upstream = Kernels.Store([Upstream]);
            Kernels.AssertAgree(
                $"SquaredErrorGradients of {length}, accumulate {accumulateX}, {accumulateY}", 0,
                (device, to) => device.SquaredErrorGradients(
                    x, y, upstream, new(to[0], XWeight, accumulateX), new(to[1], YWeight, accumulateY)),
                Numbers.Normal(length, 3), Numbers.Normal(length, 4));
        });

    /// <summary>The formulas in double precision, each side alone and beside the other.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Gradients_are_those_of_the_formulas(bool accumulateX, bool accumulateY)
    {
        const int Length = 41;
        float[] x = Numbers.Normal(Length, 1), y = Numbers.Normal(Length, 2);
        float[] beforeX = Numbers.Normal(Length, 3), beforeY = Numbers.Normal(Length, 4);
        float[] expectedX = Expected(XWeight, x, y, accumulateX ? beforeX : null);
        float[] expectedY = Expected(YWeight, y, x, accumulateY ? beforeY : null);
        Storage<float> sX = Kernels.Store(x), sY = Kernels.Store(y), upstream = Kernels.Store([Upstream]);
        foreach (Device device in Kernels.All)
        {
            GuardedMemory<float> bothX = new(beforeX), bothY = new(beforeY);
            GuardedMemory<float> aloneX = new(beforeX), aloneY = new(beforeY);
            SquaredErrorSide xSide = new(bothX.Storage, XWeight, accumulateX);
            SquaredErrorSide ySide = new(bothY.Storage, YWeight, accumulateY);
            device.SquaredErrorGradients(sX, sY, upstream, xSide, ySide);
            device.SquaredErrorGradients(sX, sY, upstream, xSide with { Gradient = aloneX.Storage }, default);
            device.SquaredErrorGradients(sX, sY, upstream, default, ySide with { Gradient = aloneY.Storage });
            AssertClose(expectedX, bothX, device, "x");
            AssertClose(expectedY, bothY, device, "y");
            AssertClose(expectedX, aloneX, device, "x alone");
            AssertClose(expectedY, aloneY, device, "y alone");
        }

        static float[] Expected(double weight, float[] of, float[] other, float[]? before) =>
        [
            .. of.Zip(other, (a, b) => weight * Upstream * 2 / Length * ((double)a - b))
                .Select((gradient, i) => (float)(gradient + (before?[i] ?? 0))),
        ];

        static void AssertClose(float[] expected, GuardedMemory<float> actual, Device device, string side)
        {
            double error = Numbers.RelativeError(expected, actual.Values);
            Assert.True(error <= 3e-7, $"{device.Description}: the gradient of {side} is off by {error:E1}");
        }
    }
}
