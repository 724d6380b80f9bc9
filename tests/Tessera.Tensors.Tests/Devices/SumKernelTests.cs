using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Tests.Devices;

public class SumKernelTests
{
    private static readonly int[] Columns = [1, 3, 5, 7, 13, 16, 33, 64, 100];

    /// <summary>Two tensors as one vector, with a norm above and below the largest.</summary>
    [Theory]
    [InlineData(0.25f)]
    [InlineData(1e6f)]
    public void ClipByNorm_agrees(float maxNorm) => Kernels.ForEachLength((length, x, y) => Kernels.AssertAgree(
        $"ClipByNorm of {length}, largest norm {maxNorm}", Numbers.SumTolerance,
        (device, to) => device.ClipByNorm([to[0], to[1]], maxNorm, to[2]),
        Numbers.Normal(length, 1), Numbers.Normal(5, 2), [3]));

    /// <summary>The square of 1e30 overflows float32; the other numbers are negligible.</summary>
    [Fact]
    public void The_norm_of_finite_numbers_is_finite_and_clipped()
    {
        foreach (int at in (int[])[0, 40, 20_000])
        {
            float[] values = Numbers.Normal(50_003, 1);
            values[at] = -1e30f;
            foreach (Device device in Kernels.All)
            {
                var x = new GuardedMemory<float>(values);
                var norm = new GuardedMemory<float>([0]);
                device.ClipByNorm([x.Storage], 2, norm.Storage);
                Assert.Equal(1, norm.Values[0] / 1e30, 1e-6);
                Assert.Equal(-2, x.Values[at], 1e-5);
            }
        }
    }

    /// <summary>Two elements of 3e38 have a length of 4.2e38, beyond float32.</summary>
    [Fact]
    public void A_norm_beyond_float32_is_the_largest_number()
    {
        foreach (Device device in Kernels.All)
        {
            var x = new GuardedMemory<float>([3e38f, -3e38f]);
            var norm = new GuardedMemory<float>([0]);
            device.ClipByNorm([x.Storage], 1, norm.Storage);
            Assert.Equal(float.MaxValue, norm.Values[0]);
            Assert.Equal(Math.Sqrt(0.5), x.Values[0], 1e-6);
            Assert.Equal(-Math.Sqrt(0.5), x.Values[1], 1e-6);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_number_that_is_not_finite_shows_in_the_norm_and_nothing_is_scaled(float spoilt)
    {
        foreach (int at in (int[])[0, 7, 16, 40])
        {
            float[] first = Numbers.Normal(41, 1), second = Numbers.Normal(41, 2);
            second[at] = spoilt;
            foreach (Device device in Kernels.All)
            {
                GuardedMemory<float> x = new(first), y = new(second), norm = new([0]);
                device.ClipByNorm([x.Storage, y.Storage], 0.1f, norm.Storage);
                Assert.False(float.IsFinite(norm.Values[0]), $"{device.Description} lost {spoilt} at {at}");
                Assert.True(Numbers.SameBits(first, x.Values), $"{device.Description} scaled the first tensor");
                Assert.True(Numbers.SameBits(second, y.Values), $"{device.Description} scaled the second tensor");
            }
        }
    }

    [Fact]
    public void The_norm_of_no_tensors_is_zero()
    {
        foreach (Device device in Kernels.All)
        {
            var norm = new GuardedMemory<float>([9]);
            device.ClipByNorm([], 1, norm.Storage);
            Assert.Equal(0, norm.Values[0]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ColumnSums_agrees(bool accumulate)
    {
        foreach (int columns in Columns)
        {
            foreach (int rows in (int[])[1, 2, 37, 6000])
            {
                Storage<float> x = Kernels.Store(Numbers.Normal(rows * columns, 1));
                Kernels.AssertAgree(
                    $"ColumnSums of {rows}x{columns}, accumulate {accumulate}", Numbers.SumTolerance,
                    (device, to) => device.ColumnSums(x, rows, columns, to[0], accumulate), Numbers.Normal(columns, 2));
            }
        }
    }

    /// <summary>As many rows as the pixels of the reference notebook's batch, with the columns of an image.</summary>
    [Fact]
    public void ColumnSums_of_many_rows_agrees()
    {
        const int Rows = 256 * 32 * 32, Columns = 3;
        float[] values = Numbers.Normal(Rows * Columns, 1);
        // With a mean, partial sums become far larger than their terms.
        foreach (float mean in (float[])[0, 1.3f])
        {
            Storage<float> x = Kernels.Store([.. values.Select(value => value + mean)]);
            Kernels.AssertAgree(
                $"ColumnSums of 262144x3, mean {mean}", Numbers.SumTolerance,
                (device, to) => device.ColumnSums(x, Rows, Columns, to[0], accumulate: false), new float[Columns]);
        }
    }

    [Fact]
    public void A_NaN_reaches_the_sum_of_its_column()
    {
        foreach (int at in (int[])[0, 7, 16, 40])
        {
            float[] values = Numbers.Normal(41, 1);
            values[at] = float.NaN;
            foreach (Device device in Kernels.All)
            {
                var sum = new GuardedMemory<float>([0]);
                device.ColumnSums(Kernels.Store(values), 41, 1, sum.Storage, accumulate: false);
                Assert.True(float.IsNaN(sum.Values[0]), $"{device.Description} lost the NaN at {at}");
            }
        }
    }
}
