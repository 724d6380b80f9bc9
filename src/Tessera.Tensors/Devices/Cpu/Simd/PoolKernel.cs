using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Maxima of windows, channels side by side in vectors. Cost: a comparison for each place of each window. Bound: memory
/// for windows that do not overlap.
/// </summary>
internal static unsafe class PoolKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>One row of the output, from an image of the input.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MaxRow(in PoolGeometry g, int outRow, float* x, float* y)
    {
        int channels = g.Channels;
        (int firstRow, int endRow) = g.Rows(outRow);
        for (int outColumn = 0; outColumn < g.OutWidth; outColumn++, y += channels)
        {
            (int firstColumn, int endColumn) = g.Columns(outColumn);
            float* corner = x + ((nint)firstRow * g.InWidth + firstColumn) * channels;
            int c = 0;
            for (; c <= channels - TSimd.Width; c += TSimd.Width)
            {
                TVector largest = TSimd.Load(corner + c);
                for (int row = firstRow; row < endRow; row++)
                {
                    float* place = x + ((nint)row * g.InWidth + firstColumn) * channels + c;
                    for (int column = firstColumn; column < endColumn; column++, place += channels)
                        largest = TSimd.Max(largest, TSimd.Load(place));
                }
                TSimd.Store(largest, y + c);
            }
            for (; c < channels; c++)
            {
                float largest = corner[c];
                for (int row = firstRow; row < endRow; row++)
                {
                    float* place = x + ((nint)row * g.InWidth + firstColumn) * channels + c;
                    for (int column = firstColumn; column < endColumn; column++, place += channels)
                        largest = Math.Max(largest, *place);
                }
                y[c] = largest;
            }
        }
    }

    /// <summary>Adds the gradient of one image.</summary>
    public static void MaxGradient(in PoolGeometry g, float* x, float* y, float* gradY, float* gradX)
    {
        for (int outRow = 0; outRow < g.OutHeight; outRow++)
        {
            for (int outColumn = 0; outColumn < g.OutWidth; outColumn++, y += g.Channels, gradY += g.Channels)
                WindowGradient(g, g.Rows(outRow), g.Columns(outColumn), x, y, gradY, gradX);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WindowGradient(
        in PoolGeometry g, (int First, int End) rows, (int First, int End) columns, float* x, float* y, float* gradY,
        float* gradX)
    {
        int c = 0;
        TVector zero = TSimd.Broadcast(0);
        for (; c <= g.Channels - TSimd.Width; c += TSimd.Width)
        {
            // What no place has taken yet.
            TVector largest = TSimd.Load(y + c), rest = TSimd.Load(gradY + c);
            for (int row = rows.First; row < rows.End; row++)
            {
                nint at = ((nint)row * g.InWidth + columns.First) * g.Channels + c;
                for (int column = columns.First; column < columns.End; column++, at += g.Channels)
                {
                    TVector value = TSimd.Load(x + at);
                    TVector taken = TSimd.WhereGreater(largest, value, zero, rest);
                    rest = TSimd.WhereGreater(largest, value, rest, zero);
                    TSimd.Store(TSimd.Add(TSimd.Load(gradX + at), taken), gradX + at);
                }
            }
        }
        for (; c < g.Channels; c++)
        {
            float rest = gradY[c];
            for (int row = rows.First; row < rows.End; row++)
            {
                nint at = ((nint)row * g.InWidth + columns.First) * g.Channels + c;
                for (int column = columns.First; column < columns.End; column++, at += g.Channels)
                {
                    if (y[c] > x[at]) continue;
                    gradX[at] += rest;
                    rest = 0;
                }
            }
        }
    }
}
