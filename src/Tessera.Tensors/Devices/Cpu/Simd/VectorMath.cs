using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>Functions of vectors, made of the operations that every width has.</summary>
internal static unsafe class VectorMath<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    // The logarithm of 2 in two parts. The first has 9 bits, so that its product with a power's number is exact.
    private const float Log2High = 0.693359375f, Log2Low = -2.12194440e-4f;

    // (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2: a least-squares fit, reweighted until the largest error of e^r was
    // least, 5e-9.
    private const float C2 = 0.49999994f, C3 = 0.16666515f, C4 = 0.041668456f, C5 = 0.008369419f, C6 = 0.0013813142f;

    // e^x is not a normal number below -87.34 and not finite above 88.72284.
    private const float Lowest = -87, Highest = 88.72283f;

    /// <summary>
    /// <c>e^x</c>, with an error of at most 2 units in the last place. 0 below -87, infinity above 88.72283; NaN stays
    /// NaN.
    /// </summary>
    /// <remarks>
    /// With n the nearest whole number to <c>x / ln 2</c> and <c>r = x - n ln 2</c>, <c>e^x = 2^n e^r</c>. Cost: 10
    /// additions and multiplications, 6 other instructions.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp(TVector x)
    {
        TVector n = TSimd.Round(TSimd.Multiply(x, TSimd.Broadcast(1.44269504f)));
        TVector r = TSimd.MultiplyAdd(n, TSimd.Broadcast(-Log2High), x);
        r = TSimd.MultiplyAdd(n, TSimd.Broadcast(-Log2Low), r);
        TVector q = TSimd.MultiplyAdd(TSimd.Broadcast(C6), r, TSimd.Broadcast(C5));
        q = TSimd.MultiplyAdd(q, r, TSimd.Broadcast(C4));
        q = TSimd.MultiplyAdd(q, r, TSimd.Broadcast(C3));
        q = TSimd.MultiplyAdd(q, r, TSimd.Broadcast(C2));
        TVector power = TSimd.Add(TSimd.MultiplyAdd(TSimd.Multiply(r, r), q, r), TSimd.Broadcast(1));
        TVector y = TSimd.ScaleByPowerOfTwo(power, n);
        y = TSimd.WhereGreater(TSimd.Broadcast(Lowest), x, TSimd.Broadcast(0), y);
        return TSimd.WhereGreater(x, TSimd.Broadcast(Highest), TSimd.Broadcast(float.PositiveInfinity), y);
    }

    /// <summary>The largest element; any element where one is NaN. Slow; once a row.</summary>
    public static float Largest(TVector x)
    {
        float* lanes = stackalloc float[TSimd.Width];
        TSimd.Store(x, lanes);
        float largest = lanes[0];
        for (int lane = 1; lane < TSimd.Width; lane++) largest = float.MaxNative(largest, lanes[lane]);
        return largest;
    }
}
