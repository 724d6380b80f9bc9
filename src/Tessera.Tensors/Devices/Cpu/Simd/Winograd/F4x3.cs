using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd.Winograd;

internal static unsafe partial class WinogradMaps<TSimd, TVector>
{
    /// <summary>
    /// F(4, 3): 3 x 3 kernels, 36 products for 16 results instead of 144. Constructed (Toom-Cook) from the points 0,
    /// +-a, +-b and infinity with <c>a = sqrt(1/2)</c>, <c>b = sqrt(2)</c>: half the rounding error of the textbook's
    /// 0, +-1, +-2.
    /// </summary>
    /// <remarks>
    /// With <c>M(x) = x (x^2 - a^2)(x^2 - b^2)</c>: row p of B' has the coefficients of <c>M(x) / (x - p)</c>, row p of
    /// A the powers of p, row p of G the powers of p over M'(p). The points +p and -p share the even and the odd part.
    /// </remarks>
    internal readonly struct F4x3 : IWinograd
    {
        private const float A = 0.70710678f, B = 1.41421356f;
        private const float A2 = 0.5f, B2 = 2, A3 = A * A2, B3 = B * B2, SumOfSquares = A2 + B2;

        // 1 / M'(p) at +-a and at +-b; at 0 it is 1.
        private const float NormA = -1 / 1.5f, NormB = 1 / 6f;

        public static int Taps => 3;

        public static int Size => 6;

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

        /// <summary>B': six source pixels to six factors.</summary>
        private readonly struct SourceMap : ILinearMap
        {
            public static int Inputs => 6;

            public static int Outputs => 6;

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public static void Apply(float* from, nint stride, float* to, nint toStride)
            {
                TVector d0 = Load(from), d1 = Load(from + stride), d2 = Load(from + 2 * stride);
                TVector d3 = Load(from + 3 * stride), d4 = Load(from + 4 * stride), d5 = Load(from + 5 * stride);
                TSimd.Store(TSimd.Add(Plus(d4, -SumOfSquares, d2), d0), to);
                StorePair(Plus(d4, -B2, d2), Times(A, Plus(d3, -B2, d1)), to + toStride, toStride);
                StorePair(Plus(d4, -A2, d2), Times(B, Plus(d3, -A2, d1)), to + 3 * toStride, toStride);
                TSimd.Store(TSimd.Add(Plus(d5, -SumOfSquares, d3), d1), to + 5 * toStride);
            }
        }

        /// <summary>A': six products to four results.</summary>
        private readonly struct ResultMap : ILinearMap
        {
            public static int Inputs => 6;

            public static int Outputs => 4;

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public static void Apply(float* from, nint stride, float* to, nint toStride)
            {
                LoadPair(from + stride, stride, out TVector sumA, out TVector differenceA);
                LoadPair(from + 3 * stride, stride, out TVector sumB, out TVector differenceB);
                TSimd.Store(TSimd.Add(TSimd.Add(Load(from), sumA), sumB), to);
                TSimd.Store(Plus(Times(A, differenceA), B, differenceB), to + toStride);
                TSimd.Store(Plus(Times(A2, sumA), B2, sumB), to + 2 * toStride);
                TSimd.Store(Plus(Plus(Load(from + 5 * stride), A3, differenceA), B3, differenceB), to + 3 * toStride);
            }
        }

        /// <summary>A: four gradients of results to six of products.</summary>
        private readonly struct ResultGradientMap : ILinearMap
        {
            public static int Inputs => 4;

            public static int Outputs => 6;

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public static void Apply(float* from, nint stride, float* to, nint toStride)
            {
                TVector y0 = Load(from), y1 = Load(from + stride);
                TVector y2 = Load(from + 2 * stride), y3 = Load(from + 3 * stride);
                TSimd.Store(y0, to);
                StorePair(Plus(y0, A2, y2), Plus(Times(A, y1), A3, y3), to + toStride, toStride);
                StorePair(Plus(y0, B2, y2), Plus(Times(B, y1), B3, y3), to + 3 * toStride, toStride);
                TSimd.Store(y3, to + 5 * toStride);
            }
        }

        /// <summary>G: three weights to six factors.</summary>
        private readonly struct WeightMap : ILinearMap
        {
            public static int Inputs => 3;

            public static int Outputs => 6;

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public static void Apply(float* from, nint stride, float* to, nint toStride)
            {
                TVector w0 = Load(from), w1 = Load(from + stride), w2 = Load(from + 2 * stride);
                TSimd.Store(w0, to);
                StorePair(Times(NormA, Plus(w0, A2, w2)), Times(NormA * A, w1), to + toStride, toStride);
                StorePair(Times(NormB, Plus(w0, B2, w2)), Times(NormB * B, w1), to + 3 * toStride, toStride);
                TSimd.Store(w2, to + 5 * toStride);
            }
        }

        /// <summary>G': six gradients of factors to three of weights.</summary>
        private readonly struct WeightGradientMap : ILinearMap
        {
            public static int Inputs => 6;

            public static int Outputs => 3;

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public static void Apply(float* from, nint stride, float* to, nint toStride)
            {
                LoadPair(from + stride, stride, out TVector sumA, out TVector differenceA);
                LoadPair(from + 3 * stride, stride, out TVector sumB, out TVector differenceB);
                TSimd.Store(Plus(Plus(Load(from), NormA, sumA), NormB, sumB), to);
                TSimd.Store(Plus(Times(NormA * A, differenceA), NormB * B, differenceB), to + toStride);
                TSimd.Store(Plus(Plus(Load(from + 5 * stride), NormA * A2, sumA), NormB * B2, sumB), to + 2 * toStride);
            }
        }
    }
}
