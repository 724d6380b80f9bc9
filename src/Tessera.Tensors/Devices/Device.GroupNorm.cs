namespace Tessera.Tensors.Devices;

// Normalisation of maps.
public abstract partial class Device
{
    /// <summary>
    /// What <see cref="GroupNorm"/> adds to the variance of a group, so that equal numbers stay finite.
    /// </summary>
    public const double GroupNormEpsilon = 1e-5;

    /// <summary>
    /// Group normalisation (Wu and He 2018, equations 1, 2, 6 and 7) of maps x <c>[Batch, Pixels, Channels]</c>: with m
    /// the mean and v the variance (over n) of a group's numbers in one map, and c the channel,
    /// <c>y = (x - m) / sqrt(v + 1e-5) * gain[c] + bias[c]</c>, then a ReLU if asked for. Row i of the statistics
    /// <c>[Batch, Groups, 2]</c> receives m and <c>1 / sqrt(v + 1e-5)</c>. NaN makes its group's numbers NaN, no
    /// others.
    /// </summary>
    /// <param name="geometry">The sizes.</param>
    /// <param name="x">The maps.</param>
    /// <param name="gain"><c>[Channels]</c>.</param>
    /// <param name="bias"><c>[Channels]</c>.</param>
    /// <param name="relu">Whether a ReLU follows.</param>
    /// <param name="y">The result, of the size of x.</param>
    /// <param name="statistics">The statistics.</param>
    public abstract void GroupNorm(
        in GroupNormGeometry geometry, Storage<float> x, Storage<float> gain, Storage<float> bias, bool relu,
        Storage<float> y, Storage<float> statistics);

    /// <summary>
    /// The gradients of <see cref="GroupNorm"/> without a ReLU: with <c>h = (x - m) r</c>, r the second statistic and
    /// <c>d = gradY * gain</c>, <c>gradX = r (d - mean of d - h * mean of (d h))</c> (means over the group's numbers in
    /// one map); for each channel, the sums over all its numbers <c>gradGain = sum of gradY h</c> and
    /// <c>gradBias = sum of gradY</c>.
    /// </summary>
    public abstract void GroupNormGradient(
        in GroupNormGeometry geometry, Storage<float> x, Storage<float> gain, Storage<float> statistics,
        Storage<float> gradY, Storage<float> gradX, bool accumulate, Storage<float> gradGain, bool accumulateGain,
        Storage<float> gradBias, bool accumulateBias);
}
