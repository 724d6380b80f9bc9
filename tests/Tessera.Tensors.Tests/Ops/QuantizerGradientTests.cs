using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Ops;

/// <summary>The operations of quantizers without a nearest-neighbour search, and of cells with several codes.</summary>
public class QuantizerGradientTests
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
    [InlineData(1, 5)]
    [InlineData(7, 3)]
    public void BitEntropy(int rows, int columns) => GradientCheck.AssertSmooth(
        (_, inputs) => inputs[0].BitEntropy(new EntropyWeights(0.3f, -0.8f, 1.5f)).Add(
            inputs[0].BitEntropy(new EntropyWeights(0.5f, 0))),
        (Numbers.Normal(rows * columns, 1), [rows, columns]));

    [Theory]
    [InlineData(1, 5)]
    [InlineData(4, 3)]
    public void Softmax_and_its_entropy(int rows, int columns)
    {
        GradientCheck.AssertSmooth(
            (_, inputs) => inputs[0].Softmax(0.7f), (Numbers.Normal(rows * columns, 1), [rows, columns]));
        GradientCheck.AssertSmooth(
            (_, inputs) => inputs[0].Softmax(1).RowEntropy(new EntropyWeights(0.3f, -0.8f)),
            (Numbers.Normal(rows * columns, 1), [rows, columns]));
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
