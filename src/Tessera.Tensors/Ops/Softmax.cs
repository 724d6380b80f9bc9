using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// The softmax of each innermost row at a temperature T: <c>y = softmax((x + g) / T)</c>, with g = 0, or noise of
    /// the Gumbel distribution (the Gumbel-softmax: Jang et al. 2017, equation 2).
    /// Backward: <c>dx = y (dy - sum over the row of y dy) / T</c>.
    /// </summary>
    /// <param name="x">Any shape but a scalar's.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="noise">The random numbers of the noise; null for none.</param>
    /// <returns>The shape of x.</returns>
    public static Tensor Softmax(this Tensor x, Number temperature, NoiseSource? noise = null)
    {
        int columns = x.Shape.Last;
        Tensor y = Tape.Result(x.Shape, x);
        Device device = y.Device;
        device.Softmax(x.Storage, columns, temperature, noise, y.Storage);
        return Tape.Record(y, gradY => device.SoftmaxGradient(
            y.Storage, columns, temperature, gradY.Storage, x.Slot.Target(out bool accumulate), accumulate));
    }

    /// <summary>
    /// The column of the largest number of each innermost row, the first on a tie. Nothing is recorded.
    /// </summary>
    /// <param name="x">Any shape but a scalar's.</param>
    /// <returns>The shape of x without its innermost size.</returns>
    public static Indices LargestColumns(this Tensor x)
    {
        Indices largest = Tape.IndexResult(x.Shape.WithoutLast(), x.Shape.Last, x);
        x.Device.LargestColumns(x.Storage, x.Shape.Last, largest.Storage);
        return largest;
    }
}
