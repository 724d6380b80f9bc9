using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Ops;

/// <summary>Levels, softmax, entropies and columns.</summary>
public class LevelGradientTests
{
    [Fact]
    public void SquashColumns()
    {
        float[] bounds = [1.3f, 0.4f, -0.2f, 0.1f, 0.5f, 0, 0.5f, 0, 2];
        GradientCheck.AssertSmooth(
            (_, inputs) => inputs[0].SquashColumns(Tensor.From(bounds, [3, 3], inputs[0].Device)),
            (Numbers.Normal(7 * 3, 1), [7, 3]));
    }

    [Theory]
    [InlineData(1, 5, 2)]
    [InlineData(7, 3, 4)]
    [InlineData(40, 33, 17)]
    public void MeanOuterProduct(int rows, int first, int second) => GradientCheck.Assert(
        (_, inputs) => inputs[0].MeanOuterProduct(inputs[1]),
        (Numbers.Normal(rows * first, 1), [rows, first]), (Numbers.Normal(rows * second, 2), [rows, second]));

    [Fact]
    public void MeanOuterProduct_is_the_mean_over_the_rows()
    {
        using Tensor x = Tensor.From([1, 2, 3, 4], [2, 1, 2]), y = Tensor.From([5, 6], [2, 1, 1]);
        Assert.Equal([(5 + 18) / 2f, (10 + 24) / 2f], x.MeanOuterProduct(y).ToArray());
        Assert.Throws<ArgumentException>(() => x.MeanOuterProduct(Tensor.Zeros([3, 1, 1])));
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(4, 3)]
    public void Softmax(int rows, int columns) => GradientCheck.AssertSmooth(
        (_, inputs) => inputs[0].Softmax(0.7f), (Numbers.Normal(rows * columns, 1), [rows, columns]));

    [Theory]
    [InlineData(1, 5)]
    [InlineData(4, 3)]
    [InlineData(150, 300)]
    public void RowEntropy(int rows, int columns)
    {
        var weights = new EntropyWeights(0.3f, -0.8f);
        float[] p = [.. Numbers.Normal(rows * columns, 1).Select(value => 0.05f + Math.Abs(value))];
        AssertScalar(
            p, [rows, columns], x => x.RowEntropy(weights),
            x => weights.Row * x.Sum(Surprise) / rows + weights.Mean * MeansOf(x, columns).Sum(Surprise));

        static double Surprise(double p) => -p * Math.Log(p + 1e-10);
    }

    private static double[] MeansOf(double[] x, int columns)
    {
        double[] means = new double[columns];
        for (int i = 0; i < x.Length; i++) means[i % columns] += x[i] / (x.Length / columns);
        return means;
    }

    /// <summary>
    /// Compares an operation with one number as its result, and its gradient, with its formula. Differences are in
    /// double precision: a float32 mean over many elements hardly changes with a single one.
    /// </summary>
    private static void AssertScalar(
        float[] x, Shape shape, Func<Tensor, Tensor> operation, Func<double[], double> formula)
    {
        const double Step = 1e-4;
        double[] values = [.. x.Select(value => (double)value)];
        int[] some = [.. Enumerable.Range(0, x.Length).Where(i => i % Math.Max(1, x.Length / 60) == 0)];
        float[] expected =
        [
            .. some.Select(i =>
            {
                double[] up = [.. values], down = [.. values];
                up[i] += Step;
                down[i] -= Step;
                return (float)(0.7 * (formula(up) - formula(down)) / (2 * Step));
            }),
        ];
        foreach (Device device in Kernels.All)
        {
            using var tape = new Tape(device);
            Tensor input = tape.Variable(x, shape), result = operation(input);
            Assert.Equal(formula(values), result.Item(), 1e-5);
            tape.Backward(result.Scale(0.7f));
            float[] gradient = input.Gradient!.ToArray();
            double error = Numbers.RelativeError(expected, [.. some.Select(i => gradient[i])]);
            Assert.True(error <= GradientCheck.Tolerance, $"{device.Description}: {shape} is off by {error:E1}");
        }
    }

