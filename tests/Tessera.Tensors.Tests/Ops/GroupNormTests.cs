using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Ops;

/// <summary>The gradients of group normalisation, and what it refuses.</summary>
public class GroupNormTests
{
    [Theory]
    [InlineData(1, 3, 4)]
    [InlineData(3, 2, 5, 6)]
    [InlineData(2, 2, 2, 3, 16)]
    [InlineData(1, 1, 7)]
    public void Gradients_are_those_of_differences(int groups, params int[] sizes)
    {
        (float[] Values, Shape Shape) x = Input(1, sizes);
        // Wide apart, so that a step is small beside the deviation of a group.
        for (int i = 0; i < x.Values.Length; i++) x.Values[i] *= 3;
        int channels = sizes[^1];
        GradientCheck.AssertSmooth(
            (_, inputs) => inputs[0].GroupNorm(inputs[1], inputs[2], groups), x, Input(2, channels),
            Input(3, channels));
        // Several uses of x, gain and bias: the gradients add up.
        GradientCheck.AssertSmooth(
            (_, inputs) => inputs[0].GroupNorm(inputs[1], inputs[2], groups)
                .Add(inputs[0].GroupNorm(inputs[1], inputs[2], groups)).Add(inputs[0]),
            x, Input(2, channels), Input(3, channels));
    }

    /// <summary>The ReLU in the same pass is the ReLU behind it, forward and backward.</summary>
    [Fact]
    public void The_fused_ReLU_has_the_bits_of_the_separate_one()
    {
        (float[] values, Shape shape) = Input(1, 2, 3, 5, 18);
        foreach (Device device in Kernels.All)
        {
            float[][] fused = Run((x, gain, bias) => x.GroupNorm(gain, bias, 3, relu: true));
            float[][] separate = Run((x, gain, bias) => x.GroupNorm(gain, bias, 3).Relu());
            for (int i = 0; i < fused.Length; i++)
                Assert.True(Numbers.SameBits(fused[i], separate[i]), $"{device.Description}: result {i} differs");

            float[][] Run(Func<Tensor, Tensor, Tensor, Tensor> operation)
            {
                using var tape = new Tape(device);
                Tensor x = tape.Variable(values, shape), gain = tape.Variable(Numbers.Normal(18, 2), [18]);
                Tensor bias = tape.Variable(Numbers.Normal(18, 3), [18]), y = operation(x, gain, bias);
                tape.Backward(y.WithGradient(Numbers.Normal(values.Length, 4)));
                return [y.ToArray(), x.Gradient!.ToArray(), gain.Gradient!.ToArray(), bias.Gradient!.ToArray()];
            }
        }
    }

    [Theory]
    [InlineData(4, 6, 6)]
    [InlineData(7, 6, 6)]
    [InlineData(2, 5, 6)]
    [InlineData(2, 6, 7)]
    public void Sizes_that_do_not_fit_are_refused(int groups, int gains, int biases)
    {
        using Tensor x = Tensor.Zeros([2, 3, 6]), gain = Tensor.Zeros([gains]), bias = Tensor.Zeros([biases]);
        Assert.Throws<ArgumentException>(() => x.GroupNorm(gain, bias, groups));
        Assert.Throws<ArgumentOutOfRangeException>(() => x.GroupNorm(gain, bias, 0));
        using Tensor row = Tensor.Zeros([6]);
        Assert.Throws<ArgumentException>(() => row.GroupNorm(row, row, 2));
    }

    private static (float[] Values, Shape Shape) Input(ulong stream, params int[] sizes)
    {
        var shape = new Shape(sizes);
        return (Numbers.Normal(shape.Length, stream), shape);
    }
}
