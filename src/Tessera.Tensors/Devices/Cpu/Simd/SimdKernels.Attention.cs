namespace Tessera.Tensors.Devices.Cpu.Simd;

internal sealed unsafe partial class SimdKernels<TSimd, TVector>
{
    public override void Attention(
        in AttentionGeometry g, ReadOnlySpan<float> projections, Span<float> y, Span<float> logSums)
    {
        fixed (float* pProjections = projections, pY = y, pLogSums = logSums)
            AttentionKernel<TSimd, TVector>.Run(pool, g, pProjections, pY, pLogSums);
    }

    public override void AttentionGradient(
        in AttentionGeometry g, ReadOnlySpan<float> projections, ReadOnlySpan<float> y, ReadOnlySpan<float> logSums,
        ReadOnlySpan<float> gradY, Span<float> gradProjections)
    {
        fixed (
            float* pProjections = projections, pY = y, pLogSums = logSums, pGradY = gradY,
            pGradProjections = gradProjections)
        {
            AttentionGradientKernel<TSimd, TVector>.Run(
                pool, g, pProjections, pY, pLogSums, pGradY, pGradProjections);
        }
    }
}
