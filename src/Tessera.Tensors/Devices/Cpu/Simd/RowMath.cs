using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>Loops over short rows, for which a call over spans takes longer than the loop.</summary>
internal static unsafe class RowMath<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary><c>to = scale * from</c>; may be in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* from, nint count, float scale, float* to)
    {
        nint i = 0;
        TVector factor = TSimd.Broadcast(scale);
        for (; i <= count - TSimd.Width; i += TSimd.Width)
            TSimd.Store(TSimd.Multiply(TSimd.Load(from + i), factor), to + i);
        for (; i < count; i++) to[i] = from[i] * scale;
    }

    /// <summary><c>to += from</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* from, nint count, float* to)
    {
        nint i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width)
            TSimd.Store(TSimd.Add(TSimd.Load(to + i), TSimd.Load(from + i)), to + i);
        for (; i < count; i++) to[i] += from[i];
    }

    /// <summary>Sets each element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill(float* row, nint count, float value)
    {
        nint i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width) TSimd.Store(TSimd.Broadcast(value), row + i);
        for (; i < count; i++) row[i] = value;
    }

    /// <summary>The sum of <c>a * b</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(float* a, float* b, nint count)
    {
        nint i = 0;
        TVector sums = TSimd.Broadcast(0);
        for (; i <= count - TSimd.Width; i += TSimd.Width)
            sums = TSimd.MultiplyAdd(TSimd.Load(a + i), TSimd.Load(b + i), sums);
        float sum = TSimd.Sum(sums);
        for (; i < count; i++) sum += a[i] * b[i];
        return sum;
    }
}
