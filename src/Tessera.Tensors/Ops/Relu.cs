using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Rectified linear unit: <c>y = max(x, 0)</c>; NaN stays NaN. Backward: <c>dx = dy where y &gt; 0, else 0</c>.
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <returns>The same shape.</returns>
    public static Tensor Relu(this Tensor x)
    {
        Tensor y = Tape.Result(x.Shape, x);
        Device device = y.Device;
        device.Relu(x.Storage, y.Storage);
        return Tape.Record(y, gradY =>
        {
            Storage gradX = x.GradientTarget(out bool accumulate);
            device.ReluGradient(y.Storage, gradY.Storage, gradX, accumulate);
        });
    }
}
