using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Ops;

/// <summary>
/// Compares gradients with central differences <c>(f(x + h) - f(x - h)) / 2h</c> of <c>f = sum of upstream * y</c>, where
/// the operation runs on the reference kernels and f is summed in double precision.
/// </summary>
/// <remarks>
/// Every operation here is linear or quadratic in each single element of its inputs (relu: between its kinks), where
/// central differences are exact for any h. So h can be large, and all that is left of the usual error is the
/// rounding of y to float32.
/// </remarks>
internal static class GradientCheck
{
    /// <summary>The width of the differences: of the size of the inputs.</summary>
    public const float Step = 0.5f;

    /// <summary>
    /// The allowed relative root mean square error: a rounding of y (2^-24) over gradients as much as a hundredth of
    /// it, and the target of the loss, rounded too. A wrong formula is off by whole parts of 1.
    /// </summary>
    public const double Tolerance = 3e-5;

    /// <summary>Checks the gradients of an operation with respect to all its inputs, on every kernel.</summary>
    public static void Assert(Func<Tape, Tensor[], Tensor> operation, params (float[] Values, Shape Shape)[] inputs)
    {
        float[] y = Forward(operation, inputs);
        float[] upstream = Numbers.Normal(y.Length, 77);
        float[][] expected = [.. Enumerable.Range(0, inputs.Length).Select(i => Differences(operation, inputs, i, upstream))];
        foreach (Device device in Kernels.All)
        {
            float[][] actual = Backward(device, operation, inputs, upstream);
            for (int i = 0; i < inputs.Length; i++)
            {
                double error = Numbers.RelativeError(expected[i], actual[i]);
                Xunit.Assert.True(
                    error <= Tolerance,
                    $"{device.Description}: the gradient of input {i}, {inputs[i].Shape}, is off by {error:E1} of its size");
            }
        }
    }

    /// <summary>A loss whose gradient with respect to y is the upstream: the mean square of y to a target beside it.</summary>
    public static Tensor Loss(Tensor y, ReadOnlySpan<float> upstream)
    {
        float[] target = y.ToArray();
        for (int i = 0; i < target.Length; i++) target[i] -= upstream[i] * target.Length / 2;
        return y.MeanSquaredError(y.Tape!.Input(target, y.Shape));
    }

    private static float[][] Backward(
        Device device, Func<Tape, Tensor[], Tensor> operation, (float[] Values, Shape Shape)[] inputs, float[] upstream)
    {
        using var tape = new Tape(device);
        Tensor[] variables = [.. inputs.Select(input => tape.Variable(input.Values, input.Shape))];
        tape.Backward(Loss(operation(tape, variables), upstream));
        return [.. variables.Select(variable => variable.Gradient!.ToArray())];
    }

    private static float[] Differences(
        Func<Tape, Tensor[], Tensor> operation, (float[] Values, Shape Shape)[] inputs, int index, float[] upstream)
    {
        float[] gradient = new float[inputs[index].Values.Length];
        for (int i = 0; i < gradient.Length; i++)
        {
            gradient[i] = (float)((Probe(Step) - Probe(-Step)) / (2 * Step));

            double Probe(float step)
            {
                (float[] Values, Shape Shape)[] moved = [.. inputs];
                moved[index].Values = [.. inputs[index].Values];
                moved[index].Values[i] += step;
                float[] y = Forward(operation, moved);
                double sum = 0;
                for (int k = 0; k < y.Length; k++) sum += (double)upstream[k] * y[k];
                return sum;
            }
        }
        return gradient;
    }

    private static float[] Forward(Func<Tape, Tensor[], Tensor> operation, (float[] Values, Shape Shape)[] inputs)
    {
        using var tape = new Tape(Kernels.Reference, recording: false);
        return operation(tape, [.. inputs.Select(input => tape.Input(input.Values, input.Shape))]).ToArray();
    }
}
