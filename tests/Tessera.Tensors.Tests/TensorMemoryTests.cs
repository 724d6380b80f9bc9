using Tessera.Tensors.Autograd;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests;

/// <summary>Who owns a tensor's memory, what shares it, and what its gradient adds up to.</summary>
public class TensorMemoryTests
{
    private static readonly float[] Six = [1, 2, 3, 4, 5, 6];

    [Fact]
    public void A_disposed_tensor_and_its_views_cannot_be_used()
    {
        Tensor tensor = Tensor.From(Six, [3, 2]), parameter = tensor.AsParameter();
        Tensor[] all =
            [tensor, parameter, tensor.Detach(), tensor.Rows(1, 2), tensor.Rows(0, 2).Rows(1, 1), tensor.Reshape([6])];
        tensor.Dispose();
        foreach (Tensor view in all)
        {
            var error = Assert.Throws<ObjectDisposedException>(() => view.ToArray());
            Assert.Contains("the tensor disposed; copy the values out before", error.Message, StringComparison.Ordinal);
            Assert.Throws<ObjectDisposedException>(() => view.Fill(0));
            Assert.Throws<ObjectDisposedException>(() => view.CopyFrom(new float[view.Shape.Length]));
            Assert.Throws<ObjectDisposedException>(() => view.Scale(2));
            Assert.Throws<ObjectDisposedException>(() => view.AsSpan());
        }
        tensor.Dispose();
        parameter.Dispose();
    }

    [Fact]
    public void Disposing_a_parameter_frees_its_gradient()
    {
        Tensor weight = Tensor.From([1f, 2f], [2]).AsParameter();
        using var tape = new Tape();
        tape.Backward(weight.MeanSquaredError(tape.Input([0, 0], [2])));
        Tensor gradient = weight.Gradient!;
        weight.Dispose();
        Assert.Null(weight.Gradient);
        Assert.Throws<ObjectDisposedException>(() => gradient.ToArray());
    }

    [Fact]
    public void A_tensor_of_a_tape_is_freed_by_the_tape_alone()
    {
        var tape = new Tape();
        Tensor x = tape.Input(Six, [3, 2]), rows = x.Rows(1, 1);
        x.Dispose();
        rows.Dispose();
        Assert.Equal([3f, 4], rows.ToArray());
        Assert.Equal(Six, x.ToArray());
        tape.Reset();
        // The memory may belong to the next step now.
        Assert.Throws<ObjectDisposedException>(() => rows.ToArray());
    }

    [Fact]
    public void Wrapped_memory_outlives_its_tensor()
    {
        float[] values = [.. Six];
        Tensor tensor = Tensor.Wrap(values, [6]);
        tensor.Fill(3);
        tensor.Dispose();
        Assert.All(values, value => Assert.Equal(3, value));
        Assert.Throws<ObjectDisposedException>(() => tensor.ToArray());
    }

    [Fact]
    public void Rows_are_a_view_of_the_outermost_size()
    {
        using Tensor x = Tensor.From([.. Enumerable.Range(0, 24).Select(i => (float)i)], [4, 3, 2]);
        Tensor rows = x.Rows(1, 2);
        Assert.Equal(new Shape(2, 3, 2), rows.Shape);
        Assert.Equal(Enumerable.Range(6, 12).Select(i => (float)i), rows.ToArray());
        Assert.Equal([12f, 13, 14, 15, 16, 17], rows.Rows(1, 1).ToArray());
        rows.Fill(-1);
        Assert.Equal([5f, -1, -1], x.ToArray()[5..8]);
        Assert.Equal([-1f, 18], x.ToArray()[17..19]);
        // A view is not the owner: disposing one frees nothing.
        foreach (Tensor view in (Tensor[])[rows, x.Detach(), x.Reshape([24]), x.WithoutTape()]) view.Dispose();
        Assert.Equal(12, rows.ToArray().Length);
        Assert.Equal(24, x.ToArray().Length);
        Assert.Equal(x.Shape, x.Rows(0, 4).Shape);
        Assert.Equal([2f], Tensor.From([1, 2, 3], [3]).Rows(1, 1).ToArray());
    }

    [Fact]
    public void No_gradient_flows_through_rows()
    {
        using var tape = new Tape();
        Tensor x = tape.Variable(Six, [3, 2]);
        Assert.False(x.Rows(0, 1).RequiresGradient);
        Assert.Same(tape, x.Rows(0, 1).Tape);
        Assert.False(Tensor.From(Six, [6]).AsParameter().Rows(2, 1).RequiresGradient);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 0)]
    [InlineData(0, 4)]
    [InlineData(3, 1)]
    [InlineData(2, int.MaxValue)]
    [InlineData(int.MaxValue, 1)]
    public void Rows_that_there_are_not_are_refused(int start, int count) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Tensor.From(Six, [3, 2]).Rows(start, count));

    [Fact]
    public void A_tensor_is_copied_without_the_host()
    {
        using var device = new CountingDevice();
        Tensor from = Tensor.From(Six, [2, 3], device), to = Tensor.Zeros([6], device);
        int uploads = device.Uploads;
        to.CopyFrom(from);
        Assert.Equal((uploads, 0), (device.Uploads, device.Downloads));
        Assert.Equal(Six, to.ToArray());
        from.Fill(0);
        Assert.Equal(Six, to.ToArray());

        var length = Assert.Throws<ArgumentException>(() => to.CopyFrom(Tensor.Zeros([5], device)));
        Assert.Contains("5 values do not fit the shape [6]", length.Message, StringComparison.Ordinal);
        var devices = Assert.Throws<ArgumentException>(() => to.CopyFrom(Tensor.Zeros([6], Kernels.Reference)));
        Assert.Contains("different devices", devices.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gradients_that_are_added_add_up_until_they_are_cleared()
    {
        foreach (var device in Kernels.All)
        {
            using Tensor weight = Tensor.From([1f, 2, 3], [3], device).AsParameter();
            using Tensor gradient = Tensor.From([0.5f, -1, 4], [3], device);
            weight.AddGradient(gradient);
            Assert.Equal([0.5f, -1, 4], weight.Gradient!.ToArray());
            weight.AddGradient(gradient);
            Assert.Equal([1f, -2, 8], weight.Gradient!.ToArray());
            weight.ClearGradient();
            Assert.Null(weight.Gradient);
            weight.AddGradient(gradient);
            Assert.Equal([0.5f, -1, 4], weight.Gradient!.ToArray());
            // The gradient was copied.
            gradient.Fill(0);
            Assert.Equal([0.5f, -1, 4], weight.Gradient!.ToArray());
        }
    }

    [Fact]
    public void A_gradient_has_the_tensors_shape_and_goes_where_one_is_required()
    {
        Tensor plain = Tensor.From([1f, 2], [2]);
        plain.AddGradient(Tensor.From([1f, 1], [2]));
        Assert.Null(plain.Gradient);
        var error = Assert.Throws<ArgumentException>(
            () => plain.AsParameter().AddGradient(Tensor.From([1f, 1], [1, 2])));
        Assert.Contains("[2]", error.Message, StringComparison.Ordinal);
        Assert.Contains("[1, 2]", error.Message, StringComparison.Ordinal);
    }
}
