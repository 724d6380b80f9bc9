using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Dropout (Srivastava et al. 2014): <c>y = x / (1 - rate)</c>, or 0 with the probability of the rate. Backward:
    /// <c>dx = dy / (1 - rate)</c>, or 0 for the same elements.
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <param name="mask">Which elements are dropped; at a rate of 0 x itself is returned.</param>
    /// <returns>The shape of x.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The rate is not in [0, 1).</exception>
    public static Tensor Dropout(this Tensor x, DropoutMask mask)
    {
        if (!(mask.Rate >= 0 && mask.Rate < 1))
            throw new ArgumentOutOfRangeException(nameof(mask), mask.Rate, "a dropout rate is at least 0 and below 1");
        if (mask.Rate == 0) return x;
        Tensor y = Tape.Result(x.Shape, x);
        Device device = y.Device;
        device.Dropout(mask, x.Storage, y.Storage, accumulate: false);
        return Tape.Record(y, gradY =>
        {
            Storage<float> gradX = x.Slot.Target(out bool accumulate);
            device.Dropout(mask, gradY.Storage, gradX, accumulate);
        });
    }
}