    [Fact]
    public void Columns_taken_and_joined() => GradientCheck.Assert(
        (_, inputs) => TensorOperations.JoinColumns(
            inputs[0].Columns(1, 2), inputs[1], inputs[0].Columns(0, 3), inputs[1]),
        (Numbers.Normal(2 * 3 * 4, 1), [2, 3, 4]), (Numbers.Normal(2 * 3 * 2, 2), [2, 3, 2]));

    [Fact]
    public void Columns_of_indices_are_joined_and_taken()
    {
        foreach (Device device in Kernels.All)
        {
            using Indices first = Indices.From([1, 2, 3], [3], 9, device);
            using Indices second = Indices.From([4, 5, 6], [3], 7, device);
            using Indices joined = TensorOperations.JoinColumns(first, second);
            Assert.Equal(new Shape(3, 2), joined.Shape);
            Assert.Equal(9, joined.Limit);
            Assert.Equal([1, 4, 2, 5, 3, 6], joined.ToArray());
            using Indices column = joined.Column(1);
            Assert.Equal([4, 5, 6], column.ToArray());
            Assert.Equal(new Shape(3), column.Shape);
            using Indices rows = joined.Reshape([1, 6]);
            using Indices columns = rows.Columns(1, 3);
            Assert.Equal((new Shape(1, 3), 9), (columns.Shape, columns.Limit));
            Assert.Equal([4, 2, 5], columns.ToArray());
        }
    }

    [Fact]
    public void Columns_that_are_not_there_are_refused()
    {
        using Tensor x = Tensor.Zeros([2, 3]);
        using Indices indices = Indices.From([0, 1], [2], 2);
        using Indices others = Indices.From([0, 1, 1], [3], 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => x.Columns(2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => x.Columns(-1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => x.Columns(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => indices.Column(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => indices.Columns(1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => indices.Columns(0, 0));
        Assert.Throws<ArgumentException>(() => TensorOperations.JoinColumns(indices, others));
        Assert.Throws<ArgumentException>(() => TensorOperations.JoinColumns(x, Tensor.Zeros([3, 3])));
        Assert.Throws<ArgumentException>(() => x.RoundToLevels(Tensor.Zeros([3, 2]), 4, out _));
        Assert.Throws<ArgumentException>(() => x.SquashColumns(Tensor.Zeros([2, 3])));
    }

    [Fact]
    public void Levels_round_half_way_to_the_even_one_and_clamp()
    {
        // Five levels of step 2 with the origin 2: -1, -0.5, 0, 0.5, 1.
        using Tensor grid = Tensor.From([5, 2, 2], [3, 1]);
        using Tensor x = Tensor.From([-9, -0.75f, -0.25f, 0.25f, 0.26f, 7, float.NaN], [7, 1]);
        Tensor y = x.RoundToLevels(grid, 5, out Indices codes);
        Assert.Equal([0, 0, 2, 2, 3, 4, 0], codes.ToArray());
        Assert.Equal([-1, -1, 0, 0, 0.5f, 1, float.NaN], y.ToArray());
    }

    /// <summary>The draws of a Gumbel-softmax at a low temperature have the probabilities of the logits.</summary>
    [Fact]
    public void Gumbel_noise_draws_by_the_probabilities()
    {
        const int Rows = 20_000;
        double[] p = [0.6, 0.3, 0.1];
        float[] logits = [.. Enumerable.Range(0, Rows).SelectMany(_ => p.Select(each => (float)Math.Log(each)))];
        foreach (Device device in Kernels.All)
        {
            using Tensor x = Tensor.From(logits, [Rows, 3], device);
            using Indices update = Indices.From([5], [1], 9, device);
            using Tensor y = x.Softmax(0.01f, new NoiseSource(3, 1UL << 60, update.Storage));
            using Indices drawn = y.LargestColumns();
            int[] codes = drawn.ToArray();
            for (int k = 0; k < 3; k++)
            {
                double share = codes.Count(code => code == k) / (double)Rows;
                double deviation = Math.Sqrt(p[k] * (1 - p[k]) / Rows);
                Assert.InRange(share, p[k] - 4 * deviation, p[k] + 4 * deviation);
            }
        }
    }
}
