using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// The mean of all n elements. Backward: <c>dx = dm / n</c>.
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <returns>A scalar, shape <c>[]</c>.</returns>
    public static Tensor Mean(this Tensor x)
    {
        int length = x.Shape.Length;
        Tensor mean = Tape.Result([], x);
        Device device = mean.Device;
        device.ColumnSums(x.Storage, length, 1, mean.Storage, accumulate: false);
        device.Scale(mean.Storage, 1f / length, mean.Storage, accumulate: false);
        // One window over all of x: it gives each element an even share.
        var all = new PoolGeometry(1, length, 1, 1, 1, 1, length, 1, Stride: 1, Padding: 0);
        return Tape.Record(mean, gradMean => device.AveragePoolGradient(
            all, gradMean.Storage, x.Slot.Target(out bool accumulate), accumulate));
    }

    /// <summary>
    /// Mean absolute error over all n elements: <c>L = sum of |x - y| / n</c>.
    /// Backward: <c>dx = dL * sign(x - y) / n</c>, <c>dy = -dx</c>; 0 where x is y.
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <param name="y">The shape of x.</param>
    /// <returns>A scalar, shape <c>[]</c>.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor MeanAbsoluteError(this Tensor x, Tensor y)
    {
        CheckSameShape(x, y);
        // |d| = max(d, 0) + max(-d, 0).
        Tensor difference = x.Add(y.Scale(-1));
        return difference.Relu().Add(difference.Scale(-1).Relu()).Mean();
    }
}
