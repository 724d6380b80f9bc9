using System.Numerics.Tensors;
using Tessera.Tensors.Random;

namespace Tessera.Tensors.Devices.Cpu.Simd;

internal sealed unsafe partial class SimdKernels<TSimd, TVector>
{
    public override void Gelu(ReadOnlySpan<float> x, Span<float> y)
    {
        fixed (float* pX = x, pY = y)
        {
            float* from = pX, to = pY;
            pool.RunRanges(x.Length, Grain, (first, count) =>
                GeluKernel<TSimd, TVector>.Run(from + first, to + first, count));
        }
    }

    public override void GeluGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gradY, Span<float> gradX, bool accumulate)
    {
        fixed (float* pX = x, pGradY = gradY, pGradX = gradX)
        {
            float* at = pX, from = pGradY, to = pGradX;
            pool.RunRanges(x.Length, Grain, (first, count) =>
                GeluKernel<TSimd, TVector>.Gradient(at + first, from + first, to + first, count, accumulate));
        }
    }

    public override void LayerNorm(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> bias, int columns, Span<float> y,
        Span<float> statistics)
    {
        fixed (float* pX = x, pGain = gain, pBias = bias, pY = y, pStatistics = statistics)
        {
            float* from = pX, factors = pGain, addends = pBias, to = pY, rowStatistics = pStatistics;
            pool.RunRanges(x.Length / columns, RowsPerGrain(columns), (first, count) =>
                LayerNormKernel<TSimd, TVector>.Run(
                    from + (nint)first * columns, factors, addends, count, columns, to + (nint)first * columns,
                    rowStatistics + 2 * (nint)first));
        }
    }

    public override void LayerNormGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> statistics, ReadOnlySpan<float> gradY,
        int columns, Span<float> gradX, bool accumulate, Span<float> gradGain, bool accumulateGain,
        Span<float> gradBias, bool accumulateBias)
    {
        // Enough rows that the items' sums, which go to memory and back, are few beside the rows.
        const int LeastRows = 64;
        int rows = x.Length / columns, rowsPerItem = Math.Max(LeastRows, RowsPerGrain(columns));
        int items = WorkerPool.Ranges(rows, rowsPerItem);
        using var scratch = new Scratch(4L * items * columns);
        double* sums = (double*)scratch.Floats;
        fixed (float* pX = x, pGain = gain, pStatistics = statistics, pGradY = gradY, pGradX = gradX)
        {
            float* at = pX, factors = pGain, rowStatistics = pStatistics, from = pGradY, to = pGradX;
            pool.RunRanges(rows, rowsPerItem, (first, count) =>
            {
                nint start = (nint)first * columns;
                double* gainSums = sums + 2 * (nint)(first / rowsPerItem) * columns;
                LayerNormKernel<TSimd, TVector>.Gradient(
                    at + start, factors, rowStatistics + 2 * (nint)first, from + start, count, columns, to + start,
                    accumulate, gainSums, gainSums + columns);
            });
        }
        var total = new Span<double>(sums, 2 * columns);
        for (int item = 1; item < items; item++)
            TensorPrimitives.Add(total, new Span<double>(sums + 2 * (nint)item * columns, 2 * columns), total);
        WriteSums(total[..columns], gradGain, accumulateGain);
        WriteSums(total[columns..], gradBias, accumulateBias);
    }

    public override void CrossEntropy(
        ReadOnlySpan<float> logits, int columns, ReadOnlySpan<int> targets, Span<float> losses, Span<float> logSums)
    {
        fixed (float* pLogits = logits, pLosses = losses, pLogSums = logSums)
        fixed (int* pTargets = targets)
        {
            float* from = pLogits, toLosses = pLosses, toLogSums = pLogSums;
            int* classes = pTargets;
            pool.RunRanges(targets.Length, RowsPerGrain(columns), (first, count) =>
                CrossEntropyKernel<TSimd, TVector>.Run(
                    from + (nint)first * columns, columns, classes + first, count, toLosses + first,
                    toLogSums + first));
        }
    }

    public override void CrossEntropyGradient(
        ReadOnlySpan<float> logits, int columns, ReadOnlySpan<int> targets, ReadOnlySpan<float> logSums, float upstream,
        Span<float> gradLogits, bool accumulate)
    {
        float scale = upstream / targets.Length;
        fixed (float* pLogits = logits, pLogSums = logSums, pGradLogits = gradLogits)
        fixed (int* pTargets = targets)
        {
            float* from = pLogits, shifts = pLogSums, to = pGradLogits;
            int* classes = pTargets;
            pool.RunRanges(targets.Length, RowsPerGrain(columns), (first, count) =>
                CrossEntropyKernel<TSimd, TVector>.Gradient(
                    from + (nint)first * columns, columns, classes + first, count, shifts + first, scale,
                    to + (nint)first * columns, accumulate));
        }
    }

    public override void Dropout(
        float rate, CounterRandom random, long first, ReadOnlySpan<float> x, Span<float> y, bool accumulate)
    {
        fixed (float* pX = x, pY = y)
        {
            float* from = pX, to = pY;
            pool.RunRanges(x.Length, Grain, (start, count) => DropoutKernel<TSimd, TVector>.Run(
                rate, random, first + start, from + start, to + start, count, accumulate));
        }
    }

    private static void WriteSums(ReadOnlySpan<double> sums, Span<float> destination, bool accumulate)
    {
        for (int i = 0; i < sums.Length; i++) destination[i] = (float)((accumulate ? destination[i] : 0) + sums[i]);
    }
}
