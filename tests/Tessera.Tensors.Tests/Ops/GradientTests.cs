using Tessera.Tensors.Autograd;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Ops;

public class GradientTests
{
    /// <summary>Shapes that fill no vector: batch 1, odd channels, maps of 1x1 and 5x7, and a scalar.</summary>
    public static TheoryData<int[]> Shapes =>
        new((int[][])[[], [1], [1, 1, 1, 3], [1, 5, 7, 3], [2, 5, 7, 1], [3, 17]]);

    /// <summary>Batch, height, width, in and out channels, kernel height and width, stride, padding.</summary>
    public static TheoryData<int[]> Convolutions => new((int[][])
    [
        [1, 1, 1, 1, 1, 1, 1, 1, 0],
        [1, 1, 1, 3, 5, 3, 3, 1, 1],
        [1, 1, 1, 5, 3, 4, 4, 2, 2],
        [1, 5, 7, 3, 5, 3, 3, 1, 1],
        [1, 5, 7, 2, 3, 4, 4, 2, 1],
        [2, 5, 7, 1, 3, 2, 2, 2, 0],
        [1, 5, 7, 7, 2, 1, 1, 1, 0],
        [2, 5, 7, 2, 2, 3, 1, 2, 0],
        [1, 5, 7, 2, 1, 1, 1, 3, 0],
    ]);

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void Conv2d(int[] c)
    {
        GradientCheck.Assert(
            (_, inputs) => inputs[0].Conv2d(inputs[1], inputs[2], c[7], c[8]),
            Input(1, c[0], c[1], c[2], c[3]), Input(2, c[4], c[3], c[5], c[6]), Input(3, c[4]));
        GradientCheck.Assert(
            (_, inputs) => inputs[0].Conv2d(inputs[1], bias: null, c[7], c[8]),
            Input(1, c[0], c[1], c[2], c[3]), Input(2, c[4], c[3], c[5], c[6]));
    }

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void ConvTranspose2d(int[] c)
    {
        // With padding 2, a 1x1 map under a kernel of 4 would give an empty result, so padding is 1 there.
        int padding = c[5] == 4 ? 1 : c[8];
        GradientCheck.Assert(
            (_, inputs) => inputs[0].ConvTranspose2d(inputs[1], inputs[2], c[7], padding),
            Input(1, c[0], c[1], c[2], c[3]), Input(2, c[3], c[4], c[5], c[6]), Input(3, c[4]));
        GradientCheck.Assert(
            (_, inputs) => inputs[0].ConvTranspose2d(inputs[1], bias: null, c[7], padding),
            Input(1, c[0], c[1], c[2], c[3]), Input(2, c[3], c[4], c[5], c[6]));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Relu(int[] sizes)
    {
        // No element is within a step of the kink.
        (float[] values, Shape shape) = Input(1, sizes);
        for (int i = 0; i < values.Length; i++)
            values[i] += values[i] < 0 ? -2 * GradientCheck.Step : 2 * GradientCheck.Step;
        // One element is positive, so that the gradient is not all zeros.
        values[0] = 1;
        GradientCheck.Assert((_, inputs) => inputs[0].Relu(), (values, shape));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Add(int[] sizes)
    {
        GradientCheck.Assert((_, inputs) => inputs[0].Add(inputs[1]), Input(1, sizes), Input(2, sizes));
        GradientCheck.Assert((_, inputs) => inputs[0].Add(inputs[0]), Input(1, sizes));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Scale(int[] sizes) => GradientCheck.Assert((_, inputs) => inputs[0].Scale(-0.37f), Input(1, sizes));

    [Theory]
    [MemberData(nameof(Shapes))]
    public void MeanSquaredError(int[] sizes) =>
        GradientCheck.Assert((_, inputs) => inputs[0].MeanSquaredError(inputs[1]), Input(1, sizes), Input(2, sizes));

    /// <summary>
    /// By definition the gradients are not those of the value, so they cannot be checked by differences: each side has
    /// the gradient of its own term. Both sides also get a gradient from another term, to which this one is added.
    /// </summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void MutualSquaredError(int[] sizes)
    {
        const float XWeight = 0.7f, YWeight = 0.2f;
        var shape = new Shape(sizes);
        foreach (var device in Kernels.All)
        {
            (float loss, float[] x, float[] y) = Backward((x, y) => x.MutualSquaredError(y, XWeight, YWeight));
            (float expectedLoss, float[] expectedX, float[] expectedY) = Backward((x, y) =>
                x.MeanSquaredError(y.Detach()).Scale(XWeight).Add(x.Detach().MeanSquaredError(y).Scale(YWeight)));
            Assert.Equal(1, loss / expectedLoss, 1e-6);
            Assert.True(Numbers.RelativeError(expectedX, x) <= 1e-6, $"{device.Description}: {shape}, dx");
            Assert.True(Numbers.RelativeError(expectedY, y) <= 1e-6, $"{device.Description}: {shape}, dy");

            (float Loss, float[] X, float[] Y) Backward(Func<Tensor, Tensor, Tensor> error)
            {
                using var tape = new Tape(device);
                Tensor x = tape.Variable(Numbers.Normal(shape.Length, 1), shape);
                Tensor y = tape.Variable(Numbers.Normal(shape.Length, 2), shape);
                Tensor loss = error(x, y);
                tape.Backward(loss.Add(x.MeanSquaredError(y.Scale(3))));
                return (loss.Item(), x.Gradient!.ToArray(), y.Gradient!.ToArray());
            }
        }
    }

    [Fact]
    public void MutualSquaredError_gives_no_gradient_to_a_side_that_requires_none()
    {
        using var tape = new Tape();
        Tensor x = tape.Variable([1, 5], [2]), y = tape.Input([3, 3], [2]);
        Tensor loss = y.MutualSquaredError(x, xWeight: 0, yWeight: 0.25f);
        Assert.Equal(1f, loss.Item());
        tape.Backward(loss);
        Assert.Equal([-0.5f, 0.5f], x.Gradient!.ToArray());
        Assert.Null(y.Gradient);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(5, 1, 3)]
    [InlineData(4, 35, 3)]
    [InlineData(70, 12, 17)]
    public void GatherRows(int tableRows, int rows, int columns)
    {
        int[] indices = Numbers.Indices(rows, tableRows, 8);
        GradientCheck.Assert(
            (tape, inputs) => inputs[0].GatherRows(tape.Indices(indices, [1, rows], tableRows)),
            Input(1, tableRows, columns));
    }

    /// <summary>By definition the gradient is not that of the value: x gets dy, the replacement nothing.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void StraightThrough(int[] sizes)
    {
        (float[] values, Shape shape) = Input(1, sizes);
        float[] replacements = Numbers.Normal(shape.Length, 2), upstream = Numbers.Normal(shape.Length, 3);
        foreach (var device in Kernels.All)
        {
            using var tape = new Tape(device);
            Tensor x = tape.Variable(values, shape), replacement = tape.Variable(replacements, shape);
            Tensor y = x.StraightThrough(replacement);
            Assert.Equal(replacements, y.ToArray());
            Assert.True(y.AsSpan() == replacement.AsSpan(), "The value was copied.");
            tape.Backward(GradientCheck.Loss(y, upstream));
            Assert.True(Numbers.RelativeError(upstream, x.Gradient!.ToArray()) <= GradientCheck.Tolerance);
            Assert.Null(replacement.Gradient);
        }
    }

    /// <summary>One input is used by several operations, and one weight by two.</summary>
    [Fact]
    public void Gradients_of_several_uses_add_up() =>
        GradientCheck.Assert(
            (_, inputs) =>
            {
                Tensor y = inputs[0].Conv2d(inputs[1], inputs[2], stride: 1, padding: 1);
                return y.Add(inputs[0].Scale(2)).Add(inputs[0].Conv2d(inputs[1], inputs[2], stride: 1, padding: 1));
            },
            Input(1, 1, 5, 7, 3), Input(2, 3, 3, 3, 3), Input(3, 3));

    /// <summary>With a gradient of the weights, one kernel computes both.</summary>
    [Fact]
    public void A_bias_has_a_gradient_without_one_of_the_weights() =>
        GradientCheck.Assert(
            (tape, inputs) => tape.Input(Numbers.Normal(45, 1), [1, 3, 5, 3]).Conv2d(
                tape.Input(Numbers.Normal(108, 2), [4, 3, 3, 3]), inputs[0], stride: 1, padding: 1),
            Input(3, 4));

    /// <summary>By hand: a kernel [[1, 2], [3, 4]] over a 2x3 map, not flipped, rows first.</summary>
    [Fact]
    public void Convolutions_meet_a_hand_computed_example()
    {
        Tensor x = Tensor.From([1, 2, 3, 4, 5, 6], [1, 2, 3, 1]), weight = Tensor.From([1, 2, 3, 4], [1, 1, 2, 2]);
        Tensor bias = Tensor.From([10], [1]);
        // 1*1 + 2*2 + 3*4 + 4*5 + 10 and 1*2 + 2*3 + 3*5 + 4*6 + 10.
        Assert.Equal([47f, 57f], x.Conv2d(weight, bias, stride: 1, padding: 0).ToArray());
        Tensor transposed = Tensor.From([1, 2], [1, 1, 2, 1]).ConvTranspose2d(
            weight, bias: null, stride: 2, padding: 0);
        Assert.Equal(new Shape(1, 2, 4, 1), transposed.Shape);
        Assert.Equal([1f, 2, 2, 4, 3, 4, 6, 8], transposed.ToArray());
    }

    private static (float[] Values, Shape Shape) Input(ulong stream, params int[] sizes)
    {
        var shape = new Shape(sizes);
        return (Numbers.Normal(shape.Length, stream), shape);
    }
}
