namespace Tessera.Cuda.Tests;

public class SumKernelTests
{
    /// <summary>One element, fewer than threads, and more than one block.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(37)]
    [InlineData(9001)]
    public void MeanSquaredDifference_agrees(int length)
    {
        float[] x = Numbers.Normal(length, 1), y = Numbers.Normal(length, 2);
        Simulation.AssertAgree(
            $"MeanSquaredDifference of {length}", Numbers.SumTolerance,
            (bench, to) => bench.Device.MeanSquaredDifference(bench.Store(x), bench.Store(y), 0.7f, to[0]), [3]);
    }

    [Theory]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(1e30f, float.PositiveInfinity)]
    public void A_NaN_reaches_the_mean_and_an_overflow_gives_infinity(float spoilt, float expected)
    {
        float[] x = Numbers.Normal(41, 1);
        x[40] = spoilt;
        float actual = Simulation.Run(
            "MeanSquaredDifference", Simulation.Small,
            (bench, to) => bench.Device.MeanSquaredDifference(bench.Store(x), bench.Store(new float[41]), 1, to[0]),
            [0])[0][0];
        Assert.True(expected.Equals(actual), $"{spoilt} gives {actual}");
    }

    [Theory]
    [InlineData(0.25f)]
    [InlineData(1e6f)]
    public void ClipByNorm_agrees(float maxNorm) => Simulation.AssertAgree(
        $"ClipByNorm to {maxNorm}", Numbers.SumTolerance,
        (bench, to) => bench.Device.ClipByNorm([to[0], to[1]], maxNorm, to[2]),
        Numbers.Normal(4200, 1), Numbers.Normal(5, 2), [3]);

    /// <summary>One tensor more than a launch takes.</summary>
    [Fact]
    public void ClipByNorm_of_many_tensors_agrees() => Simulation.AssertAgree(
        "ClipByNorm of 17", Numbers.SumTolerance,
        (bench, to) => bench.Device.ClipByNorm(to[..^1], 0.7f, to[^1]),
        [.. Enumerable.Range(1, 17).Select(i => Numbers.Normal(4 * i, (ulong)i)), [3]]);

    [Fact]
    public void A_norm_beyond_float32_is_the_largest_number_and_clips()
    {
        float[][] results = Clip([3e38f, -3e38f], 1);
        Assert.Equal(float.MaxValue, results[1][0]);
        Assert.Equal(Math.Sqrt(0.5), results[0][0], 1e-6);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void A_number_that_is_not_finite_shows_in_the_norm_and_nothing_is_scaled(float spoilt)
    {
        float[] x = Numbers.Normal(41, 1);
        x[40] = spoilt;
        float[][] results = Clip(x, 0.1f);
        Assert.False(float.IsFinite(results[1][0]));
        Assert.True(Numbers.SameBits(x, results[0]), "the tensor was scaled");
    }

    [Fact]
    public void The_norm_of_no_tensors_is_zero() =>
        Assert.Equal(
            0,
            Simulation.Run(
                "ClipByNorm", Simulation.Small, (bench, to) => bench.Device.ClipByNorm([], 1, to[0]), [9])[0][0]);

    /// <summary>Few columns, as many as a group has, more; a row, and rows in two slices.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(37, 3)]
    [InlineData(5, 32)]
    [InlineData(3, 65)]
    [InlineData(300, 35)]
    public void ColumnSums_agrees(int rows, int columns)
    {
        float[] x = [.. Numbers.Normal(rows * columns, 1).Select(value => value + 1.3f)];
        foreach (bool accumulate in (bool[])[false, true])
        {
            Simulation.AssertAgree(
                $"ColumnSums of {rows}x{columns}, {accumulate}", Numbers.SumTolerance,
                (bench, to) => bench.Device.ColumnSums(bench.Store(x), rows, columns, to[0], accumulate),
                Numbers.Normal(columns, 2));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    public void Perplexity_and_smoothing_are_the_formulas_in_double_precision(int length)
    {
        float[] counts =
            [.. Numbers.Normal(length, 1).Select((value, k) => k % 3 == 1 ? 0 : MathF.Round(100 * value * value))];
        counts[0] = 5;
        foreach (float[] these in (float[][])[counts, new float[length], [.. counts.Select(_ => 3f)]])
        {
            Simulation.AssertAgree(
                $"Perplexity of {length}", 1e-7, (bench, to) => bench.Device.Perplexity(bench.Store(these), to[0]),
                [-1, -1]);
        }
        Simulation.AssertAgree(
            $"SmoothSizes of {length}", 1e-7,
            (bench, to) =>
            {
                bench.Device.SmoothSizes(bench.Store(counts), 1e-5, to[0]);
                bench.Device.SmoothSizes(to[1], 0.5, to[1]);
            },
            counts, counts);
    }

    /// <summary>The groups of a GPU, of eight warps.</summary>
    [Fact]
    public void Large_groups_agree()
    {
        float[] x = Numbers.Normal(4200, 1), y = Numbers.Normal(4200, 2);
        Simulation.AssertAgree(
            Simulation.Large, "MeanSquaredDifference of 4200", Numbers.SumTolerance,
            (bench, to) => bench.Device.MeanSquaredDifference(bench.Store(x), bench.Store(y), 0.7f, to[0]), [3]);
        Simulation.AssertAgree(
            Simulation.Large, "ColumnSums of 120x35", Numbers.SumTolerance,
            (bench, to) => bench.Device.ColumnSums(bench.Store(x), 120, 35, to[0], accumulate: false), new float[35]);
    }

    private static float[][] Clip(float[] x, float maxNorm) => Simulation.Run(
        "ClipByNorm", Simulation.Small, (bench, to) => bench.Device.ClipByNorm([to[0]], maxNorm, to[1]), x, [0]);
}
