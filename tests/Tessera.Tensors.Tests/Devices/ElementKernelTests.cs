using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Tests.Devices;

public class ElementKernelTests
{
    // One float operation per element, so there is no rounding to differ by.
    private const double Exact = 0;

    [Fact]
    public void Relu_agrees() => Kernels.ForEachLength((length, x, y) =>
        Kernels.AssertAgree($"Relu of {length}", Exact, (device, to) => device.Relu(x, to[0]), new float[length]));

    [Fact]
    public void Add_agrees() => Kernels.ForEachLength((length, x, y) =>
        Kernels.AssertAgree($"Add of {length}", Exact, (device, to) => device.Add(x, y, to[0]), new float[length]));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReluGradient_agrees(bool accumulate) => Kernels.ForEachLength((length, x, y) => Kernels.AssertAgree(
        $"ReluGradient of {length}, accumulate {accumulate}", Exact,
        (device, to) => device.ReluGradient(x, y, to[0], accumulate), Numbers.Normal(length, 3)));

    [Theory]
    [InlineData(1f, false)]
    [InlineData(-0.3f, false)]
    [InlineData(1f, true)]
    [InlineData(-0.3f, true)]
    public void Scale_agrees(float scale, bool accumulate) => Kernels.ForEachLength((length, x, y) =>
        Kernels.AssertAgree(
            $"Scale of {length} by {scale}, accumulate {accumulate}", Numbers.SumTolerance,
            (device, to) => device.Scale(x, scale, to[0], accumulate), Numbers.Normal(length, 3)));

    [Fact]
    public void Scale_in_place_agrees() => Kernels.ForEachLength((length, x, y) => Kernels.AssertAgree(
        $"Scale of {length} in place", Exact,
        (device, to) => device.Scale(to[0], -0.3f, to[0], accumulate: false), Numbers.Normal(length, 3)));

    [Fact]
    public void Scale_by_one_is_a_copy_to_the_bit()
    {
        float[] values = [-0f, 0f, float.Epsilon, -1.5f, float.NegativeInfinity];
        foreach (Device device in Kernels.All)
        {
            var y = new GuardedMemory<float>(new float[values.Length]);
            device.Scale(Kernels.Store(values), 1, y.Storage, accumulate: false);
            Assert.True(
                Numbers.SameBits(values, y.Values),
                $"{device.Description} made {string.Join(", ", y.Values.ToArray())}");
        }
    }

    [Fact]
    public void MoveAverage_agrees() => Kernels.ForEachLength((length, x, y) => Kernels.AssertAgree(
        $"MoveAverage of {length}", Exact, (device, to) => device.MoveAverage(to[0], x, 0.99f, 0.01f),
        Numbers.Normal(length, 3)));

    [Theory]
    [InlineData(1f)]
    [InlineData(0.9f)]
    public void Adam_agrees(float decay) => Kernels.ForEachLength((length, x, y) => Kernels.AssertAgree(
        $"Adam on {length}, parameter decay {decay}", Exact,
        (device, to) => device.Adam(
            new AdamStep(0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 0.003f, 0.1f, decay), to[0], x, to[1], to[2]),
        Numbers.Normal(length, 3), Numbers.Normal(length, 4), [.. Numbers.Normal(length, 5).Select(Math.Abs)]));

    [Fact]
    public void Relu_keeps_NaN_and_makes_no_negative_zero()
    {
        foreach (int length in (int[])[1, 3, 4, 8, 16, 35])
        {
            foreach (float special in (float[])[float.NaN, -0f, float.PositiveInfinity, float.NegativeInfinity])
            {
                Storage<float> x = Kernels.Store([.. Enumerable.Repeat(special, length)]);
                float expected = float.IsNaN(special) ? float.NaN : special > 0 ? special : 0f;
                foreach (Device device in Kernels.All)
                {
                    var y = new GuardedMemory<float>(new float[length]);
                    device.Relu(x, y.Storage);
                    foreach (float value in y.Values)
                    {
                        Assert.True(
                            float.IsNaN(expected) ? float.IsNaN(value) : Numbers.SameBits([expected], [value]),
                            $"{device.Description}: relu({special}) is {value}");
                    }
                }
            }
        }
    }

    /// <summary>
    /// A gradient of 0 moves nothing; a gradient whose square underflows moves by m / epsilon, not by infinity.
    /// </summary>
    [Theory]
    [InlineData(0f, 0.0)]
    [InlineData(1e-30f, 1e-3 * 0.1 * 1e-30 / 1e-8)]
    public void Adam_is_finite_where_the_second_moment_is_zero(float gradient, double change)
    {
        const int Length = 37;
        var numbers = new AdamStep(0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 1e-3f, 0.03f, 1f);
        Storage<float> gradients = Kernels.Store([.. Enumerable.Repeat(gradient, Length)]);
        foreach (Device device in Kernels.All)
        {
            var parameter = new GuardedMemory<float>(new float[Length]);
            var first = new GuardedMemory<float>(new float[Length]);
            var second = new GuardedMemory<float>(new float[Length]);
            device.Adam(numbers, parameter.Storage, gradients, first.Storage, second.Storage);
            foreach (float value in parameter.Values)
            {
                Assert.True(
                    Math.Abs(value + change) <= 1e-6 * change,
                    $"{device.Description}: the parameter is {value} instead of {-change}");
            }
        }
    }
}
