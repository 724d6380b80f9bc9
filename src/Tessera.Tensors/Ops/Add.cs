using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Sum, element by element: <c>z = x + y</c>; a y with the innermost sizes of x is added to each of its parts.
    /// Backward: <c>dx = dz</c>, <c>dy = dz</c>, or the sum of dz over the parts.
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <param name="y">The shape of x, or its innermost sizes.</param>
    /// <returns>The shape of x.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit together.</exception>
    public static Tensor Add(this Tensor x, Tensor y)
    {
        if (!x.Shape.ToArray().AsSpan().EndsWith(y.Shape.ToArray()))
            throw new ArgumentException($"the shapes {x.Shape} and {y.Shape} do not fit together");
        Tensor z = Tape.Result(x.Shape, x, y);
        Device device = z.Device;
        device.Add(x.Storage, y.Storage, z.Storage);
        int parts = x.Shape.Length / y.Shape.Length;
        return Tape.Record(z, gradZ =>
        {
            if (parts > 1)
            {
                if (y.RequiresGradient)
                    device.ColumnSums(
                        gradZ.Storage, parts, y.Shape.Length, y.Slot.Target(out bool accumulate), accumulate);
                x.Slot.Take(z);
                return;
            }
            PassGradient(gradZ, x, scale: 1);
            y.Slot.Take(z);
        });
    }
}
