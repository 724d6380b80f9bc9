using Tessera.Tensors.Devices;
using Tessera.Tensors.Random;

namespace Tessera.Tensors.Tests.Devices;

/// <summary>GELU, dropout and batches of sequences; rows are in <see cref="RowNormKernelTests"/>.</summary>
public class SequenceKernelTests
{
    /// <summary>A few roundings of 2^-24 each; that of the exponent counts several times.</summary>
    private const double Tolerance = 3e-7;

    private const double Exact = 0;

    [Fact]
    public void Gelu_agrees() => Kernels.ForEachLength((length, x, y) =>
    {
        Kernels.AssertAgree(
            $"Gelu of {length}", Tolerance, (device, to) => device.Gelu(x, to[0]), new float[length]);
        Kernels.AssertAgree(
            $"Gelu of {length} in place", Tolerance, (device, to) => device.Gelu(to[0], to[0]),
            Scaled(Numbers.Normal(length, 3), 4));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void GeluGradient_agrees(bool accumulate) => Kernels.ForEachLength((length, x, y) =>
    {
        Kernels.AssertAgree(
            $"GeluGradient of {length}, accumulate {accumulate}", Tolerance,
            (device, to) => device.GeluGradient(x, y, to[0], accumulate), Numbers.Normal(length, 3));
        if (!accumulate)
        {
            Kernels.AssertAgree(
                $"GeluGradient of {length} in place", Tolerance,
                (device, to) => device.GeluGradient(x, to[0], to[0], false), Numbers.Normal(length, 3));
        }
    });

    [Fact]
    public void Gelu_of_any_size_of_numbers_is_near_the_formula()
    {
        float[] x =
        [
            .. Enumerable.Range(-600, 1201).Select(i => i / 40f), 0, 1e-20f, -1e-20f, 100, -100, 1e10f, -1e10f, 1e25f,
            -1e25f, float.MaxValue, float.MinValue,
        ];
        Storage<float> stored = Kernels.Store(x), ones = Kernels.Store([.. Enumerable.Repeat(1f, x.Length)]);
        GuardedMemory<float> y = new(x), slope = new(x), expectedY = new(x), expectedSlope = new(x);
        Kernels.Reference.Gelu(stored, expectedY.Storage);
        Kernels.Reference.GeluGradient(stored, ones, expectedSlope.Storage, accumulate: false);
        foreach (Device device in Kernels.All)
        {
            device.Gelu(stored, y.Storage);
            device.GeluGradient(stored, ones, slope.Storage, accumulate: false);
            for (int i = 0; i < x.Length; i++)
            {
                AssertNear($"gelu({x[i]})", expectedY.Values[i], y.Values[i], Math.Max(1, Math.Abs((double)x[i])));
                AssertNear($"gelu'({x[i]})", expectedSlope.Values[i], slope.Values[i], 1);
            }

            void AssertNear(string what, double expected, double actual, double size) => Assert.True(
                Math.Abs(actual - expected) <= 4e-7 * size,
                $"{device.Description}: {what} is {actual} instead of {expected}");
        }
    }

    [Fact]
    public void Gelu_keeps_NaN()
    {
        foreach (int length in (int[])[1, 3, 8, 35])
        {
            Storage<float> x = Kernels.Store([.. Enumerable.Repeat(float.NaN, length)]);
            foreach (Device device in Kernels.All)
            {
                GuardedMemory<float> y = new(new float[length]), slope = new(new float[length]);
                device.Gelu(x, y.Storage);
                device.GeluGradient(x, x, slope.Storage, accumulate: false);
                Assert.True(
                    y.Values.ToArray().Concat(slope.Values.ToArray()).All(float.IsNaN),
                    $"{device.Description}: {length} NaNs became numbers");
            }
        }
    }

    /// <summary>Also in a range's last elements, fewer than a vector's.</summary>
    [Fact]
    public void Gelu_of_a_number_is_the_same_at_every_place()
    {
        const int Length = 16_384 + 37;
        Storage<float> x = Kernels.Store([.. Enumerable.Repeat(-0.7123f, Length)]);
        foreach (Device device in Kernels.All)
        {
            GuardedMemory<float> y = new(new float[Length]), slope = new(new float[Length]);
            device.Gelu(x, y.Storage);
            device.GeluGradient(x, x, slope.Storage, accumulate: false);
            Assert.True(!y.Values.ContainsAnyExcept(y.Values[0]), $"{device.Description}: the values differ");
            Assert.True(!slope.Values.ContainsAnyExcept(slope.Values[0]), $"{device.Description}: the slopes differ");
        }
    }

    [Theory]
    [InlineData(0.1f, false)]
    [InlineData(0.5f, true)]
    [InlineData(0.999f, false)]
    public void Dropout_agrees(float rate, bool accumulate) => Kernels.ForEachLength((length, x, y) =>
    {
        // An update that carries from the lower to the upper half of the stream.
        var mask = new DropoutMask(rate, 0xFEDC_BA98_7654_3210, 0xFFFF_FFFE, Kernels.Store([5]));
        Kernels.AssertAgree(
            $"Dropout of {length} at {rate}, accumulate {accumulate}", Exact,
            (device, to) => device.Dropout(mask, x, to[0], accumulate), Numbers.Normal(length, 3));
        if (!accumulate)
        {
            Kernels.AssertAgree(
                $"Dropout of {length} in place", Exact,
                (device, to) => device.Dropout(mask, to[0], to[0], false), Numbers.Normal(length, 3));
        }
    });

    [Fact]
    public void Dropout_drops_where_the_number_of_the_stream_is_below_the_rate()
    {
        const int Length = 50_003;
        const float Rate = 0.3f;
        var random = new CounterRandom(9, 1007);
        Storage<float> ones = Kernels.Store([.. Enumerable.Repeat(1f, Length)]);
        foreach (Device device in Kernels.All)
        {
            var y = new GuardedMemory<float>(new float[Length]);
            device.Dropout(new DropoutMask(Rate, 9, 1000, Kernels.Store([7])), ones, y.Storage, accumulate: false);
            for (int i = 0; i < Length; i++)
            {
                float expected = random.Uniform((ulong)i) < Rate ? 0 : 1 / (1 - Rate);
                Assert.True(y.Values[i] == expected, $"{device.Description}: element {i} is {y.Values[i]}");
            }
        }
    }

    /// <summary>What several processes compute by parts has the random numbers of the whole.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(4099)]
    [InlineData(3L << 32)]
    public void A_part_of_a_batch_has_the_random_numbers_of_the_whole(long first)
    {
        const int Length = 2063, Columns = 3;
        var random = new CounterRandom(9, 1007);
        Storage<float> ones = Kernels.Store([.. Enumerable.Repeat(1f, Length)]);
        foreach (Device device in Kernels.All)
        {
            var y = new GuardedMemory<float>(new float[Length]);
            device.Dropout(new DropoutMask(0.3f, 9, 1000, Kernels.Store([7]), first), ones, y.Storage, false);
            for (int i = 0; i < Length; i++)
                Assert.Equal(random.Uniform((ulong)(first + i)) < 0.3f, y.Values[i] == 0);
            // Without noise all columns would be alike; the largest noise wins.
            var p = new GuardedMemory<float>(new float[Columns * 50]);
            device.Softmax(
                Kernels.Store(new float[Columns * 50]), Columns, 0.1f,
                new NoiseSource(9, 1000, Kernels.Store([7]), first), p.Storage);
            for (int row = 0; row < 50; row++)
            {
                float[] weights = [.. p.Values.Slice(Columns * row, Columns)];
                int largest = Enumerable.Range(0, Columns)
                    .MaxBy(column => random.Uniform((ulong)(first + Columns * row + column)));
                Assert.Equal(weights.Max(), weights[largest]);
            }
        }
    }

    /// <summary>A dropped NaN or infinity is 0: the mask is no factor.</summary>
    [Fact]
    public void Dropped_elements_are_0_whatever_they_were()
    {
        float[] x = [.. Enumerable.Repeat(float.NaN, 20), .. Enumerable.Repeat(float.PositiveInfinity, 20)];
        foreach (Device device in Kernels.All)
        {
            var y = new GuardedMemory<float>(x);
            device.Dropout(new DropoutMask(0.5f, 1, 0, Kernels.Store([0])), y.Storage, y.Storage, accumulate: false);
            int dropped = y.Values.Count(0f);
            Assert.True(dropped is > 8 and < 32, $"{device.Description}: {dropped} of 40 elements are 0");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(65)]
    public void Sequences_are_gathered_as_inputs_and_targets(int length)
    {
        const int Sequences = 5, Batch = 9;
        int[] all = Numbers.Indices(Sequences * length, 100, 1), numbers = Numbers.Indices(Batch, Sequences, 2);
        int[] firsts = Numbers.Indices(Batch, 10, 3);
        foreach (Device device in Kernels.All)
        {
            GuardedMemory<int> inputs = new(new int[Batch * length]), targets = new(new int[Batch * length]);
            device.GatherSequences(
                Kernels.Store(all), length, Kernels.Store(numbers), Kernels.Store(firsts), inputs.Storage,
                targets.Storage);
            Assert.True(inputs.IsIntact && targets.IsIntact, $"{device.Description} wrote outside the batch");
            for (int i = 0; i < Batch; i++)
            {
                int[] sequence = all[(numbers[i] * length)..((numbers[i] + 1) * length)];
                Assert.Equal(sequence, targets.Values.Slice(i * length, length));
                Assert.Equal([firsts[i], .. sequence[..^1]], inputs.Values.Slice(i * length, length));
            }
        }
    }

    private static float[] Scaled(float[] values, float scale) => [.. values.Select(value => scale * value)];
}
