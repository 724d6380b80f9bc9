using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Scales each innermost row to length 1: <c>y = x / max(|x|, 1e-12)</c> (PyTorch's <c>functional.normalize</c>).
    /// Backward: <c>dx = (dy - y (y . dy)) / max(|x|, 1e-12)</c>: the part of dy along the row drops out.
    /// </summary>
    /// <param name="x">Any shape but a scalar's.</param>
    /// <returns>The shape of x.</returns>
    public static Tensor NormalizeRows(this Tensor x)
    {
        int columns = x.Shape.Last;
        Tensor y = Tape.Result(x.Shape, x);
        Device device = y.Device;
        device.NormalizeRows(x.Storage, columns, y.Storage);
        return Tape.Record(y, gradY => device.NormalizeRowsGradient(
            x.Storage, gradY.Storage, columns, x.Slot.Target(out bool accumulate), accumulate));
    }

    /// <summary>The same into a given tensor. Nothing is recorded.</summary>
    /// <param name="x">Any shape but a scalar's.</param>
    /// <param name="y">Receives the rows of length 1: the shape of x; overwritten.</param>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static void NormalizeRows(this Tensor x, Tensor y)
    {
        CheckSameShape(x, y);
        CheckSameDevice(x, y);
        x.Device.NormalizeRows(x.Storage, x.Shape.Last, y.Storage);
    }
}
