using System.Runtime.CompilerServices;
using Tessera.Tensors.Random;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>Dropout: the random numbers of some elements go through the first-level cache.</summary>
/// <remarks>
/// Bound by the random numbers; see <see cref="UniformKernel"/>. Each block of four is computed once.
/// </remarks>
internal static unsafe class DropoutKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private const int Chunk = 1024;

    /// <summary>Drops elements from number <paramref name="first"/> on.</summary>
    [SkipLocalsInit]
    public static void Run(
        float rate, CounterRandom random, long first, float* x, float* y, int count, bool accumulate)
    {
        float* buffer = stackalloc float[Chunk + UniformKernel.Step];
        for (int i = 0; i < count; i += Chunk)
        {
            int length = Math.Min(Chunk, count - i);
            float* numbers = UniformKernel.FillFrom(random, first + i, buffer, length);
            Drop(rate, numbers, x + i, y + i, length, accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Drop(float rate, float* numbers, float* x, float* y, int count, bool accumulate)
    {
        float scale = 1 / (1 - rate);
        TVector rates = TSimd.Broadcast(rate), scales = TSimd.Broadcast(scale), zero = TSimd.Broadcast(0);
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width)
        {
            TVector kept = TSimd.Multiply(scales, TSimd.Load(x + i));
            kept = TSimd.WhereGreater(rates, TSimd.Load(numbers + i), zero, kept);
            TSimd.Store(accumulate ? TSimd.Add(TSimd.Load(y + i), kept) : kept, y + i);
        }
        for (; i < count; i++)
        {
            float kept = numbers[i] < rate ? 0 : scale * x[i];
            y[i] = accumulate ? y[i] + kept : kept;
        }
    }
}
