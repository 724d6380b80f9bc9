using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// GELU without tanh: with <c>2u = 2 sqrt(2 / pi) (x + 0.044715 x^3)</c> and <c>s = 1 / (1 + exp(-2u))</c>,
/// <c>(1 + tanh(u)) / 2 = s</c>. So <c>y = x s</c>, and <c>dy/dx = s (1 + x (1 - s) d(2u)/dx)</c> with
/// <c>1 - s = exp(-2u) s</c>.
/// </summary>
/// <remarks>
/// Cost: about 25 instructions a vector, one of them a division; the gradient about 35. Bound by them: on two threads
/// of an AVX2 processor it takes twice as long as a copy from and to memory.
/// </remarks>
internal static unsafe class GeluKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    // 2 sqrt(2 / pi), and that times the cubic coefficient.
    private const float Linear = 1.5957691216f, Cubic = Linear * (float)Device.GeluCubic;

    // Further from 0, the slope is s, 0 or 1. As far as this, exp(-2u) is finite.
    private const float Saturated = 10;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* x, float* y, int count)
    {
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width) TSimd.Store(Value(TSimd.Load(x + i)), y + i);
        if (i == count) return;
        TVector last = Value(PartialVector<TSimd, TVector>.Load(x + i, count - i));
        PartialVector<TSimd, TVector>.Store(last, y + i, count - i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient(float* x, float* gradY, float* gradX, int count, bool accumulate)
    {
        TVector zero = TSimd.Broadcast(0);
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width)
        {
            TVector before = accumulate ? TSimd.Load(gradX + i) : zero;
            TSimd.Store(
                TSimd.MultiplyAdd(TSimd.Load(gradY + i), Slope(TSimd.Load(x + i)), before), gradX + i);
        }
        if (i == count) return;
        int rest = count - i;
        TVector slope = Slope(PartialVector<TSimd, TVector>.Load(x + i, rest));
        TVector sum = accumulate ? PartialVector<TSimd, TVector>.Load(gradX + i, rest) : zero;
        TVector last = TSimd.MultiplyAdd(PartialVector<TSimd, TVector>.Load(gradY + i, rest), slope, sum);
        PartialVector<TSimd, TVector>.Store(last, gradX + i, rest);
    }

    /// <summary>The GELU.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Value(TVector x) =>
        TSimd.Divide(x, TSimd.Add(Exponential(x, TSimd.Multiply(x, x)), TSimd.Broadcast(1)));

    /// <summary>The GELU's slope.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Slope(TVector x)
    {
        TVector one = TSimd.Broadcast(1);
        x = TSimd.WhereGreater(x, TSimd.Broadcast(Saturated), TSimd.Broadcast(Saturated), x);
        x = TSimd.WhereGreater(TSimd.Broadcast(-Saturated), x, TSimd.Broadcast(-Saturated), x);
        TVector square = TSimd.Multiply(x, x), exponential = Exponential(x, square);
        TVector s = TSimd.Divide(one, TSimd.Add(exponential, one));
        TVector slopeOfU = TSimd.MultiplyAdd(TSimd.Broadcast(3 * Cubic), square, TSimd.Broadcast(Linear));
        TVector change = TSimd.Multiply(TSimd.Multiply(x, TSimd.Multiply(exponential, s)), slopeOfU);
        return TSimd.MultiplyAdd(s, change, s);
    }

    /// <summary><c>exp(-2u)</c>; infinity for a large negative x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Exponential(TVector x, TVector square)
    {
        TVector factor = TSimd.MultiplyAdd(TSimd.Broadcast(-Cubic), square, TSimd.Broadcast(-Linear));
        return VectorMath<TSimd, TVector>.Exp(TSimd.Multiply(x, factor));
    }
}
