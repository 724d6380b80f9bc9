namespace Tessera.Tensors.Devices;

public partial class DelegatingDevice
{
    /// <inheritdoc/>
    public override void GroupNorm(
        in GroupNormGeometry geometry, Storage<float> x, Storage<float> gain, Storage<float> bias, bool relu,
        Storage<float> y, Storage<float> statistics) =>
        Inner.GroupNorm(geometry, x, gain, bias, relu, y, statistics);

    /// <inheritdoc/>
    public override void GroupNormGradient(
        in GroupNormGeometry geometry, Storage<float> x, Storage<float> gain, Storage<float> statistics,
        Storage<float> gradY, Storage<float> gradX, bool accumulate, Storage<float> gradGain, bool accumulateGain,
        Storage<float> gradBias, bool accumulateBias) =>
        Inner.GroupNormGradient(
            geometry, x, gain, statistics, gradY, gradX, accumulate, gradGain, accumulateGain, gradBias,
            accumulateBias);
}
