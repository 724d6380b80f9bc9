using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Ops;

/// <summary>Compares operations on rows with their definitions in double precision.</summary>
public class RowOperationTests
{
    private const double Tolerance = 1e-6;

    /// <summary>Rows and columns: single, odd, and more than one item of work.</summary>
    public static TheoryData<int, int> Sizes =>
        new() { { 1, 1 }, { 1, 5 }, { 7, 1 }, { 5, 3 }, { 9, 16 }, { 700, 67 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void NormalizeRows_has_the_value_and_the_gradient_of_a_row_over_its_length(int rows, int columns)
    {
        float[] x = Numbers.Normal(rows * columns, 1), upstream = Numbers.Normal(rows * columns, 2);
        float[] expected = Rows(x, columns, row => Unit(row));
        float[] expectedGradient = Rows(x, upstream, columns, (row, up) =>
        {
            double[] unit = Unit(row);
            double length = Math.Sqrt(Dot(row, row)), along = Dot(unit, up);
            return [.. up.Select((value, i) => (value - unit[i] * along) / length)];
        });
        foreach (Device device in Kernels.All)
        {
            (float[] value, float[] gradient) = Run(
                device, x, upstream, columns, (_, variable) => variable.NormalizeRows());
            Check(expected, value, device, "value");
            // For a single element the gradient is 0, up to rounding.
            if (columns > 1) Check(expectedGradient, gradient, device, "gradient");
            else Assert.All(gradient, each => Assert.InRange(Math.Abs(each), 0, 1e-4));
        }
    }

    /// <summary>
    /// The rotation as a matrix: it maps the unit vector of x to that of e; its transpose maps the gradients.
    /// </summary>
    [Theory]
    [MemberData(nameof(Sizes))]
    public void RotateTo_has_the_gradient_of_the_rotation_and_scale_that_take_x_to_its_replacement(
        int rows, int columns)
    {
        float[] x = Numbers.Normal(rows * columns, 1), e = Numbers.Normal(rows * columns, 2);
        float[] upstream = Numbers.Normal(rows * columns, 3);
        // In one dimension the only rotation is the identity, so the signs must agree.
        if (columns == 1) e = [.. e.Zip(x, (to, from) => MathF.CopySign(to, from))];
        float[] expected = new float[x.Length];
        for (int start = 0; start < x.Length; start += columns)
        {
            double[] from = Doubles(x, start, columns), to = Doubles(e, start, columns);
            double[] up = Doubles(upstream, start, columns);
            double[,] rotation = Rotation(Unit(from), Unit(to));
            double scale = Math.Sqrt(Dot(to, to) / Dot(from, from));
            for (int i = 0; i < columns; i++)
            {
                double there = 0, back = 0;
                for (int j = 0; j < columns; j++)
                    (there, back) = (there + rotation[i, j] * from[j], back + rotation[j, i] * up[j]);
                Assert.Equal(to[i], scale * there, 1e-9);
                expected[start + i] = (float)(scale * back);
            }
        }
        foreach (Device device in Kernels.All)
        {
            (float[] value, float[] gradient) = Run(
                device, x, upstream, columns, (tape, variable) => variable.RotateTo(tape.Input(e, [rows, columns])));
            Assert.Equal(e, value);
            Check(expected, gradient, device, "gradient");
        }
    }

    [Theory]
    [InlineData(new float[] { 0, 0, 0 }, new float[] { 1, 2, 3 })]
    [InlineData(new float[] { 1, 2, 3 }, new float[] { 0, 0, 0 })]
    [InlineData(new float[] { 1, 2, 3 }, new float[] { -2, -4, -6 })]
    public void Where_no_rotation_is_defined_the_gradient_goes_straight_through(float[] x, float[] e)
    {
        float[] upstream = [1, -2, 5];
        foreach (Device device in Kernels.All)
        {
            (_, float[] gradient) = Run(
                device, x, upstream, 3, (tape, variable) => variable.RotateTo(tape.Input(e, [1, 3])));
            Check(upstream, gradient, device, "gradient");
        }
    }

    [Fact]
    public void A_row_of_zeros_stays_one_and_its_neighbours_are_normalized()
    {
        foreach (Device device in Kernels.All)
        {
            Tensor y = Tensor.From([0, 0, 3, 4], [2, 2], device).NormalizeRows();
            Assert.Equal([0, 0, 0.6f, 0.8f], y.ToArray());
        }
    }

    [Fact]
    public void Reshape_is_the_same_memory_and_hands_its_gradient_back()
    {
        using var tape = new Tape();
        Tensor x = tape.Variable([1, 2, 3, 4, 5, 6], [2, 3]);
        Tensor y = x.Reshape([3, 2]);
        Assert.Equal(new Shape(3, 2), y.Shape);
        Assert.True(x.AsSpan() == y.AsSpan(), "The value was copied.");
        Tensor first = y.MeanSquaredError(tape.Input([0, 0, 0, 0, 0, 12], [3, 2]));
        tape.Backward(first.Add(x.MeanSquaredError(tape.Input(new float[6], [2, 3]))));
        // 2 (x - target) / 6, for both uses.
        Assert.Equal(
            [2 / 3f, 4 / 3f, 2f, 8 / 3f, 10 / 3f, 0f], x.Gradient!.ToArray().Select(each => MathF.Round(each, 5)),
            (a, b) => Math.Abs(a - b) < 1e-4);
        Assert.Equal(x.Shape, x.Gradient.Shape);
        Assert.Throws<ArgumentException>(() => x.Reshape([4]));
    }

    [Fact]
    public void Reshape_without_a_tape_is_a_view_without_a_gradient()
    {
        Tensor weight = Tensor.From([1, 2, 3, 4, 5, 6], [2, 3]).AsParameter(), view = weight.Reshape([6]);
        Assert.Null(view.Tape);
        Assert.False(view.RequiresGradient);
        weight.Fill(7);
        Assert.Equal([7f, 7, 7, 7, 7, 7], view.ToArray());
    }

    [Fact]
    public void Operations_on_parameters_alone_are_recorded_on_the_tape_that_one_is_on()
    {
        Tensor weight = Tensor.From([1, 2], [2]).AsParameter(), other = Tensor.From([5, 7], [2]).AsParameter();
        using var tape = new Tape();
        Tensor onTape = weight.On(tape);
        Assert.Same(tape, onTape.Tape);
        Assert.True(weight.AsSpan() == onTape.AsSpan(), "The value was copied.");
        Assert.Same(onTape, onTape.On(tape));
        Assert.Same(weight, weight.On(null));
        tape.Backward(onTape.Reshape([1, 2]).Reshape([2]).Scale(3).MeanSquaredError(other));
        // 3 (3 x - y) and y - 3 x.
        Assert.Equal([-6f, -3], weight.Gradient!.ToArray());
        Assert.Equal([2f, 1], other.Gradient!.ToArray());

        using var silent = new Tape(recording: false);
        Assert.False(weight.On(silent).RequiresGradient);
        Assert.False(Tensor.From([1], [1]).On(tape).RequiresGradient);
    }

    private static (float[] Value, float[] Gradient) Run(
        Device device, float[] x, float[] upstream, int columns, Func<Tape, Tensor, Tensor> operation)
    {
        using var tape = new Tape(device);
        Tensor variable = tape.Variable(x, [x.Length / columns, columns]);
        Tensor y = operation(tape, variable);
        tape.Backward(GradientCheck.Loss(y, upstream));
        return (y.ToArray(), variable.Gradient!.ToArray());
    }

    private static void Check(float[] expected, float[] actual, Device device, string what)
    {
        // The target of the loss that gives the upstream gradient is rounded.
        double error = Numbers.RelativeError(expected, actual);
        double allowed = what == "value" ? Tolerance : GradientCheck.Tolerance;
        Assert.True(error <= allowed, $"{device.Description}: the {what} has a relative error of {error:E1}");
    }

    /// <summary>I - 2 r r^T + 2 e^ x^T with r the bisector of unit length.</summary>
    private static double[,] Rotation(double[] x, double[] e)
    {
        double[] r = Unit([.. x.Zip(e, (a, b) => a + b)]);
        var rotation = new double[x.Length, x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            for (int j = 0; j < x.Length; j++) rotation[i, j] = (i == j ? 1 : 0) - 2 * r[i] * r[j] + 2 * e[i] * x[j];
        }
        return rotation;
    }

    private static float[] Rows(float[] x, int columns, Func<double[], double[]> map) =>
        Rows(x, x, columns, (row, _) => map(row));

    private static float[] Rows(float[] x, float[] y, int columns, Func<double[], double[], double[]> map) =>
        [.. Enumerable.Range(0, x.Length / columns)
            .SelectMany(row => map(Doubles(x, row * columns, columns), Doubles(y, row * columns, columns)))
            .Select(value => (float)value)];

    private static double[] Doubles(float[] values, int start, int count) =>
        [.. values.Skip(start).Take(count).Select(value => (double)value)];

    private static double[] Unit(double[] x) => [.. x.Select(value => value / Math.Sqrt(Dot(x, x)))];

    private static double Dot(double[] x, double[] y) => x.Zip(y, (a, b) => a * b).Sum();
}
