using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd.Winograd;

/// <summary>
/// The arithmetic that the maps of the <see cref="IWinograd"/> algorithms share; each algorithm has its own file.
/// </summary>
internal static unsafe partial class WinogradMaps<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Load(float* from) => TSimd.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Times(float factor, TVector x) => TSimd.Multiply(TSimd.Broadcast(factor), x);

    /// <summary><c>sum + factor * x</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Plus(TVector sum, float factor, TVector x) =>
        TSimd.MultiplyAdd(TSimd.Broadcast(factor), x, sum);

    /// <summary>Stores the values at the points p and -p: even + odd, then even - odd.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePair(TVector even, TVector odd, float* to, nint stride)
    {
        TSimd.Store(TSimd.Add(even, odd), to);
        TSimd.Store(TSimd.Subtract(even, odd), to + stride);
    }

    /// <summary>The sum and the difference of the values at the points p and -p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadPair(float* from, nint stride, out TVector sum, out TVector difference)
    {
        TVector plus = TSimd.Load(from), minus = TSimd.Load(from + stride);
        sum = TSimd.Add(plus, minus);
        difference = TSimd.Subtract(plus, minus);
    }
}
