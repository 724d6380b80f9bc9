using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests.Ops;

/// <summary>
/// Compares gradients with central differences <c>(f(x + h) - f(x - h)) / 2h</c> of <c>f = sum of upstream * y</c>,
/// where the operation runs on the reference kernels and f is summed in double precision.
/// </summary>
/// <remarks>
/// Most operations are linear or quadratic in each single element of their inputs (ReLU: away from its kink), where
/// central differences are exact for any h. So h can be large, and the only error is the rounding of y to float32. For
/// the other ones, differences D of two steps cancel the term in h^2: <c>(4 D(h) - D(2h)) / 3</c> (Richardson).
/// </remarks>
internal static class GradientCheck
{
    /// <summary>The step h of the differences, as large as the inputs.</summary>
    public const float Step = 0.5f;

    /// <summary>
    /// The step of <see cref="AssertSmooth"/>: its fourth power, and 2^-24 divided by it, are below the tolerance.
    /// </summary>
    private const float SmoothStep = 1f / 32;

    /// <summary>
    /// The allowed relative root mean square error: the rounding of y (2^-24) relative to gradients down to a hundredth
    /// of y, and the rounding of the loss's target. A wrong formula gives an error of order 1.
    /// </summary>
    public const double Tolerance = 3e-5;

    /// <summary>Checks the gradients of an operation with respect to all its inputs, on every kernel.</summary>
    public static void Assert(
        Func<Tape, Tensor[], Tensor> operation, params (float[] Values, Shape Shape)[] inputs) =>
        Assert(operation, inputs, (i, upstream) => Differences(operation, inputs, i, upstream, Step));

    /// <summary>The same for operations that are not quadratic in a single element.</summary>
    public static void AssertSmooth(
        Func<Tape, Tensor[], Tensor> operation, params (float[] Values, Shape Shape)[] inputs) =>
        Assert(operation, inputs, (i, upstream) =>
        {
            double[] one = Differences(operation, inputs, i, upstream, SmoothStep);
            double[] two = Differences(operation, inputs, i, upstream, 2 * SmoothStep);
            return [.. one.Zip(two, (small, large) => (4 * small - large) / 3)];
        });

    private static void Assert(
        Func<Tape, Tensor[], Tensor> operation, (float[] Values, Shape Shape)[] inputs,
        Func<int, float[], double[]> differences)
    {
        float[] y = Forward(operation, inputs);
        float[] upstream = Numbers.Normal(y.Length, 77);
        float[][] expected =
        [
            .. Enumerable.Range(0, inputs.Length)
                .Select(i => differences(i, upstream).Select(difference => (float)difference).ToArray()),
        ];
        foreach (Device device in Kernels.All)
        {
            float[][] actual = Backward(device, operation, inputs, upstream);
            for (int i = 0; i < inputs.Length; i++)
            {
                double error = Numbers.RelativeError(expected[i], actual[i]);
                Xunit.Assert.True(
                    error <= Tolerance,
                    $"{device.Description}: the gradient of input {i}, {inputs[i].Shape}, "
                    + $"has a relative error of {error:E1}");
            }
        }
    }

    /// <summary>
    /// A loss whose gradient with respect to y is the upstream gradient: the mean squared error to a suitable target.
    /// </summary>
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

    private static double[] Differences(
        Func<Tape, Tensor[], Tensor> operation, (float[] Values, Shape Shape)[] inputs, int index, float[] upstream,
        float h)
    {
        double[] gradient = new double[inputs[index].Values.Length];
        for (int i = 0; i < gradient.Length; i++)
        {
            gradient[i] = (Probe(h) - Probe(-h)) / (2 * h);

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
