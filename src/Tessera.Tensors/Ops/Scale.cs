using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>Multiplication by a number: <c>y = scale * x</c>. Backward: <c>dx = scale * dy</c>.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="scale">The number: a constant, or one that changes from update to update.</param>
    /// <returns>The same shape.</returns>
    public static Tensor Scale(this Tensor x, Number scale)
    {
        Tensor y = Tape.Result(x.Shape, x);
        y.Device.Scale(x.Storage, scale, y.Storage, accumulate: false);
        return Tape.Record(y, gradY => PassGradient(gradY, x, scale));
    }
}
