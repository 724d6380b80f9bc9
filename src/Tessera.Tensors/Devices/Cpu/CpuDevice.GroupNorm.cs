namespace Tessera.Tensors.Devices.Cpu;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void GroupNorm(
        in GroupNormGeometry geometry, Storage<float> x, Storage<float> gain, Storage<float> bias, bool relu,
        Storage<float> y, Storage<float> statistics) =>
        _kernels.GroupNorm(geometry, Span(x), Span(gain), Span(bias), relu, Span(y), Span(statistics));

    /// <inheritdoc/>
    public override void GroupNormGradient(
        in GroupNormGeometry geometry, Storage<float> x, Storage<float> gain, Storage<float> statistics,
        Storage<float> gradY, Storage<float> gradX, bool accumulate, Storage<float> gradGain, bool accumulateGain,
        Storage<float> gradBias, bool accumulateBias) =>
        _kernels.GroupNormGradient(
            geometry, Span(x), Span(gain), Span(statistics), Span(gradY), Span(gradX), accumulate, Span(gradGain),
            accumulateGain, Span(gradBias), accumulateBias);
}
