using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Ops;

public static partial class TensorOperations
{
    /// <summary>
    /// Group normalisation of each map (Wu and He 2018; PyTorch's <c>GroupNorm</c>): the channels are cut into groups
    /// of neighbours; with m the mean of a group's numbers in one map and v their variance (over n, not n - 1),
    /// <c>y = (x - m) / sqrt(v + 1e-5) * gain + bias</c>, gain and bias by channel. The same pass over memory can apply
    /// a ReLU.
    /// Backward: <see cref="Device.GroupNormGradient"/>.
    /// </summary>
    /// <param name="x"><c>[batch, ..., channels]</c>: at least two dimensions.</param>
    /// <param name="gain"><c>[channels]</c>, a parameter.</param>
    /// <param name="bias"><c>[channels]</c>, a parameter.</param>
    /// <param name="groups">The number of groups, a divisor of the channels.</param>
    /// <param name="relu">Whether a ReLU is applied; dy is then taken as 0 where y is not above 0.</param>
    /// <returns>The shape of x.</returns>
    /// <exception cref="ArgumentException">
    /// The shapes do not fit together, or the groups do not divide the channels.
    /// </exception>
    public static Tensor GroupNorm(this Tensor x, Tensor gain, Tensor bias, int groups, bool relu = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(groups, 1);
        int channels = x.Shape.Last;
        if (x.Shape.Rank < 2 || channels % groups != 0)
            throw new ArgumentException(
                $"maps {x.Shape} are not [batch, ..., channels] with a multiple of {groups} channels", nameof(x));
        CheckShape(gain, [channels]);
        CheckShape(bias, [channels]);
        int batch = x.Shape[0];
        var geometry = new GroupNormGeometry(batch, x.Shape.Rows / batch, channels, groups);
        Tensor y = Tape.Result(x.Shape, x, gain, bias);
        y.IsRectified = relu;
        Device device = y.Device;
        Tensor statistics = Tape.Result([batch, groups, 2], x);
        device.GroupNorm(geometry, x.Storage, gain.Storage, bias.Storage, relu, y.Storage, statistics.Storage);
        if (y.Tape is null) statistics.Dispose();
        return Tape.Record(y, gradY =>
        {
            if (y.IsRectified) y.Slot.Gate();
            device.GroupNormGradient(
                geometry, x.Storage, gain.Storage, statistics.Storage, gradY.Storage,
                x.Slot.Target(out bool accumulate), accumulate, gain.Slot.Target(out bool accumulateGain),
                accumulateGain, bias.Slot.Target(out bool accumulateBias), accumulateBias);
        });
    }
}
