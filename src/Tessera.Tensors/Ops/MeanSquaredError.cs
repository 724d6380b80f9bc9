using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Mean squared error over all n elements: <c>L = sum of (x - y)^2 / n</c>.
    /// Backward: <c>dx = dL * 2 (x - y) / n</c>, <c>dy = -dx</c>; <see cref="Tensor.Detach"/> stops either.
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <param name="y">The shape of x.</param>
    /// <returns>A scalar, shape <c>[]</c>.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor MeanSquaredError(this Tensor x, Tensor y)
    {
        CheckSameShape(x, y);
        Tensor loss = Tape.Result([], x, y);
        Device device = loss.Device;
        int count = x.Shape.Length;
        loss.Fill((float)(device.SumOfSquaredDifferences(x.Storage, y.Storage) / count));
        return Tape.Record(loss, gradLoss =>
        {
            float scale = gradLoss.Item() * 2 / count;
            if (x.RequiresGradient)
                device.ScaledDifference(x.Storage, y.Storage, scale, x.GradientTarget(out bool accumulate), accumulate);
            if (y.RequiresGradient)
                device.ScaledDifference(y.Storage, x.Storage, scale, y.GradientTarget(out bool accumulate), accumulate);
        });
    }
}
