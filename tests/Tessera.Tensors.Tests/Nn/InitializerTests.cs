using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Nn;

namespace Tessera.Tensors.Tests.Nn;

public class InitializerTests
{
    [Fact]
    public void One_seed_gives_the_same_tensors_and_another_seed_others()
    {
        float[][] a = Draw(7), same = Draw(7), other = Draw(8);
        for (int i = 0; i < a.Length; i++)
        {
            Assert.Equal(a[i], same[i]);
            Assert.NotEqual(a[i], other[i]);
        }

        static float[][] Draw(ulong seed)
        {
            var initializer = new Initializer(seed);
            return [initializer.Uniform([40], 1).ToArray(), initializer.Normal([40]).ToArray()];
        }
    }

    [Fact]
    public void Every_tensor_has_numbers_of_its_own()
    {
        var initializer = new Initializer(7);
        Assert.NotEqual(initializer.Uniform([40], 1).ToArray(), initializer.Uniform([40], 1).ToArray());
        Assert.NotEqual(initializer.Normal([40]).ToArray(), initializer.Normal([40]).ToArray());
    }

    /// <summary>A tensor's numbers do not depend on the sizes of earlier tensors.</summary>
    [Fact]
    public void A_tensor_is_a_stream_of_its_own()
    {
        Initializer one = new(7), two = new(7);
        one.Uniform([3], 1);
        two.Uniform([3000], 1);
        Assert.Equal(one.Uniform([10], 1).ToArray(), two.Uniform([10], 1).ToArray());
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(0.25f)]
    [InlineData(1 / 512f)]
    [InlineData(1.9999999f)]
    public void Uniform_numbers_stay_within_the_bound(float bound)
    {
        float[] values = new Initializer(3).Uniform([100_000], bound).ToArray();
        Assert.All(
            values,
            value => Assert.True(value >= -bound && value < bound, $"{value:R} is not in [-{bound:R}, {bound:R})"));
        Assert.True(values.Max() > 0.999f * bound && values.Min() < -0.999f * bound);
    }

    [Fact]
    public void Normal_numbers_have_mean_0_and_variance_1()
    {
        float[] values = new Initializer(3).Normal([100_000]).ToArray();
        Assert.InRange(values.Average(), -0.013, 0.013);
        Assert.InRange(values.Average(value => (double)value * value), 0.98, 1.02);
    }

    [Fact]
    public void Tensors_live_on_the_given_device()
    {
        using var device = new CpuDevice(1, "reference");
        var initializer = new Initializer(1, device);
        Assert.All(
            (Tensor[])[initializer.Zeros([2]), initializer.Normal([2]), initializer.Uniform([2], 1)],
            tensor => Assert.Same(device, tensor.Device));
    }
}
