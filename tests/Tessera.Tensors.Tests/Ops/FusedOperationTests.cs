using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Ops;

/// <summary>
/// Compares convolutions and linear maps that add a tensor or apply a ReLU or GELU in their own pass with the separate
/// operations on the reference kernels. There, a scaling by 1 after each hides it from the next operation.
/// </summary>
public class FusedOperationTests
{
    // For a chain of three passes, each with an error of Numbers.SumTolerance. No input is near the kink of a ReLU.
    private const double Tolerance = 1e-5;

    private static readonly (float[] Values, Shape Shape)[] Inputs =
    [
        Input(1, 2, 9, 9, 20), Input(2, 12, 20, 3, 3), Input(3, 12), Input(4, 20, 12, 1, 1), Input(5, 20, 8, 4, 4),
        Input(6, 8), Input(7, 36, 8), Input(8, 36), Input(9, 8, 36),
    ];

    public static TheoryData<string, int> Devices
    {
        get
        {
            TheoryData<string, int> devices = new() { { "reference", 1 } };
            foreach ((string name, CpuDevice[] byThreads) in Kernels.FastConvolutions)
            {
                foreach (CpuDevice device in byThreads) devices.Add(name, device.Threads);
            }
            return devices;
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Values_and_gradients_are_those_of_the_operations_one_by_one(string name, int threads)
    {
        CpuDevice device = name == "reference"
            ? Kernels.Reference
            : Kernels.FastConvolutions.Single(kernels => kernels.Name == name)
                .ByThreads.Single(each => each.Threads == threads);
        float[][] expected = Run(Kernels.Reference, OneByOne), actual = Run(device, Fused);
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Numbers.RelativeError(expected[i], actual[i]);
            string what = i == 0 ? "the result" : $"the gradient of input {i - 1}, {Inputs[i - 1].Shape},";
            Assert.True(error <= Tolerance, $"{device.Description}, {name}: {what} is off by {error:E1}");
        }
    }

    [Fact]
    public void A_ReLU_of_a_ReLUs_result_is_that_result()
    {
        using var tape = new Tape();
        Tensor y = tape.Variable([-1, 2], [2]).Relu();
        Assert.Same(y, y.Relu());
    }

    [Fact]
    public void The_addend_must_have_the_results_shape()
    {
        using var tape = new Tape();
        Tensor x = tape.Input(new float[18], [1, 3, 3, 2]), weight = tape.Input(new float[36], [2, 2, 3, 3]);
        var error = Assert.Throws<ArgumentException>(
            () => x.Conv2d(weight, bias: null, stride: 1, padding: 0, addend: x));
        Assert.Contains("[1, 1, 1, 2]", error.Message, StringComparison.Ordinal);
        Assert.Contains("[1, 3, 3, 2]", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A residual block whose result is used twice, by a convolution and by an addition.</summary>
    private static Tensor Fused(Tensor[] x)
    {
        Tensor h = x[0].Relu();
        Tensor r = h.Conv2d(x[1], x[2], stride: 1, padding: 1, relu: true);
        Tensor y = r.Conv2d(x[3], bias: null, stride: 1, padding: 0, addend: h, relu: true);
        Tensor up = y.ConvTranspose2d(x[4], x[5], stride: 2, padding: 1, relu: true);
        Tensor wide = up.Linear(x[6], x[7], gelu: true);
        Tensor last = wide.Linear(x[8], addend: up);
        return up.MeanSquaredError(last).Add(wide.MeanSquaredError(wide.Scale(0.5f).Detach()))
            .Add(y.Scale(0.1f).Add(y).MeanSquaredError(h));
    }

    private static Tensor OneByOne(Tensor[] x)
    {
        Tensor h = x[0].Relu().Scale(1);
        Tensor r = h.Conv2d(x[1], x[2], stride: 1, padding: 1).Relu().Scale(1);
        Tensor y = r.Conv2d(x[3], bias: null, stride: 1, padding: 0).Add(h).Relu().Scale(1);
        Tensor up = y.ConvTranspose2d(x[4], x[5], stride: 2, padding: 1).Relu().Scale(1);
        Tensor wide = up.Linear(x[6], x[7]).Gelu().Scale(1);
        Tensor last = wide.Linear(x[8]).Add(up);
        return up.MeanSquaredError(last).Add(wide.MeanSquaredError(wide.Scale(0.5f).Detach()))
            .Add(y.Scale(0.1f).Add(y).MeanSquaredError(h));
    }

    private static float[][] Run(CpuDevice device, Func<Tensor[], Tensor> operation)
    {
        using var tape = new Tape(device);
        Tensor[] inputs = [.. Inputs.Select(input => tape.Variable(input.Values, input.Shape))];
        Tensor loss = operation(inputs);
        float[] value = loss.ToArray();
        tape.Backward(loss);
        return [value, .. inputs.Select(input => input.Gradient!.ToArray())];
    }

    private static (float[] Values, Shape Shape) Input(ulong stream, params int[] sizes)
    {
        var shape = new Shape(sizes);
        return (Numbers.Normal(shape.Length, stream), shape);
    }
}
