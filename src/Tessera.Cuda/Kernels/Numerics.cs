using ILGPU;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// Functions that neither ILGPU nor PTX has in full precision, from additions and multiplications alone: no table, no
/// branch that divides a warp for long. Errors were measured on the simulation; a GPU fuses some of the operations,
/// which makes them no larger.
/// </summary>
internal static class Numerics
{
    private const float Log2E = 1.44269504f;

    // ln 2 in two parts: the first has so few bits that its product with an exponent is exact.
    private const float Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;
    private const double Ln2High64 = 6.93147180369123816490e-01, Ln2Low64 = 1.90821492927058770002e-10;

    private const float SmallestExponent = -87.33654f, LargestExponent = 88.72283f;

    // sqrt(2 / pi) and the factor of x^3 in the GELU's tanh form.
    private const float GeluRoot = 0.7978845608f, GeluCubic = 0.044715f;

    // Beyond it the GELU is 0 or its argument, within float32.
    private const float GeluRange = 10;

    /// <summary>e^x within 2 units in the last place; 0 where the result is below the normal numbers.</summary>
    public static float Exp(float x)
    {
        if (x < SmallestExponent) return 0;
        if (x > LargestExponent) return float.PositiveInfinity;
        int n = Round(x * Log2E);
        float r = x - n * Ln2High - n * Ln2Low;
        // Taylor's series; |r| <= ln(2) / 2, so the next term is below 2^-27.
        float series = 1f / 5040;
        series = series * r + 1f / 720;
        series = series * r + 1f / 120;
        series = series * r + 1f / 24;
        series = series * r + 1f / 6;
        series = series * r + 0.5f;
        float result = series * r * r + r + 1;
        // Two factors: 2^128 itself has no float32.
        int half = n / 2;
        return result * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    /// <summary>e^x, within 2e-15 of the result, for -700 &lt; x &lt; 700.</summary>
    public static double Exp(double x)
    {
        int n = (int)(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
        double r = x - n * Ln2High64 - n * Ln2Low64;
        double series = 1;
        for (int i = 14; i > 0; i--) series = series * r / i + 1;
        return series * Interop.IntAsFloat((ulong)(n + 1023) << 52);
    }

    /// <summary>
    /// The natural logarithm of a normal number above 0, within 1e-15 of the larger of it and 1; NaN stays NaN.
    /// </summary>
    public static double Log(double x)
    {
        if (double.IsNaN(x)) return x;
        ulong bits = Interop.FloatAsInt(x);
        int exponent = (int)(bits >> 52) - 1023;
        double m = Interop.IntAsFloat(bits & 0x000F_FFFF_FFFF_FFFFUL | 0x3FF0_0000_0000_0000UL);
        if (m > 1.4142135623730951)
        {
            m *= 0.5;
            exponent++;
        }
        // log m = 2 artanh s; |s| <= 0.172, so the next term is below 2^-57.
        double s = (m - 1) / (m + 1), square = s * s, series = 0;
        for (int i = 21; i > 0; i -= 2) series = series * square + 1.0 / i;
        return 2 * s * series + exponent * Ln2Low64 + exponent * Ln2High64;
    }

    /// <summary>The hyperbolic tangent, within 3e-7; NaN stays NaN.</summary>
    public static float Tanh(float x)
    {
        // Beyond it the result is 1 within float32.
        const float Range = 10;
        float bounded = x < -Range ? -Range : x > Range ? Range : x;
        return 1 - 2 / (1 + Exp(2 * bounded));
    }

    /// <summary>The GELU in the tanh form; NaN stays NaN.</summary>
    public static float Gelu(float z) => z / (1 + Exp(-2 * GeluArgument(GeluClamp(z))));

    /// <summary>The derivative of <see cref="Gelu"/>.</summary>
    public static float GeluSlope(float z)
    {
        float c = GeluClamp(z), e = Exp(-2 * GeluArgument(c)), s = 1 / (1 + e);
        return s + 2 * c * GeluRoot * (1 + 3 * GeluCubic * c * c) * (e * s) * s;
    }

    /// <summary><c>max(x, 0)</c>; NaN stays NaN, and -0 becomes 0.</summary>
    public static float Relu(float x) => x <= 0 ? 0 : x;

    private static float GeluArgument(float z) => GeluRoot * (z + GeluCubic * z * z * z);

    private static float GeluClamp(float z) => z < -GeluRange ? -GeluRange : z > GeluRange ? GeluRange : z;

    private static int Round(float x) => (int)(x + (x < 0 ? -0.5f : 0.5f));

    /// <summary>2^n of the normal numbers.</summary>
    private static float PowerOfTwo(int n) => Interop.IntAsFloat((uint)(n + 127) << 23);
}
