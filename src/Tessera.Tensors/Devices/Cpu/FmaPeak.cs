using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Tensors.Devices.Cpu.Simd;

namespace Tessera.Tensors.Devices.Cpu;

/// <summary>
/// Measures the fused multiply-adds that this processor reaches: the upper bound for every kernel. Twelve independent
/// accumulators of the widest vectors stay in registers, so neither instruction latency nor memory limits the rate.
/// </summary>
public static class FmaPeak
{
    private const int Accumulators = 12;
    private const int IterationsBetweenLooks = 1 << 15;

    /// <summary>The bits of the widest vectors that the processor supports in hardware: 128, 256 or 512.</summary>
    public static int VectorBits => Simd512.IsAccelerated ? 512 : Simd256.IsAccelerated ? 256 : 128;

    /// <summary>Measures once.</summary>
    /// <param name="threads">The number of threads that multiply at the same time, at least 1.</param>
    /// <param name="duration">How long they multiply, above zero; 10 ms are enough on an idle machine.</param>
    /// <returns>GFLOP/s of all threads together; a multiply-add counts as two operations.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The number of threads is below 1, or the duration is not above zero.
    /// </exception>
    public static double Measure(int threads, TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        return VectorBits switch
        {
            512 => Measure<Simd512, Vector512<float>>(threads, duration),
            256 => Measure<Simd256, Vector256<float>>(threads, duration),
            _ => Measure<Simd128, Vector128<float>>(threads, duration),
        };
    }

    private static double Measure<TSimd, TVector>(int threads, TimeSpan duration)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        double[] rates = new double[threads];
        using var start = new Barrier(threads);
        Thread[] workers =
        [
            .. Enumerable.Range(0, threads).Select(thread => new Thread(() =>
            {
                Multiply<TSimd, TVector>(1);   // compiles the method before the clock starts
                start.SignalAndWait();
                rates[thread] = Rate<TSimd, TVector>(duration);
            })),
        ];
        foreach (Thread worker in workers) worker.Start();
        foreach (Thread worker in workers) worker.Join();
        return rates.Sum();
    }

    private static double Rate<TSimd, TVector>(TimeSpan duration)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        long iterations = 0, start = Stopwatch.GetTimestamp();
        TimeSpan elapsed;
        do
        {
            Multiply<TSimd, TVector>(IterationsBetweenLooks);
            iterations += IterationsBetweenLooks;
            elapsed = Stopwatch.GetElapsedTime(start);
        }
        while (elapsed < duration);
        return 2.0 * Accumulators * TSimd.Width * iterations / elapsed.TotalSeconds / 1e9;
    }

    /// <summary>
    /// <c>a = a / 2 + 1 / 2</c> in each accumulator, repeatedly; it stays near 1. Returns the sum of the accumulators.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Multiply<TSimd, TVector>(int iterations)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector half = TSimd.Broadcast(0.5f);
        TVector a0 = half, a1 = half, a2 = half, a3 = half, a4 = half, a5 = half;
        TVector a6 = half, a7 = half, a8 = half, a9 = half, a10 = half, a11 = half;
        for (int i = 0; i < iterations; i++)
        {
            a0 = TSimd.MultiplyAdd(a0, half, half);
            a1 = TSimd.MultiplyAdd(a1, half, half);
            a2 = TSimd.MultiplyAdd(a2, half, half);
            a3 = TSimd.MultiplyAdd(a3, half, half);
            a4 = TSimd.MultiplyAdd(a4, half, half);
            a5 = TSimd.MultiplyAdd(a5, half, half);
            a6 = TSimd.MultiplyAdd(a6, half, half);
            a7 = TSimd.MultiplyAdd(a7, half, half);
            a8 = TSimd.MultiplyAdd(a8, half, half);
            a9 = TSimd.MultiplyAdd(a9, half, half);
            a10 = TSimd.MultiplyAdd(a10, half, half);
            a11 = TSimd.MultiplyAdd(a11, half, half);
        }
        TVector low = TSimd.Add(TSimd.Add(TSimd.Add(a0, a1), TSimd.Add(a2, a3)), TSimd.Add(a4, a5));
        TVector high = TSimd.Add(TSimd.Add(TSimd.Add(a6, a7), TSimd.Add(a8, a9)), TSimd.Add(a10, a11));
        return TSimd.Sum(TSimd.Add(low, high));
    }
}
