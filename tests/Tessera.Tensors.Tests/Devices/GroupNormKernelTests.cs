using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Tests.Devices;

/// <summary>
/// Group normalisation: channels around multiples of every vector, groups of any width, maps of any size.
/// </summary>
public class GroupNormKernelTests
{
    /// <summary>Maps, pixels, channels, groups. The last ones have several pieces a map.</summary>
    public static TheoryData<int, int, int, int> Sizes
    {
        get
        {
            var sizes = new TheoryData<int, int, int, int>();
            foreach (int channels in (int[])[1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 32, 33, 64, 66, 100])
            {
                sizes.Add(2, 5, channels, 1);
                sizes.Add(1, 7, channels, channels);
                if (channels % 2 == 0) sizes.Add(3, 4, channels, channels / 2);
            }
            sizes.Add(2, 700, 24, 3);
            sizes.Add(1, 1025, 64, 8);
            sizes.Add(3, 9, 4100, 41);
            sizes.Add(2, 3, 20_000, 4);
            return sizes;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void GroupNorm_agrees(int batch, int pixels, int channels, int groups)
    {
        var geometry = new GroupNormGeometry(batch, pixels, channels, groups);
        int length = batch * pixels * channels;
        Storage<float> x = Kernels.Store(Numbers.Normal(length, 1));
        Storage<float> gain = Kernels.Store(Numbers.Normal(channels, 2));
        Storage<float> bias = Kernels.Store(Numbers.Normal(channels, 3));
        foreach (bool relu in (bool[])[false, true])
        {
            Kernels.AssertAgree(
                $"GroupNorm of {geometry}, relu {relu}", Numbers.SumTolerance,
                (device, to) => device.GroupNorm(geometry, x, gain, bias, relu, to[0], to[1]),
                Numbers.Normal(length, 4), Numbers.Normal(2 * batch * groups, 5));
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void GroupNormGradient_agrees(int batch, int pixels, int channels, int groups)
    {
        var geometry = new GroupNormGeometry(batch, pixels, channels, groups);
        int length = batch * pixels * channels;
        Storage<float> x = Kernels.Store(Numbers.Normal(length, 1));
        Storage<float> gain = Kernels.Store(Numbers.Normal(channels, 2));
        Storage<float> gradY = Kernels.Store(Numbers.Normal(length, 4));
        Storage<float> y = Kernels.Store(new float[length]), statistics = Kernels.Store(new float[2 * batch * groups]);
        Kernels.Reference.GroupNorm(geometry, x, gain, gain, false, y, statistics);
        foreach (bool accumulate in (bool[])[false, true])
        {
            Kernels.AssertAgree(
                $"GroupNormGradient of {geometry}, accumulate {accumulate}", Numbers.SumTolerance,
                (device, to) => device.GroupNormGradient(
                    geometry, x, gain, statistics, gradY, to[0], accumulate, to[1], accumulate, to[2], !accumulate),
                Numbers.Normal(length, 5), Numbers.Normal(channels, 6), Numbers.Normal(channels, 7));
        }
    }

    /// <summary>The mean is a thousand times the deviation, and a map of equal numbers has none.</summary>
    [Theory]
    [InlineData(40, 3, 1)]
    [InlineData(300, 64, 4)]
    [InlineData(5, 1003, 17)]
    public void GroupNorm_of_numbers_far_from_0_agrees(int pixels, int channels, int groups)
    {
        var geometry = new GroupNormGeometry(3, pixels, channels, groups);
        float[] values = [.. Numbers.Normal(3 * pixels * channels, 1).Select(value => 1000 + value)];
        values.AsSpan(pixels * channels, pixels * channels).Fill(12345.678f);
        Storage<float> x = Kernels.Store(values), gain = Kernels.Store(Numbers.Normal(channels, 2));
        Storage<float> bias = Kernels.Store(Numbers.Normal(channels, 3));
        Kernels.AssertAgree(
            $"GroupNorm of {geometry}, far from 0", Numbers.SumTolerance,
            (device, to) => device.GroupNorm(geometry, x, gain, bias, false, to[0], to[1]),
            new float[values.Length], new float[6 * groups]);
    }

    /// <summary>Also through the ReLU: a network that breaks shows it.</summary>
    [Theory]
    [InlineData(3, 8)]
    [InlineData(40, 70)]
    public void NaN_stays_in_its_group_of_its_map(int pixels, int channels)
    {
        var geometry = new GroupNormGeometry(2, pixels, channels, 2);
        float[] values = Numbers.Normal(2 * pixels * channels, 1);
        values[^1] = float.NaN;
        Storage<float> x = Kernels.Store(values), ones = Kernels.Store([.. Enumerable.Repeat(1f, channels)]);
        foreach (Device device in Kernels.All)
        {
            GuardedMemory<float> y = new(values), statistics = new(new float[8]);
            device.GroupNorm(geometry, x, ones, ones, relu: true, y.Storage, statistics.Storage);
            for (int i = 0; i < values.Length; i++)
            {
                bool isHit = i >= pixels * channels && i % channels >= channels / 2;
                Assert.True(float.IsNaN(y.Values[i]) == isHit, $"{device.Description}: number {i} is {y.Values[i]}");
            }
        }
    }
}
