using Tessera.Tensors.Autograd;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Gaussian error linear unit in the tanh form (Hendrycks and Gimpel 2016; PyTorch's <c>GELU</c> with
    /// <c>approximate='tanh'</c>): <c>y = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))</c>.
    /// Backward, with t the tanh: <c>dx = dy * ((1 + t) / 2 + x / 2 * (1 - t^2) * sqrt(2 / pi) *
    /// (1 + 0.134145 x^2))</c>.
    /// </summary>
    /// <param name="x">Any shape.</param>
    /// <returns>The same shape.</returns>
    public static Tensor Gelu(this Tensor x)
    {
        Tensor y = Tape.Result(x.Shape, x);
        y.Device.Gelu(x.Storage, y.Storage);
        return RecordGelu(y, x);
    }

    /// <summary>Records the backward pass of the GELU of x.</summary>
    private static Tensor RecordGelu(Tensor y, Tensor x)
    {
        if (y.RequiresGradient) y.GeluArgument = x;
        return Tape.Record(y, gradY =>
        {
            // In place: nothing reads the gradient of y afterwards.
            y.Device.GeluGradient(x.Storage, gradY.Storage, gradY.Storage, accumulate: false);
            x.Slot.Take(y);
        });
    }
}
