using Tessera.Tensors.Autograd;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>Sum, element by element: <c>z = x + y</c>. Backward: <c>dx = dz</c>, <c>dy = dz</c>.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="y">The shape of x.</param>
    /// <returns>The shape of x.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor Add(this Tensor x, Tensor y)
    {
        CheckSameShape(x, y);
        Tensor z = Tape.Result(x.Shape, x, y);
        z.Device.Add(x.Storage, y.Storage, z.Storage);
        return Tape.Record(z, gradZ =>
        {
            PassGradient(gradZ, x, scale: 1);
            y.Slot.Take(z);
        });
    }
}
