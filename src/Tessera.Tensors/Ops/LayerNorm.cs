using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Layer normalisation of each row (Ba et al. 2016): with m the row's mean and v its variance (over n, not n - 1),
    /// <c>y = (x - m) / sqrt(v + 1e-5) * gain + bias</c>.
    /// Backward: <see cref="Device.LayerNormGradient"/>.
    /// </summary>
    /// <param name="x">Any shape but a scalar's; rows are innermost.</param>
    /// <param name="gain"><c>[columns]</c>, a parameter.</param>
    /// <param name="bias"><c>[columns]</c>, a parameter.</param>
    /// <returns>The shape of x.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit together.</exception>
    public static Tensor LayerNorm(this Tensor x, Tensor gain, Tensor bias)
    {
        int columns = x.Shape.Last;
        CheckShape(gain, [columns]);
        CheckShape(bias, [columns]);
        Tensor y = Tape.Result(x.Shape, x, gain, bias);
        Device device = y.Device;
        Tensor statistics = Tape.Result([x.Shape.Rows, 2], x);
        device.LayerNorm(x.Storage, gain.Storage, bias.Storage, columns, y.Storage, statistics.Storage);
        if (y.Tape is null) statistics.Dispose();
        return Tape.Record(y, gradY => device.LayerNormGradient(
            x.Storage, gain.Storage, statistics.Storage, gradY.Storage, columns,
            x.Slot.Target(out bool accumulate), accumulate, gain.Slot.Target(out bool accumulateGain), accumulateGain,
            bias.Slot.Target(out bool accumulateBias), accumulateBias));
    }
}
