using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Tessera.Tensors.Random;

namespace Tessera.Tensors.Devices.Cpu.Simd;

internal sealed unsafe partial class SimdKernels<TSimd, TVector>
{
    public override void Softmax(
        ReadOnlySpan<float> x, int columns, float temperature, CounterRandom? noise, long firstNoise, Span<float> y)
    {
        fixed (float* pX = x, pY = y)
        {
            float* from = pX, to = pY;
            pool.RunRanges(x.Length / columns, RowsPerGrain(columns), (first, count) =>
            {
                for (int row = first; row < first + count; row++)
                {
                    nint start = (nint)row * columns;
                    Span<float> logits = new(to + start, columns);
                    new ReadOnlySpan<float>(from + start, columns).CopyTo(logits);
                    if (noise is { } random) GumbelKernel.Add(random, firstNoise + start, logits);
                    TensorPrimitives.Divide(logits, temperature, logits);
                    TensorPrimitives.Subtract(logits, TensorPrimitives.Max<float>(logits), logits);
                    TensorPrimitives.Exp<float>(logits, logits);
                    TensorPrimitives.Divide(logits, TensorPrimitives.Sum<float>(logits), logits);
                }
            });
        }
    }

    public override void SoftmaxGradient(
        ReadOnlySpan<float> y, int columns, float temperature, ReadOnlySpan<float> gradY, Span<float> gradX,
        bool accumulate)
    {
        fixed (float* pY = y, pGradY = gradY, pGradX = gradX)
        {
            float* values = pY, from = pGradY, to = pGradX;
            pool.RunRanges(y.Length / columns, RowsPerGrain(columns), (first, count) =>
            {
                for (int row = first; row < first + count; row++)
                {
                    nint start = (nint)row * columns;
                    SoftmaxGradient(values + start, columns, temperature, from + start, to + start, accumulate);
                }
            });
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SoftmaxGradient(
        float* p, int columns, float temperature, float* gradP, float* result, bool accumulate)
    {
        float mean = TensorPrimitives.Dot(new ReadOnlySpan<float>(p, columns), new ReadOnlySpan<float>(gradP, columns));
        TVector means = TSimd.Broadcast(mean), temperatures = TSimd.Broadcast(temperature);
        int i = 0;
        for (; i <= columns - TSimd.Width; i += TSimd.Width)
        {
            TVector gradient = TSimd.Divide(
                TSimd.Multiply(TSimd.Load(p + i), TSimd.Subtract(TSimd.Load(gradP + i), means)), temperatures);
            TSimd.Store(accumulate ? TSimd.Add(TSimd.Load(result + i), gradient) : gradient, result + i);
        }
        for (; i < columns; i++)
        {
            float gradient = p[i] * (gradP[i] - mean) / temperature;
            result[i] = accumulate ? result[i] + gradient : gradient;
        }
    }

    public override void RowEntropy(
        ReadOnlySpan<float> p, int columns, in EntropyWeights weights, Span<float> means, Span<float> result)
    {
        int rows = p.Length / columns, rowsPerItem = RowsPerGrain(columns);
        int items = WorkerPool.Ranges(rows, rowsPerItem);
        float rowWeight = weights.Row;
        // For each item the sums of its columns, and the sum of its rows' entropies.
        using var scratch = new Scratch(2L * items * (columns + 1));
        double* sums = (double*)scratch.Floats;
        fixed (float* pP = p)
        {
            float* from = pP;
            pool.RunRanges(rows, rowsPerItem, (first, count) =>
            {
                var own = new Span<double>(sums + (nint)(first / rowsPerItem) * (columns + 1), columns + 1);
                own.Clear();
                using var memory = new Scratch(3L * columns);
                var wide = new Span<double>(memory.Floats, columns);
                var logs = new Span<float>(memory.Floats + 2 * columns, columns);
                for (int row = first; row < first + count; row++)
                {
                    var values = new ReadOnlySpan<float>(from + (nint)row * columns, columns);
                    TensorPrimitives.ConvertTruncating(values, wide);
                    TensorPrimitives.Add(own[..columns], wide, own[..columns]);
                    if (rowWeight == 0) continue;
                    TensorPrimitives.Add(values, (float)LeastProbability, logs);
                    TensorPrimitives.Log<float>(logs, logs);
                    own[columns] -= TensorPrimitives.Dot(values, logs);
                }
            });
        }
        var total = new Span<double>(sums, columns + 1);
        for (int item = 1; item < items; item++)
            TensorPrimitives.Add(total, new Span<double>(sums + (nint)item * (columns + 1), columns + 1), total);
        double sum = rowWeight * total[columns] / rows;
        for (int c = 0; c < columns; c++)
        {
            double mean = total[c] / rows;
            means[c] = (float)mean;
            sum -= weights.Mean * mean * Math.Log(mean + LeastProbability);
        }
        result[0] = (float)sum;
    }

    public override void RowEntropyGradient(
        ReadOnlySpan<float> p, int columns, in EntropyWeights weights, ReadOnlySpan<float> means, float upstream,
        Span<float> gradP, bool accumulate)
    {
        int rows = p.Length / columns;
        float scale = -upstream / rows, rowWeight = weights.Row;
        // The part of the mean is the same in every row.
        float[] constants = new float[columns];
        for (int c = 0; c < columns; c++)
            constants[c] = (float)(rowWeight + weights.Mean * (Math.Log(means[c] + LeastProbability) + 1));
        fixed (float* pP = p, pGradP = gradP)
        {
            float* from = pP, to = pGradP;
            pool.RunRanges(rows, RowsPerGrain(columns), (first, count) =>
            {
                using var logarithms = new Scratch(columns);
                var logs = new Span<float>(logarithms.Floats, columns);
                for (int row = first; row < first + count; row++)
                {
                    nint start = (nint)row * columns;
                    Span<float> result = new(to + start, columns);
                    if (rowWeight == 0)
                    {
                        logs.Clear();
                    }
                    else
                    {
                        TensorPrimitives.Add(
                            new ReadOnlySpan<float>(from + start, columns), (float)LeastProbability, logs);
                        TensorPrimitives.Log<float>(logs, logs);
                    }
                    TensorPrimitives.MultiplyAdd(logs, rowWeight, constants, logs);
                    if (accumulate) TensorPrimitives.MultiplyAdd(logs, scale, result, result);
                    else TensorPrimitives.Multiply(logs, scale, result);
                }
            });
        }
    }
}
