using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd.Winograd;

internal static unsafe partial class WinogradMaps<TSimd, TVector>
{
    /// <summary>
    /// F(4, 2): 2 x 2 kernels, 25 products for 16 results instead of 64. Constructed (Toom-Cook) from the points +-a,
    /// +-b and infinity with <c>a = 0.4</c>, <c>b = 1.25</c>: half the rounding error of 0, +-1, 2 (found by a search
    /// in steps of 0.05).
    /// </summary>
    /// <remarks>
    /// With <c>M(x) = (x^2 - a^2)(x^2 - b^2)</c>: row p of B' has the coefficients of <c>M(x) / (x - p)</c>, row p of A
    /// the powers of p, row p of G the powers of p over M'(p), which is odd. The points +p and -p share the even and
    /// the odd part.
    /// </remarks>
    internal readonly struct F4x2 : IWinograd
    {
        private const float A = 0.4f, B = 1.25f;
        private const float A2 = A * A, B2 = B * B, A3 = A * A2, B3 = B * B2;
        private const float SumOfSquares = A2 + B2, ProductOfSquares = A2 * B2;

        // 1 / M'(p) at a and at b.
        private const float NormA = 1 / (2 * A * (A2 - B2)), NormB = 1 / (2 * B * (B2 - A2));

        public static int Taps => 2;

        public static int Size => 5;

        public static void Source(float* x, nint xRow, nint xColumn, float* y, nint yRow, nint yColumn) =>
            SquareMap<TSimd, TVector, SourceMap>.Apply(x, xRow, xColumn, y, yRow, yColumn);

        public static void Weights(float* x, nint xRow, nint xColumn, float* y, nint yRow, nint yColumn) =>
            SquareMap<TSimd, TVector, WeightMap>.Apply(x, xRow, xColumn, y, yRow, yColumn);

        public static void Results(float* x, nint xRow, nint xColumn, float* y, nint yRow, nint yColumn) =>
            SquareMap<TSimd, TVector, ResultMap>.Apply(x, xRow, xColumn, y, yRow, yColumn);

        public static void ResultGradients(float* x, nint xRow, nint xColumn, float* y, nint yRow, nint yColumn) =>
            SquareMap<TSimd, TVector, ResultGradientMap>.Apply(x, xRow, xColumn, y, yRow, yColumn);

        public static void WeightGradients(float* x, nint xRow, nint xColumn, float* y, nint yRow, nint yColumn) =>
            SquareMap<TSimd, TVector, WeightGradientMap>.Apply(x, xRow, xColumn, y, yRow, yColumn);

        /// <summary>B': five source pixels to five factors.</summary>
        private readonly struct SourceMap : ILinearMap
        {
            public static int Inputs => 5;

            public static int Outputs => 5;

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public static void Apply(float* from, nint stride, float* to, nint toStride)
            {
                TVector d0 = Load(from), d1 = Load(from + stride), d2 = Load(from + 2 * stride);
                TVector d3 = Load(from + 3 * stride), d4 = Load(from + 4 * stride);
                StorePair(Plus(d3, -B2, d1), Times(A, Plus(d2, -B2, d0)), to, toStride);
                StorePair(Plus(d3, -A2, d1), Times(B, Plus(d2, -A2, d0)), to + 2 * toStride, toStride);
                TSimd.Store(Plus(Plus(d4, -SumOfSquares, d2), ProductOfSquares, d0), to + 4 * toStride);
            }
        }

        /// <summary>A': five products to four results.</summary>
        private readonly struct ResultMap : ILinearMap
        {
            public static int Inputs => 5;

            public static int Outputs => 4;

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public static void Apply(float* from, nint stride, float* to, nint toStride)
            {
                LoadPair(from, stride, out TVector sumA, out TVector differenceA);
                LoadPair(from + 2 * stride, stride, out TVector sumB, out TVector differenceB);
                TSimd.Store(TSimd.Add(sumA, sumB), to);
                TSimd.Store(Plus(Times(A, differenceA), B, differenceB), to + toStride);
                TSimd.Store(Plus(Times(A2, sumA), B2, sumB), to + 2 * toStride);
                TSimd.Store(Plus(Plus(Load(from + 4 * stride), A3, differenceA), B3, differenceB), to + 3 * toStride);
            }
        }

        /// <summary>A: four gradients of results to five of products.</summary>
        private readonly struct ResultGradientMap : ILinearMap
        {
            public static int Inputs => 4;

            public static int Outputs => 5;

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public static void Apply(float* from, nint stride, float* to, nint toStride)
            {
                TVector y0 = Load(from), y1 = Load(from + stride);
                TVector y2 = Load(from + 2 * stride), y3 = Load(from + 3 * stride);
                StorePair(Plus(y0, A2, y2), Plus(Times(A, y1), A3, y3), to, toStride);
                StorePair(Plus(y0, B2, y2), Plus(Times(B, y1), B3, y3), to + 2 * toStride, toStride);
                TSimd.Store(y3, to + 4 * toStride);
            }
        }

        /// <summary>G: two weights to five factors; M'(p) is odd, so the even part comes from w1.</summary>
        private readonly struct WeightMap : ILinearMap
        {
            public static int Inputs => 2;

            public static int Outputs => 5;

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public static void Apply(float* from, nint stride, float* to, nint toStride)
            {
                TVector w0 = Load(from), w1 = Load(from + stride);
                StorePair(Times(NormA * A, w1), Times(NormA, w0), to, toStride);
                StorePair(Times(NormB * B, w1), Times(NormB, w0), to + 2 * toStride, toStride);
                TSimd.Store(w1, to + 4 * toStride);
            }
        }

        /// <summary>G': five gradients of factors to two of weights.</summary>
        private readonly struct WeightGradientMap : ILinearMap
        {
            public static int Inputs => 5;

            public static int Outputs => 2;

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public static void Apply(float* from, nint stride, float* to, nint toStride)
            {
                LoadPair(from, stride, out TVector sumA, out TVector differenceA);
                LoadPair(from + 2 * stride, stride, out TVector sumB, out TVector differenceB);
                TSimd.Store(Plus(Times(NormA, differenceA), NormB, differenceB), to);
                TSimd.Store(Plus(Plus(Load(from + 4 * stride), NormA * A, sumA), NormB * B, sumB), to + toStride);
            }
        }
    }
}
