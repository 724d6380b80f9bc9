using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Product, element by element: <c>z = x * y</c>. Backward: <c>dx = dz * y</c>, <c>dy = dz * x</c>.
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <param name="y">The shape of x; may be x itself.</param>
    /// <returns>The same shape.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor Multiply(this Tensor x, Tensor y)
    {
        CheckSameShape(x, y);
        Tensor z = Tape.Result(x.Shape, x, y);
        z.Device.Multiply(x.Storage, y.Storage, scale: 1, z.Storage, accumulate: false);
        return Tape.Record(z, gradZ =>
        {
            AddProduct(gradZ, y, scale: 1, x);
            AddProduct(gradZ, x, scale: 1, y);
        });
    }

    /// <summary>
    /// Quotient, element by element: <c>z = x / y</c>, as IEEE 754 has it. Backward: <c>dx = dz / y</c>,
    /// <c>dy = -z dz / y</c>.
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <param name="y">The shape of x.</param>
    /// <returns>The same shape.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor Divide(this Tensor x, Tensor y)
    {
        CheckSameShape(x, y);
        Tensor z = Tape.Result(x.Shape, x, y);
        z.Device.Divide(x.Storage, y.Storage, z.Storage, accumulate: false);
        return Tape.Record(z, gradZ =>
        {
            Device device = z.Device;
            Tensor quotient = z.Tape!.Allocate(z.Shape);
            device.Divide(gradZ.Storage, y.Storage, quotient.Storage, accumulate: false);
            PassGradient(quotient, x, scale: 1);
            AddProduct(quotient, z, scale: -1, y);
        });
    }

    /// <summary>Adds <c>scale * gradient * factor</c> to the gradient of an input.</summary>
    private static void AddProduct(Tensor gradient, Tensor factor, float scale, Tensor to)
    {
        if (!to.RequiresGradient) return;
        gradient.Device.Multiply(
            gradient.Storage, factor.Storage, scale, to.Slot.Target(out bool accumulate), accumulate);
    }
}
