using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// The register-blocked inner loops of convolutions, their gradients and nearest-row searches: 12 registers hold a tile
/// of 6 rows and 2 vectors of columns while one index runs over the inner dimension.
/// </summary>
/// <remarks>
/// Cost per step of the inner index: 12 fused multiply-adds (12 * 2 * width flops) for 2 vector loads and 6 broadcasts,
/// so the multiply-adds bound it. 12 accumulators, 2 vectors of b and 1 broadcast fill the 16 registers of AVX2; an
/// 8x2 tile spills. Row pointers and accumulators are separate variables, because arrays of them reach a third of the
/// speed.
/// </remarks>
internal static unsafe class MatrixTile<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Rows of a tile.</summary>
    public const int Rows = 6;

    // Steps of the inner index in a round of the loop: 4 takes less time than 1, and 8 no less than 4. (In the
    // transposed product, 4 takes no less than 2.)
    private const int Unrolled = 4;

    /// <summary>Columns of a tile.</summary>
    public static int Columns => 2 * TSimd.Width;

    /// <summary>
    /// <c>c[r] = start + sum over segments s, k &lt; run of a[r][s * segmentStride + k] * b[s * run + k]</c> for six
    /// rows r; the rows of b and c have <see cref="Columns"/> consecutive floats.
    /// </summary>
    /// <param name="a">Six row pointers.</param>
    /// <param name="segments">Stretches of consecutive elements in a row of a.</param>
    /// <param name="segmentStride">Floats from the start of one stretch to the next.</param>
    /// <param name="run">Elements in a stretch.</param>
    /// <param name="b">The packed panel, <c>[segments * run, Columns]</c>.</param>
    /// <param name="start">The initial sums of every row: <see cref="Columns"/> floats.</param>
    /// <param name="c">Six rows of <see cref="Columns"/> floats, one after the other.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RowsTimesPanel(
        float** a, nint segments, nint segmentStride, nint run, float* b, float* start, float* c)
    {
        float* a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3], a4 = a[4], a5 = a[5];
        nint step = 2 * TSimd.Width;
        TVector c00 = TSimd.Load(start), c01 = TSimd.Load(start + TSimd.Width);
        TVector c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
        TVector c40 = c00, c41 = c01, c50 = c00, c51 = c01;
        for (; segments > 0; segments--)
        {
            nint k = 0;
            for (; k <= run - Unrolled; k += Unrolled, b += Unrolled * step)
            {
                MultiplyAdd(
                    b, a0 + k, a1 + k, a2 + k, a3 + k, a4 + k, a5 + k,
                    ref c00, ref c01, ref c10, ref c11, ref c20, ref c21,
                    ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
                MultiplyAdd(
                    b + step, a0 + k + 1, a1 + k + 1, a2 + k + 1, a3 + k + 1, a4 + k + 1, a5 + k + 1,
                    ref c00, ref c01, ref c10, ref c11, ref c20, ref c21,
                    ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
                MultiplyAdd(
                    b + 2 * step, a0 + k + 2, a1 + k + 2, a2 + k + 2, a3 + k + 2, a4 + k + 2, a5 + k + 2,
                    ref c00, ref c01, ref c10, ref c11, ref c20, ref c21,
                    ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
                MultiplyAdd(
                    b + 3 * step, a0 + k + 3, a1 + k + 3, a2 + k + 3, a3 + k + 3, a4 + k + 3, a5 + k + 3,
                    ref c00, ref c01, ref c10, ref c11, ref c20, ref c21,
                    ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
            }
            for (; k < run; k++, b += step)
            {
                MultiplyAdd(
                    b, a0 + k, a1 + k, a2 + k, a3 + k, a4 + k, a5 + k,
                    ref c00, ref c01, ref c10, ref c11, ref c20, ref c21,
                    ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
            }
            a0 += segmentStride;
            a1 += segmentStride;
            a2 += segmentStride;
            a3 += segmentStride;
            a4 += segmentStride;
            a5 += segmentStride;
        }
        StoreRows(c, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51);
    }

    /// <summary>
    /// <c>c[r] = start[r] + sum over s, m of a[s*segmentStride + m*stride + r] * b[(s*run + m)*bStride]</c>
    /// for six rows r: a product with the transpose of a. Reads up to 5 floats of a past the last row that is needed.
    /// </summary>
    /// <param name="a">The first element of the first row of the sum.</param>
    /// <param name="segments">Stretches of equally spaced rows of the sum.</param>
    /// <param name="segmentStride">Floats from the start of one stretch to the next.</param>
    /// <param name="run">Rows in a stretch.</param>
    /// <param name="stride">Floats from one row of a stretch to the next.</param>
    /// <param name="b">The first of segments * run rows of <see cref="Columns"/> floats.</param>
    /// <param name="bStride">Floats from one row of b to the next.</param>
    /// <param name="start">The initial sums, with the layout of c; may be c.</param>
    /// <param name="c">Six rows of <see cref="Columns"/> floats, one after the other.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TransposedTimesPanel(
        float* a, nint segments, nint segmentStride, nint run, nint stride, float* b, nint bStride, float* start,
        float* c)
    {
        nint width = TSimd.Width;
        TVector c00 = TSimd.Load(start), c01 = TSimd.Load(start + width);
        TVector c10 = TSimd.Load(start + 2 * width), c11 = TSimd.Load(start + 3 * width);
        TVector c20 = TSimd.Load(start + 4 * width), c21 = TSimd.Load(start + 5 * width);
        TVector c30 = TSimd.Load(start + 6 * width), c31 = TSimd.Load(start + 7 * width);
        TVector c40 = TSimd.Load(start + 8 * width), c41 = TSimd.Load(start + 9 * width);
        TVector c50 = TSimd.Load(start + 10 * width), c51 = TSimd.Load(start + 11 * width);
        for (; segments > 0; segments--)
        {
            float* row = a;
            nint m = 0;
            for (; m <= run - 2; m += 2, b += 2 * bStride, row += 2 * stride)
            {
                float* row1 = row + stride;
                MultiplyAdd(
                    b, row, row + 1, row + 2, row + 3, row + 4, row + 5,
                    ref c00, ref c01, ref c10, ref c11, ref c20, ref c21,
                    ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
                MultiplyAdd(
                    b + bStride, row1, row1 + 1, row1 + 2, row1 + 3, row1 + 4, row1 + 5,
                    ref c00, ref c01, ref c10, ref c11, ref c20, ref c21,
                    ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
            }
            for (; m < run; m++, b += bStride, row += stride)
            {
                MultiplyAdd(
                    b, row, row + 1, row + 2, row + 3, row + 4, row + 5,
                    ref c00, ref c01, ref c10, ref c11, ref c20, ref c21,
                    ref c30, ref c31, ref c40, ref c41, ref c50, ref c51);
            }
            a += segmentStride;
        }
        StoreRows(c, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51);
    }

    /// <summary><c>c = a * b</c> for any number of rows, one panel of columns.</summary>
    /// <param name="a">The first row.</param>
    /// <param name="count">The number of rows.</param>
    /// <param name="stride">Floats from one row to the next.</param>
    /// <param name="run">Elements of a row.</param>
    /// <param name="b">The packed panel, <c>[run, Columns]</c>.</param>
    /// <param name="c">Consecutive rows of <see cref="Columns"/> floats, padded to whole tiles.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Product(float* a, int count, nint stride, nint run, float* b, float* c)
    {
        float* zeros = stackalloc float[Columns];
        float** rows = stackalloc float*[Rows];
        TSimd.Store(TSimd.Broadcast(0), zeros);
        TSimd.Store(TSimd.Broadcast(0), zeros + TSimd.Width);
        for (; count > 0; count -= Rows, a += Rows * stride, c += Rows * Columns)
        {
            // Rows past the last one repeat it; their products are dropped.
            rows[0] = a;
            for (int r = 1; r < Rows; r++) rows[r] = rows[r - 1] + (r < count ? stride : 0);
            RowsTimesPanel(rows, 1, 0, run, b, zeros, c);
        }
    }

    /// <summary>
    /// One step of the inner index: six numbers times two vectors. The numbers are given by their addresses, so that
    /// each broadcast is one load.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyAdd(
        float* b, float* a0, float* a1, float* a2, float* a3, float* a4, float* a5,
        ref TVector c00, ref TVector c01, ref TVector c10, ref TVector c11, ref TVector c20, ref TVector c21,
        ref TVector c30, ref TVector c31, ref TVector c40, ref TVector c41, ref TVector c50, ref TVector c51)
    {
        TVector b0 = TSimd.Load(b), b1 = TSimd.Load(b + TSimd.Width);
        TVector x = TSimd.Broadcast(*a0);
        c00 = TSimd.MultiplyAdd(x, b0, c00);
        c01 = TSimd.MultiplyAdd(x, b1, c01);
        x = TSimd.Broadcast(*a1);
        c10 = TSimd.MultiplyAdd(x, b0, c10);
        c11 = TSimd.MultiplyAdd(x, b1, c11);
        x = TSimd.Broadcast(*a2);
        c20 = TSimd.MultiplyAdd(x, b0, c20);
        c21 = TSimd.MultiplyAdd(x, b1, c21);
        x = TSimd.Broadcast(*a3);
        c30 = TSimd.MultiplyAdd(x, b0, c30);
        c31 = TSimd.MultiplyAdd(x, b1, c31);
        x = TSimd.Broadcast(*a4);
        c40 = TSimd.MultiplyAdd(x, b0, c40);
        c41 = TSimd.MultiplyAdd(x, b1, c41);
        x = TSimd.Broadcast(*a5);
        c50 = TSimd.MultiplyAdd(x, b0, c50);
        c51 = TSimd.MultiplyAdd(x, b1, c51);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRows(
        float* c, TVector c00, TVector c01, TVector c10, TVector c11, TVector c20, TVector c21,
        TVector c30, TVector c31, TVector c40, TVector c41, TVector c50, TVector c51)
    {
        nint width = TSimd.Width;
        TSimd.Store(c00, c);
        TSimd.Store(c01, c + width);
        TSimd.Store(c10, c + 2 * width);
        TSimd.Store(c11, c + 3 * width);
        TSimd.Store(c20, c + 4 * width);
        TSimd.Store(c21, c + 5 * width);
        TSimd.Store(c30, c + 6 * width);
        TSimd.Store(c31, c + 7 * width);
        TSimd.Store(c40, c + 8 * width);
        TSimd.Store(c41, c + 9 * width);
        TSimd.Store(c50, c + 10 * width);
        TSimd.Store(c51, c + 11 * width);
    }
}
