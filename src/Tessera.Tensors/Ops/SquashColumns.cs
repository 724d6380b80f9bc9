using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Bounds each column by a tanh (Mentzer et al. 2023, equation 2):
    /// <c>y[i,c] = scale[c] * tanh(x[i,c] + shift[c]) - offset[c]</c>.
    /// Backward: <c>dx = dy * scale[c] * (1 - tanh(x + shift[c])^2)</c>.
    /// </summary>
    /// <param name="x">Any shape with the columns innermost.</param>
    /// <param name="bounds"><c>[3, columns]</c>: scale, shift and offset; they get no gradient.</param>
    /// <returns>The shape of x.</returns>
    /// <exception cref="ArgumentException">The sizes do not fit together.</exception>
    public static Tensor SquashColumns(this Tensor x, Tensor bounds)
    {
        CheckShape(bounds, [3, x.Shape.Last]);
        CheckSameDevice(x, bounds);
        Tensor y = Tape.Result(x.Shape, x);
        Device device = y.Device;
        device.SquashColumns(x.Storage, bounds.Storage, y.Storage);
        return Tape.Record(y, gradY => device.SquashColumnsGradient(
            x.Storage, bounds.Storage, gradY.Storage, x.Slot.Target(out bool accumulate), accumulate));
    }
}
