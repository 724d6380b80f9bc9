using Tessera.Tensors.Autograd;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>Multiplication by a constant: <c>y = scale * x</c>. Backward: <c>dx = scale * dy</c>.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="scale">The constant.</param>
    /// <returns>The same shape.</returns>
    public static Tensor Scale(this Tensor x, float scale)
    {
        Tensor y = Tape.Result(x.Shape, x);
        y.Device.Scale(x.Storage, scale, y.Storage, accumulate: false);
        return Tape.Record(y, gradY => PassGradient(gradY, x, scale));
    }
}
