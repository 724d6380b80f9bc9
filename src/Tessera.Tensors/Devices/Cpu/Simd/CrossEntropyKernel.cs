using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Cross-entropy, a row at a time. A row's results do not depend on the other rows; the numbers after its whole vectors
/// are treated as one more vector.
/// </summary>
/// <remarks>
/// Bound by the exponential, one a logit: about 20 instructions a vector, so that several hundred logits take longer
/// than their way from memory on one thread.
/// </remarks>
internal static unsafe class CrossEntropyKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>The losses and the logarithms of the sums of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* logits, int columns, int* targets, int rows, float* losses, float* logSums)
    {
        for (int row = 0; row < rows; row++, logits += columns)
        {
            float largest = Largest(logits, columns);
            double logSum = largest + Math.Log(SumOfExponentials(logits, columns, largest));
            (losses[row], logSums[row]) = ((float)(logSum - logits[targets[row]]), (float)logSum);
        }
    }

    /// <summary>The gradients of rows, <c>scale * (exp(x - logSum) - [target])</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient(
        float* logits, int columns, int* targets, int rows, float* logSums, float scale, float* gradLogits,
        bool accumulate)
    {
        for (int row = 0; row < rows; row++, logits += columns, gradLogits += columns)
        {
            // The target's own gradient is a difference, in double precision. The gradient may overwrite the logits.
            int target = targets[row];
            double missing = Math.Exp((double)logits[target] - logSums[row]) - 1;
            float ofTarget = (float)((accumulate ? gradLogits[target] : 0) + scale * missing);
            RowGradient(logits, columns, logSums[row], scale, gradLogits, accumulate);
            gradLogits[target] = ofTarget;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(float* x, int columns)
    {
        TVector largest0 = TSimd.Broadcast(float.NegativeInfinity), largest1 = largest0;
        int i = 0;
        for (; i <= columns - 2 * TSimd.Width; i += 2 * TSimd.Width)
        {
            largest0 = TSimd.Max(largest0, TSimd.Load(x + i));
            largest1 = TSimd.Max(largest1, TSimd.Load(x + i + TSimd.Width));
        }
        float largest = VectorMath<TSimd, TVector>.Largest(TSimd.Max(largest0, largest1));
        for (; i < columns; i++) largest = float.MaxNative(largest, x[i]);
        return largest;
    }

    /// <summary>The sum of <c>exp(x - largest)</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumOfExponentials(float* x, int columns, float largest)
    {
        TVector sum = TSimd.Broadcast(0), shift = TSimd.Broadcast(largest);
        int i = 0;
        for (; i <= columns - TSimd.Width; i += TSimd.Width)
            sum = TSimd.Add(sum, VectorMath<TSimd, TVector>.Exp(TSimd.Subtract(TSimd.Load(x + i), shift)));
        if (i < columns)
        {
            TVector last = PartialVector<TSimd, TVector>.Load(x + i, columns - i, float.NegativeInfinity);
            sum = TSimd.Add(sum, VectorMath<TSimd, TVector>.Exp(TSimd.Subtract(last, shift)));
        }
        return TSimd.Sum(sum);
    }

    /// <summary><c>scale * exp(x - logSum)</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RowGradient(
        float* x, int columns, float logSum, float scale, float* gradX, bool accumulate)
    {
        TVector shift = TSimd.Broadcast(logSum), factor = TSimd.Broadcast(scale), zero = TSimd.Broadcast(0);
        int i = 0;
        for (; i <= columns - TSimd.Width; i += TSimd.Width)
        {
            TVector share = VectorMath<TSimd, TVector>.Exp(TSimd.Subtract(TSimd.Load(x + i), shift));
            TSimd.Store(TSimd.MultiplyAdd(factor, share, accumulate ? TSimd.Load(gradX + i) : zero), gradX + i);
        }
        if (i == columns) return;
        int rest = columns - i;
        TVector last = VectorMath<TSimd, TVector>.Exp(
            TSimd.Subtract(PartialVector<TSimd, TVector>.Load(x + i, rest), shift));
        TVector before = accumulate ? PartialVector<TSimd, TVector>.Load(gradX + i, rest) : zero;
        PartialVector<TSimd, TVector>.Store(TSimd.MultiplyAdd(factor, last, before), gradX + i, rest);
    }
}
