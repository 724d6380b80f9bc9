using System.Numerics.Tensors;

namespace Tessera.Tensors.Devices.Cpu.Simd;

internal sealed unsafe partial class SimdKernels<TSimd, TVector>
{
    // So many terms at most are added in float32.
    private const int MostPixelsPerPiece = 256;

    public override void GroupNorm(
        in GroupNormGeometry geometry, ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> bias,
        bool relu, Span<float> y, Span<float> statistics)
    {
        GroupNormGeometry g = geometry;
        (int perPiece, int pieces) = PiecesOf(g);
        using var momentScratch = new Scratch(4L * g.Batch * pieces * g.Groups);
        using var factorScratch = new Scratch((long)GroupNormKernel<TSimd, TVector>.Factors * g.Batch * g.Channels);
        double* moments = (double*)momentScratch.Floats;
        float* factors = factorScratch.Floats;
        fixed (float* pX = x, pGain = gain, pBias = bias, pY = y, pStatistics = statistics)
        {
            float* from = pX, gains = pGain, biases = pBias, to = pY, into = pStatistics;
            pool.Run(g.Batch * pieces, item =>
            {
                (_, nint start, int count) = PieceOf(g, perPiece, pieces, item);
                GroupNormKernel<TSimd, TVector>.Moments(
                    from + start, count, g.Channels, g.Groups, moments + 2 * (nint)item * g.Groups);
            });
            pool.Run(g.Batch, map => GroupNormKernel<TSimd, TVector>.Finish(
                g, perPiece, moments + 2 * (nint)map * pieces * g.Groups, gains, biases,
                into + 2 * (nint)map * g.Groups,
                factors + GroupNormKernel<TSimd, TVector>.Factors * (nint)map * g.Channels));
            pool.Run(g.Batch * pieces, item =>
            {
                (int map, nint start, int count) = PieceOf(g, perPiece, pieces, item);
                GroupNormKernel<TSimd, TVector>.Normalize(
                    from + start, factors + GroupNormKernel<TSimd, TVector>.Factors * (nint)map * g.Channels, count,
                    g.Channels, relu, to + start);
            });
        }
    }

    public override void GroupNormGradient(
        in GroupNormGeometry geometry, ReadOnlySpan<float> x, ReadOnlySpan<float> gain,
        ReadOnlySpan<float> statistics, ReadOnlySpan<float> gradY, Span<float> gradX, bool accumulate,
        Span<float> gradGain, bool accumulateGain, Span<float> gradBias, bool accumulateBias)
    {
        GroupNormGeometry g = geometry;
        (int perPiece, int pieces) = PiecesOf(g);
        using var sumScratch = new Scratch(2L * g.Batch * pieces * g.Channels);
        using var totalScratch = new Scratch(4L * g.Batch * g.Channels);
        using var factorScratch =
            new Scratch((long)GroupNormKernel<TSimd, TVector>.GradientFactors * g.Batch * g.Channels);
        float* sums = sumScratch.Floats, factors = factorScratch.Floats;
        double* totals = (double*)totalScratch.Floats;
        fixed (float* pX = x, pGain = gain, pStatistics = statistics, pGradY = gradY, pGradX = gradX)
        {
            float* at = pX, gains = pGain, mapStatistics = pStatistics, from = pGradY, to = pGradX;
            pool.Run(g.Batch * pieces, item =>
            {
                (int map, nint start, int count) = PieceOf(g, perPiece, pieces, item);
                GroupNormKernel<TSimd, TVector>.GradientSums(
                    g, at + start, from + start, mapStatistics + 2 * (nint)map * g.Groups, count,
                    sums + 2 * (nint)item * g.Channels);
            });
            pool.Run(g.Batch, map => GroupNormKernel<TSimd, TVector>.FinishGradient(
                g, pieces, sums + 2 * (nint)map * pieces * g.Channels, gains,
                mapStatistics + 2 * (nint)map * g.Groups, totals + 2 * (nint)map * g.Channels,
                factors + GroupNormKernel<TSimd, TVector>.GradientFactors * (nint)map * g.Channels));
            pool.Run(g.Batch * pieces, item =>
            {
                (int map, nint start, int count) = PieceOf(g, perPiece, pieces, item);
                GroupNormKernel<TSimd, TVector>.Gradient(
                    at + start, from + start,
                    factors + GroupNormKernel<TSimd, TVector>.GradientFactors * (nint)map * g.Channels, count,
                    g.Channels, to + start, accumulate);
            });
        }
        var total = new Span<double>(totals, 2 * g.Channels);
        for (int map = 1; map < g.Batch; map++)
            TensorPrimitives.Add(total, new Span<double>(totals + 2 * (nint)map * g.Channels, 2 * g.Channels), total);
        WriteSums(total[..g.Channels], gradGain, accumulateGain);
        WriteSums(total[g.Channels..], gradBias, accumulateBias);
    }

    /// <summary>How a map is cut: pixels of a piece, and pieces. It depends on the sizes alone.</summary>
    private static (int PixelsPerPiece, int Pieces) PiecesOf(in GroupNormGeometry g)
    {
        int pixels = Math.Clamp(Grain / g.Channels, 1, MostPixelsPerPiece);
        return (pixels, WorkerPool.Ranges(g.Pixels, pixels));
    }

    /// <summary>A piece's map, where it starts among all numbers, and its pixels.</summary>
    private static (int Map, nint Start, int Pixels) PieceOf(
        in GroupNormGeometry g, int pixelsPerPiece, int pieces, int item)
    {
        int map = item / pieces, first = item % pieces * pixelsPerPiece;
        return (
            map, ((nint)map * g.Pixels + first) * g.Channels, Math.Min(pixelsPerPiece, g.Pixels - first));
    }
}
