namespace Tessera.Tensors.Devices;

public partial class ShapeDevice
{
    /// <inheritdoc/>
    public override void GroupNorm(
        in GroupNormGeometry geometry, Storage<float> x, Storage<float> gain, Storage<float> bias, bool relu,
        Storage<float> y, Storage<float> statistics) =>
        Skip(nameof(GroupNorm));

    /// <inheritdoc/>
    public override void GroupNormGradient(
        in GroupNormGeometry geometry, Storage<float> x, Storage<float> gain, Storage<float> statistics,
        Storage<float> gradY, Storage<float> gradX, bool accumulate, Storage<float> gradGain, bool accumulateGain,
        Storage<float> gradBias, bool accumulateBias) =>
        Skip(nameof(GroupNormGradient));
}
