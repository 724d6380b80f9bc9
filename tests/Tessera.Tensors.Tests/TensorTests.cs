using System.Numerics.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Tests;

public class TensorTests
{
    private static readonly float[] Six = [1, 2, 3, 4, 5, 6];

    [Fact]
    public void From_copies()
    {
        float[] values = [.. Six];
        Tensor tensor = Tensor.From(values, [2, 3]);
        values[0] = 100;
        Assert.Equal(Six, tensor.ToArray());
        Assert.Same(Device.Default, tensor.Device);
        Assert.Equal((new Shape(2, 3), false), (tensor.Shape, tensor.RequiresGradient));
        Assert.Contains("[2, 3]", tensor.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Zeros_clears_reused_memory()
    {
        Tensor.From([.. Enumerable.Repeat(7f, 1000)], [1000]).Fill(3);
        Assert.All(Tensor.Zeros([1000]).ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Wrap_shares_the_memory()
    {
        float[] values = [.. Six];
        Tensor tensor = Tensor.Wrap(values.AsMemory(1, 4), [2, 2]);
        values[1] = 100;
        Assert.Equal([100, 3, 4, 5], tensor.ToArray());
        tensor.Fill(-1);
        Assert.Equal([1, -1, -1, -1, -1, 6], values);
        Assert.Equal([-2, -2, -2, -2], tensor.Add(tensor).ToArray());
        var error = Assert.Throws<ArgumentException>(() => Tensor.Wrap(values, [2, 2]));
        Assert.Contains("6 values do not fill the shape [2, 2]", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(2, 3)]
    [InlineData(1, 3, 2)]
    [InlineData(1, 2, 1, 3)]
    public void Tensor_spans_come_in_and_go_out(params int[] sizes)
    {
        nint[] lengths = [.. sizes.Select(size => (nint)size)];
        Tensor tensor = Tensor.From(new ReadOnlyTensorSpan<float>(Six, lengths));
        Assert.Equal(new Shape(sizes), tensor.Shape);
        Assert.Equal(Six, tensor.ToArray());

        TensorSpan<float> span = tensor.AsTensorSpan();
        Assert.Equal(lengths, span.Lengths.ToArray());
        span[new nint[sizes.Length]] = 100;
        Assert.Equal([100, 2, 3, 4, 5, 6], tensor.ToArray());
        Assert.Equal(tensor.ToArray(), Tensor.From(tensor.AsTensorSpan()).ToArray());
    }

    /// <summary>A transposed view: rows one float apart, columns three.</summary>
    [Fact]
    public void A_strided_span_is_laid_out_in_row_major_order() =>
        Assert.Equal([1, 4, 2, 5, 3, 6], Tensor.From(new ReadOnlyTensorSpan<float>(Six, [3, 2], [1, 3])).ToArray());

    [Fact]
    public void A_scalar_is_a_span_of_one_element()
    {
        Tensor scalar = Tensor.From([5f], []);
        TensorSpan<float> span = scalar.AsTensorSpan();
        Assert.Equal(1, span.FlattenedLength);
        Assert.Equal(5, Tensor.From(span).Item());
    }

    [Fact]
    public void Spans_with_an_invalid_shape_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Tensor.From(new ReadOnlyTensorSpan<float>(Six, [1, 1, 1, 2, 3])));
        Assert.Throws<ArgumentException>(() => Tensor.From(new ReadOnlyTensorSpan<float>(Six, [2, 0])));
        Assert.Throws<ArgumentException>(() => Tensor.From(default(ReadOnlyTensorSpan<float>)));
    }

    [Fact]
    public void Lengths_are_checked_and_named()
    {
        Tensor tensor = Tensor.From(Six, [2, 3]);
        AssertSays(() => Tensor.From([1, 2], [3]), "2 values", "[3]");
        AssertSays(() => tensor.CopyFrom([1, 2, 3, 4, 5, 6, 7]), "7 values", "[2, 3]", "6 elements");
        AssertSays(() => tensor.CopyTo(new float[5]), "5 values", "[2, 3]", "6 elements");
        Assert.Equal(Six, tensor.ToArray());

        static void AssertSays(Action action, params string[] parts)
        {
            string message = Assert.Throws<ArgumentException>(action).Message;
            foreach (string part in parts) Assert.Contains(part, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Item_needs_exactly_one_element_of_any_rank()
    {
        Assert.Equal(3, Tensor.From([3f], []).Item());
        Assert.Equal(3, Tensor.From([3f], [1, 1]).Item());
        var error = Assert.Throws<InvalidOperationException>(() => Tensor.From(Six, [6]).Item());
        Assert.Contains("[6]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_parameter_is_the_same_memory_with_a_gradient_of_its_own()
    {
        Tensor tensor = Tensor.From(Six, [6]), parameter = tensor.AsParameter();
        Assert.True(parameter.RequiresGradient);
        Assert.False(tensor.RequiresGradient);
        parameter.AsSpan()[2] = -3;
        Assert.Equal([1, 2, -3, 4, 5, 6], tensor.ToArray());
        Assert.Null(parameter.Gradient);
    }

    [Fact]
    public void Operations_in_place_meet_hand_computed_examples()
    {
        Tensor average = Tensor.From([1, 2], [2]);
        average.MoveAverage(Tensor.From([3, 6], [2]), decay: 0.75);
        Assert.Equal([1.5f, 3f], average.ToArray());

        // 1 - 0.99f would be 0.00999999.
        Tensor fromZero = Tensor.From([0, 1, 2], [3]);
        fromZero.MoveAverage(Tensor.From([1, 0, 2], [3]), decay: 0.99);
        Assert.Equal([0.01f, 0.99f, 2], fromZero.ToArray());

        Tensor quotients = Tensor.From([7, 8, 7, 8, 7, 8], [3, 2]);
        Tensor.From(Six, [3, 2]).DivideRows(Tensor.From([2, 0, -1], [3]), quotients);
        Assert.Equal([0.5f, 1, 7, 8, -5, -6], quotients.ToArray());

        Tensor sums = Tensor.From([9, 9, 9, 9, 9, 9], [3, 2]), counts = Tensor.From([9, 9, 9], [3]);
        using Indices rows = Indices.From([1, 0, 1], [3], limit: 3);
        Tensor.From(Six, [3, 2]).SumRowsByIndex(rows, sums, counts);
        Assert.Equal([3, 4, 6, 8, 0, 0], sums.ToArray());
        Assert.Equal([1, 2, 0], counts.ToArray());

        // Epsilon 1: (1+1) / (3+3) * 3, and so on.
        counts.SmoothSizes(1, counts);
        Assert.Equal([1, 1.5f, 0.5f], counts.ToArray());

        Tensor unit = Tensor.Zeros([1, 2]);
        Tensor.From([3, -4], [1, 2]).NormalizeRows(unit);
        Assert.Equal([0.6f, -0.8f], unit.ToArray());
    }

    [Fact]
    public void Rows_of_a_table_are_replaced()
    {
        Tensor table = Tensor.From(Six, [3, 2]);
        using Indices rows = Indices.From([2, 0], [2], limit: 3);
        table.ScatterRows(rows, Tensor.From([-1, -2, -3, -4], [2, 2]));
        Assert.Equal([-3, -4, 3, 4, -1, -2], table.ToArray());
        Assert.Equal([-1, -2, -3, -4], table.GatherRows(rows).ToArray());
    }

    [Fact]
    public void The_use_of_indices_is_counted()
    {
        Tensor counts = Tensor.From([9, 9, 9, 9], [2, 2]), use = Tensor.Zeros([2]);
        using Indices indices = Indices.From([0, 2, 2, 0, 2, 0], [2, 3], limit: 3);
        indices.CountInto(counts);
        Assert.Equal([3, 0, 3, 0], counts.ToArray());
        counts.PerplexityInto(use);
        // Two indices, equally often.
        Assert.Equal(2, use.ToArray()[0], 1e-6);
        Assert.Equal(2, use.ToArray()[1]);
    }
}
