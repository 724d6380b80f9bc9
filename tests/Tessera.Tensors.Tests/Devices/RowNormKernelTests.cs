using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Tests.Devices;

/// <summary>Layer normalisation and cross-entropy: whole rows, around multiples of every vector.</summary>
public class RowNormKernelTests
{
    /// <summary>Rows and columns. The last ones are more rows than an item of any kernel.</summary>
    public static TheoryData<int, int> Sizes
    {
        get
        {
            var sizes = new TheoryData<int, int>();
            foreach (int columns in (int[])[1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 35, 64, 100, 192, 257])
            {
                sizes.Add(1, columns);
                sizes.Add(5, columns);
            }
            sizes.Add(130, 1031);
            sizes.Add(700, 61);
            return sizes;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void LayerNorm_agrees(int rows, int columns)
    {
        Storage<float> x = Kernels.Store(Numbers.Normal(rows * columns, 1));
        Storage<float> gain = Kernels.Store(Numbers.Normal(columns, 2));
        Storage<float> bias = Kernels.Store(Numbers.Normal(columns, 3));
        Kernels.AssertAgree(
            $"LayerNorm of {rows}x{columns}", Numbers.SumTolerance,
            (device, to) => device.LayerNorm(x, gain, bias, columns, to[0], to[1]),
            Numbers.Normal(rows * columns, 4), Numbers.Normal(2 * rows, 5));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void LayerNormGradient_agrees(int rows, int columns)
    {
        Storage<float> x = Kernels.Store(Numbers.Normal(rows * columns, 1));
        Storage<float> gain = Kernels.Store(Numbers.Normal(columns, 2));
        Storage<float> bias = Kernels.Store(Numbers.Normal(columns, 3));
        Storage<float> gradY = Kernels.Store(Numbers.Normal(rows * columns, 4));
        Storage<float> y = Kernels.Store(new float[rows * columns]), statistics = Kernels.Store(new float[2 * rows]);
        Kernels.Reference.LayerNorm(x, gain, bias, columns, y, statistics);
        foreach (bool accumulate in (bool[])[false, true])
        {
            // Rows of two numbers or fewer have next to no gradient, only roundings of much larger terms.
            if (columns <= 2 && !accumulate) continue;
            Kernels.AssertAgree(
                $"LayerNormGradient of {rows}x{columns}, accumulate {accumulate}", Numbers.SumTolerance,
                (device, to) => device.LayerNormGradient(
                    x, gain, statistics, gradY, columns, to[0], accumulate, to[1], accumulate, to[2], !accumulate),
                Numbers.Normal(rows * columns, 5), Numbers.Normal(columns, 6), Numbers.Normal(columns, 7));
        }
    }

    /// <summary>The mean is a thousand times the deviation, and rows of equal numbers have none.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(1003)]
    public void LayerNorm_of_numbers_far_from_0_agrees(int columns)
    {
        float[] values = [.. Numbers.Normal(3 * columns, 1).Select(value => 1000 + value)];
        values.AsSpan(columns, columns).Fill(12345.678f);
        Storage<float> x = Kernels.Store(values), gain = Kernels.Store(Numbers.Normal(columns, 2));
        Storage<float> bias = Kernels.Store(Numbers.Normal(columns, 3));
        Kernels.AssertAgree(
            $"LayerNorm of 3x{columns}, far from 0", Numbers.SumTolerance,
            (device, to) => device.LayerNorm(x, gain, bias, columns, to[0], to[1]), new float[3 * columns],
            new float[6]);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void CrossEntropy_agrees(int rows, int columns)
    {
        float[] values = [.. Numbers.Normal(rows * columns, 1).Select(value => 4 * value)];
        Storage<float> logits = Kernels.Store(values), upstream = Kernels.Store([0.7f]);
        Storage<int> targets = Kernels.Store(Numbers.Indices(rows, columns, 2));
        // The least likely class: else a single row's loss may be near 0, a small difference of large terms.
        Storage<int> unlikely = Kernels.Store(
            [.. values.Chunk(columns).Select(row => Array.IndexOf(row, row.Min()))]);
        Kernels.AssertAgree(
            $"CrossEntropy of {rows}x{columns}", Numbers.SumTolerance,
            (device, to) => device.CrossEntropy(logits, columns, unlikely, to[0], to[1]), new float[rows],
            new float[rows]);
        Storage<float> losses = Kernels.Store(new float[rows]), logSums = Kernels.Store(new float[rows]);
        Kernels.Reference.CrossEntropy(logits, columns, targets, losses, logSums);
        foreach (bool accumulate in (bool[])[false, true])
        {
            Kernels.AssertAgree(
                $"CrossEntropyGradient of {rows}x{columns}, accumulate {accumulate}", Numbers.SumTolerance,
                (device, to) => device.CrossEntropyGradient(
                    logits, columns, targets, logSums, upstream, to[0], accumulate),
                Numbers.Normal(rows * columns, 3));
        }
        Kernels.AssertAgree(
            $"CrossEntropyGradient of {rows}x{columns} in place", Numbers.SumTolerance,
            (device, to) => device.CrossEntropyGradient(to[0], columns, targets, logSums, upstream, to[0], false),
            values);
    }

    /// <summary>Masked logits, logits that decide alone, and logits whose exponentials overflow.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(21)]
    [InlineData(64)]
    public void CrossEntropy_of_extreme_logits_agrees(int columns)
    {
        const int Rows = 5;
        float[] values = Numbers.Normal(Rows * columns, 1);
        values[0] = -1e9f;
        values.AsSpan(columns, columns).Fill(-1e9f);
        values[2 * columns + 1] = float.NegativeInfinity;
        for (int i = 3 * columns; i < 4 * columns; i++) values[i] += 1000;
        values[4 * columns] = 1e9f;
        Storage<float> logits = Kernels.Store(values), upstream = Kernels.Store([1f]);
        Storage<int> targets = Kernels.Store([1, 0, 0, 1, 0]);
        Storage<float> logSums = Kernels.Store(new float[Rows]), losses = Kernels.Store(new float[Rows]);
        Kernels.Reference.CrossEntropy(logits, columns, targets, losses, logSums);
        Kernels.AssertAgree(
            $"CrossEntropy of extreme logits, {columns} columns", Numbers.SumTolerance,
            (device, to) =>
            {
                device.CrossEntropy(logits, columns, targets, to[0], to[1]);
                device.CrossEntropyGradient(logits, columns, targets, logSums, upstream, to[2], accumulate: false);
            },
            new float[Rows], new float[Rows], new float[Rows * columns]);
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(2, 3)]
    [InlineData(0, 40)]
    [InlineData(17, 40)]
    [InlineData(39, 40)]
    public void NaN_stays_in_its_row(int place, int columns)
    {
        float[] values = Numbers.Normal(3 * columns, 1);
        values[columns + place] = float.NaN;
        Storage<float> x = Kernels.Store(values), ones = Kernels.Store([.. Enumerable.Repeat(1f, columns)]);
        Storage<int> targets = Kernels.Store([0, 0, 0]);
        foreach (Device device in Kernels.All)
        {
            GuardedMemory<float> y = new(values), statistics = new(new float[6]);
            GuardedMemory<float> losses = new(new float[3]), logSums = new(new float[3]);
            device.LayerNorm(x, ones, ones, columns, y.Storage, statistics.Storage);
            device.CrossEntropy(x, columns, targets, losses.Storage, logSums.Storage);
            for (int row = 0; row < 3; row++)
            {
                bool isNaN = row == 1;
                Assert.True(float.IsNaN(losses.Values[row]) == isNaN, $"{device.Description}: loss {row}");
                Assert.True(float.IsNaN(logSums.Values[row]) == isNaN, $"{device.Description}: sum {row}");
                for (int i = 0; i < columns; i++)
                    Assert.True(float.IsNaN(y.Values[row * columns + i]) == isNaN, $"{device.Description}: row {row}");
            }
        }
    }

    [Theory]
    [InlineData(7)]
    [InlineData(192)]
    public void A_row_has_the_same_bits_alone_and_among_others(int columns)
    {
        const int Rows = 150, Row = 149;
        float[] values = Numbers.Normal(Rows * columns, 1), gradients = Numbers.Normal(Rows * columns, 2);
        int[] targets = Numbers.Indices(Rows, columns, 3);
        foreach (Device device in Kernels.All)
        {
            float[][] all = Results(device, columns, values, gradients, targets);
            float[][] alone = Results(
                device, columns, values[(Row * columns)..], gradients[(Row * columns)..], targets[Row..]);
            for (int i = 0; i < all.Length; i++)
            {
                Assert.True(
                    Numbers.SameBits(alone[i], all[i].AsSpan(^alone[i].Length..)),
                    $"{device.Description}: result {i} of a row depends on the other rows");
            }
        }
    }

    /// <summary>y and its gradient, the statistics, and the losses and their sums.</summary>
    private static float[][] Results(Device device, int columns, float[] x, float[] gradY, int[] targets)
    {
        int rows = targets.Length;
        float[] parameters = Numbers.Normal(columns, 4);
        Storage<float> sX = Kernels.Store(x), gain = Kernels.Store(parameters), sums = Kernels.Store(parameters);
        GuardedMemory<float> y = new(x), gradX = new(x), statistics = new(new float[2 * rows]);
        GuardedMemory<float> losses = new(new float[rows]), logSums = new(new float[rows]);
        device.LayerNorm(sX, gain, gain, columns, y.Storage, statistics.Storage);
        device.LayerNormGradient(
            sX, gain, statistics.Storage, Kernels.Store(gradY), columns, gradX.Storage, accumulate: false, sums, true,
            sums, true);
        device.CrossEntropy(sX, columns, Kernels.Store(targets), losses.Storage, logSums.Storage);
        return [.. new[] { y, gradX, statistics, losses, logSums }.Select(memory => memory.Values.ToArray())];
    }
}
