using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Ops;

/// <summary>Gradients of what losses are made of, beside differences in double precision.</summary>
public class LossGradientTests
{
    // Far from each other, so that a step of the differences changes no order.
    private static readonly float[] Spread = [.. Numbers.Indices(2 * 4 * 6 * 3, 1 << 20, 1).Select(
        (value, i) => 3f * ((i * 37) % 144) + value * 1e-7f)];

    [Theory]
    [InlineData(2, 2, 0)]
    [InlineData(3, 1, 1)]
    [InlineData(3, 2, 1)]
    public void Poolings(int kernel, int stride, int padding)
    {
        GradientCheck.Assert((_, x) => x[0].MaxPool(kernel, stride, padding).Scale(0.01f), (Spread, [2, 4, 6, 3]));
        GradientCheck.Assert((_, x) => x[0].AveragePool(kernel, stride, padding), Random([2, 4, 6, 3], 1));
    }

    [Fact]
    public void Means()
    {
        GradientCheck.Assert((_, x) => x[0].MapMeans(), Random([2, 4, 6, 3], 1));
        GradientCheck.Assert((_, x) => x[0].Mean(), Random([3, 7], 1));
    }

    [Fact]
    public void Products_and_quotients()
    {
        GradientCheck.Assert((_, x) => x[0].Multiply(x[1]), Random([3, 7], 1), Random([3, 7], 2));
        GradientCheck.Assert((_, x) => x[0].Multiply(x[0]), Random([3, 7], 1));
        (float[] values, Shape shape) = Random([3, 7], 2);
        GradientCheck.AssertSmooth(
            (_, x) => x[0].Divide(x[1]), Random([3, 7], 1),
            ([.. values.Select(value => 1.5f + Math.Abs(value))], shape));
    }

    [Fact]
    public void Distances()
    {
        // Away from the kink at equal elements.
        (float[] x, Shape shape) = Random([3, 7], 1);
        float[] y = [.. x.Select((value, i) => value + (i % 2 == 0 ? 2 : -2))];
        GradientCheck.Assert((_, inputs) => inputs[0].MeanAbsoluteError(inputs[1]), (x, shape), (y, shape));
        GradientCheck.AssertSmooth(
            (_, inputs) => inputs[0].UnitRowDistance(inputs[1]), Random([1, 17], 1), Random([1, 17], 2));
    }

    [Fact]
    public void A_distance_of_unit_rows_is_that_of_normalized_rows()
    {
        (float[] x, Shape shape) = Random([5, 3, 17], 1);
        using var tape = new Tape(Kernels.Reference, recording: false);
        Tensor left = tape.Input(x, shape), right = tape.Input(Random(shape, 2).Values, shape);
        float expected = 17 * left.NormalizeRows().MeanSquaredError(right.NormalizeRows()).Item();
        Assert.Equal(expected, left.UnitRowDistance(right).Item(), 1e-6);
    }

    [Fact]
    public void Where_elements_are_equal_the_absolute_error_has_no_gradient()
    {
        foreach (Device device in Kernels.All)
        {
            using var tape = new Tape(device);
            Tensor x = tape.Variable([1f, 2, 3], [3]);
            Tensor error = x.MeanAbsoluteError(tape.Input([1f, 1, 5], [3]));
            Assert.Equal(1, error.Item());
            tape.Backward(error);
            Assert.Equal([0, 1 / 3f, -1 / 3f], x.Gradient!.ToArray());
        }
    }

    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(2, 0, 0)]
    [InlineData(2, 1, -1)]
    [InlineData(2, 1, 2)]
    [InlineData(9, 1, 0)]
    public void Windows_that_do_not_fit_are_refused(int kernel, int stride, int padding)
    {
        Tensor x = Tensor.Zeros([1, 4, 4, 2]);
        Assert.ThrowsAny<ArgumentException>(() => x.MaxPool(kernel, stride, padding));
        Assert.ThrowsAny<ArgumentException>(() => x.AveragePool(kernel, stride, padding));
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        Tensor x = Tensor.Zeros([2, 3]), y = Tensor.Zeros([3, 2]);
        Assert.Throws<ArgumentException>(() => x.Multiply(y));
        Assert.Throws<ArgumentException>(() => x.Divide(y));
        Assert.Throws<ArgumentException>(() => x.MeanAbsoluteError(y));
        Assert.Throws<ArgumentException>(() => x.UnitRowDistance(y));
        Assert.Throws<ArgumentException>(() => x.MaxPool(1, 1));
        Assert.Throws<ArgumentException>(() => x.MapMeans());
    }

    private static (float[] Values, Shape Shape) Random(Shape shape, ulong stream) =>
        (Numbers.Normal(shape.Length, stream), shape);
}
