using Tessera.Tensors.Autograd;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Rectified linear unit: <c>y = max(x, 0)</c>; NaN stays NaN.
    /// Backward: <c>dx = dy where y &gt; 0, else 0</c>. If x is the result of a ReLU, x itself is returned.
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <returns>The same shape.</returns>
    public static Tensor Relu(this Tensor x)
    {
        if (x.IsRectified) return x;
        Tensor y = Tape.Result(x.Shape, x);
        y.IsRectified = true;
        y.Device.Relu(x.Storage, y.Storage);
        return Tape.Record(y, _ =>
        {
            y.Slot.Gate();
            x.Slot.Take(y);
        });
    }
}
