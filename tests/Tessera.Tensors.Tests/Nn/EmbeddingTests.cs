using Tessera.Tensors.Autograd;
using Tessera.Tensors.Nn;

namespace Tessera.Tensors.Tests.Nn;

public sealed class EmbeddingTests
{
    [Fact]
    public void Indices_are_looked_up_and_gradients_are_summed_for_each_row()
    {
        using var table = new Embedding(3, 2, new Initializer(seed: 1), deviation: 1);
        table.Weight.CopyFrom([1, 2, 3, 4, 5, 6]);
        using var tape = new Tape(table.Weight.Device);
        Tensor y = table.Forward(tape.Indices([2, 0, 2, 2], [2, 2], limit: 3));
        Assert.Equal([2, 2, 2], y.Shape.ToArray());
        Assert.Equal([5f, 6, 1, 2, 5, 6, 5, 6], y.ToArray());
        tape.Backward(y.WithGradient([1, 2, 3, 4, 5, 6, 7, 8]));
        Assert.Equal([3f, 4, 0, 0, 13, 16], table.Weight.Gradient!.ToArray());
    }

    [Fact]
    public void Its_vectors_start_as_normal_numbers_of_the_deviation()
    {
        using var table = new Embedding(200, 50, new Initializer(seed: 1), deviation: 0.02f);
        double[] values = [.. table.Weight.ToArray().Select(value => (double)value)];
        // Of 10,000 numbers, the deviation is known to 0.7%.
        Assert.Equal(0.02, Math.Sqrt(values.Average(value => value * value)), 0.0006);
        Assert.Equal(0, values.Average(), 0.0008);
        Assert.Equal(["weight"], table.State().Select(entry => entry.Name));
    }

    [Fact]
    public void Indices_that_may_be_no_row_are_refused()
    {
        using var table = new Embedding(3, 2, new Initializer(seed: 1), deviation: 1);
        using Indices indices = Indices.From([0], [1], limit: 4);
        Assert.Throws<ArgumentException>(() => table.Forward(indices));
    }
}
