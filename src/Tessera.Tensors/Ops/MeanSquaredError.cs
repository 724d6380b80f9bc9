using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Mean squared error over all n elements: <c>L = sum of (x - y)^2 / n</c>.
    /// Backward: <c>dx = dL * 2 (x - y) / n</c>, <c>dy = -dx</c>; use <see cref="Tensor.Detach"/> to stop one of them.
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <param name="y">The shape of x.</param>
    /// <returns>A scalar, shape <c>[]</c>.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor MeanSquaredError(this Tensor x, Tensor y) =>
        SquaredError(x, y, weight: 1, xWeight: 1, yWeight: 1);

    /// <summary>
    /// Two mean squared errors over all n elements, one that moves x to y and one that moves y to x, each with its own
    /// weight (van den Oord et al. 2017, the last two terms of equation 3): with <c>|.|^2</c> the mean of squares,
    /// <c>L = xWeight * |x - sg[y]|^2 + yWeight * |sg[x] - y|^2</c>.
    /// Backward: <c>dx = dL * 2 xWeight (x - y) / n</c>, <c>dy = dL * 2 yWeight (y - x) / n</c>.
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <param name="y">The shape of x.</param>
    /// <param name="xWeight">The weight of the term that moves x.</param>
    /// <param name="yWeight">The weight of the term that moves y.</param>
    /// <returns>A scalar, shape <c>[]</c>.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor MutualSquaredError(this Tensor x, Tensor y, float xWeight, float yWeight) =>
        SquaredError(x, y, xWeight + yWeight, xWeight, yWeight);

    /// <summary>The mean times a weight; the gradients have weights of their own. One pass each.</summary>
    private static Tensor SquaredError(Tensor x, Tensor y, float weight, float xWeight, float yWeight)
    {
        CheckSameShape(x, y);
        Tensor loss = Tape.Result([], x, y);
        Device device = loss.Device;
        device.MeanSquaredDifference(x.Storage, y.Storage, weight, loss.Storage);
        return Tape.Record(loss, gradLoss =>
        {
            SquaredErrorSide xSide = Side(x, xWeight);
            // Where x is y, both gradients are zeros: one is enough.
            SquaredErrorSide ySide = x == y ? default : Side(y, yWeight);
            device.SquaredErrorGradients(x.Storage, y.Storage, gradLoss.Storage, xSide, ySide);
        });
    }

    private static SquaredErrorSide Side(Tensor tensor, float weight)
    {
        if (!tensor.RequiresGradient) return default;
        Storage<float> gradient = tensor.Slot.Target(out bool accumulate);
        return new SquaredErrorSide(gradient, weight, accumulate);
    }
}
