using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Transposed convolution to few channels: each source pixel is multiplied by the whole kernel, and the products are
/// added to the destination. A row of the kernel covers one run of consecutive floats of the destination (column,
/// channel). With 3 channels, 4 kernel columns and vectors of 256 bits, the run fills 12 of a tile's 16 columns, where
/// <see cref="CorrelationKernel{TSimd,TVector}"/> would fill 3.
/// </summary>
/// <remarks>
/// Cost: 2 * source pixels * kernel rows * (kernel width * channels, up to whole tiles) * source channels flops at the
/// rate of <see cref="MatrixTile{TSimd,TVector}"/>, plus a load and a store per product. Weights are packed once a call
/// as <c>[kernel row][panel][source channel][Columns]</c>. Each thread keeps in its cache a band of destination rows
/// and the products of its source pixels with one row of the kernel, <c>[pixel][Columns]</c>.
/// </remarks>
internal static unsafe class ScatterKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private const int PixelsPerBand = 256;
    private const int TileRows = MatrixTile<TSimd, TVector>.Rows;

    private static int TileColumns => MatrixTile<TSimd, TVector>.Columns;

    /// <param name="pool">The threads.</param>
    /// <param name="g">The convolution that is transposed.</param>
    /// <param name="source"><c>[batch, out height, out width, out channels]</c>.</param>
    /// <param name="weight">OIHW.</param>
    /// <param name="epilogue">Its destination is <c>[batch, in height, in width, in channels]</c>.</param>
    public static void Run(WorkerPool pool, Conv2dGeometry g, float* source, float* weight, EpiloguePointers epilogue)
    {
        int panels = (g.KernelWidth * g.InChannels + TileColumns - 1) / TileColumns;
        using var packed = new Scratch((long)g.KernelHeight * panels * g.OutChannels * TileColumns);
        float* weights = packed.Floats;
        pool.Run(g.KernelHeight * panels, item => PackPanel(
            g, weight, item / panels, item % panels * TileColumns, weights + (nint)item * g.OutChannels * TileColumns));

        var bands = new Bands(
            g.Batch, (g.InHeight + g.Stride - 1) / g.Stride, (g.InWidth + g.Stride - 1) / g.Stride, PixelsPerBand);
        pool.Run(bands.Count, index =>
        {
            Band band = bands[index];
            for (int image = band.FirstImage; image < band.FirstImage + band.Images; image++)
            {
                int first = band.FirstRow * g.Stride, end = Math.Min(g.InHeight, first + band.Rows * g.Stride);
                RunRows(g, panels, source, weights, image, first, end, epilogue);
            }
        });
    }

    private static void PackPanel(in Conv2dGeometry g, float* weight, int kernelRow, int firstColumn, float* packed)
    {
        int kernelArea = g.KernelHeight * g.KernelWidth;
        for (int channel = 0; channel < g.OutChannels; channel++)
        {
            for (int column = firstColumn; column < firstColumn + TileColumns; column++)
            {
                (int kernelColumn, int inChannel) = Math.DivRem(column, g.InChannels);
                *packed++ = kernelColumn < g.KernelWidth
                    ? weight[((nint)channel * g.InChannels + inChannel) * kernelArea
                        + kernelRow * g.KernelWidth + kernelColumn]
                    : 0;
            }
        }
    }

    /// <summary>Destination rows first to end of one image.</summary>
    private static void RunRows(
        in Conv2dGeometry g, int panels, float* source, float* weights, int image, int first, int end,
        in EpiloguePointers epilogue)
    {
        // Wide enough for whole panels under the last source pixel, and for the destination.
        int columns = Math.Max((g.OutWidth - 1) * g.Stride, g.InWidth + g.Padding);
        nint rowStride = (nint)columns * g.InChannels + (nint)panels * TileColumns;
        using var scratch = new Scratch((end - first) * rowStride);
        float* rows = scratch.Floats;
        FillWithBias(rows, (end - first) * rowStride, rowStride, epilogue.Bias, g.InChannels);
        long sourceRows = (end - first + g.Stride - 1) / g.Stride;
        using var multiplied = new Scratch((sourceRows * g.OutWidth + TileRows) * TileColumns);
        float* products = multiplied.Floats;
        for (int kernelRow = 0; kernelRow < g.KernelHeight; kernelRow++)
        {
            // The source rows i whose destination row, i * stride + kernel row - padding, is one of these.
            int firstSource = Math.Max(0, (first + g.Padding - kernelRow + g.Stride - 1) / g.Stride);
            int endSource = Math.Min(g.OutHeight, (end - 1 + g.Padding - kernelRow + g.Stride) / g.Stride);
            float* pixels = source + ((nint)image * g.OutHeight + firstSource) * g.OutWidth * g.OutChannels;
            for (int panel = 0; panel < panels; panel++, weights += (nint)g.OutChannels * TileColumns)
            {
                MatrixTile<TSimd, TVector>.Product(
                    pixels, (endSource - firstSource) * g.OutWidth, g.OutChannels, g.OutChannels, weights, products);
                for (int i = firstSource; i < endSource; i++)
                {
                    int row = i * g.Stride + kernelRow - g.Padding;
                    AddRow(
                        products + (nint)(i - firstSource) * g.OutWidth * TileColumns, g.OutWidth,
                        (nint)g.Stride * g.InChannels,
                        rows + (row - first) * rowStride + panel * TileColumns);
                }
            }
        }
        int length = g.InWidth * g.InChannels;
        nint destination = ((nint)image * g.InHeight + first) * length;
        for (int row = 0; row < end - first; row++)
        {
            EpilogueKernel<TSimd, TVector>.StoreRun(
                epilogue, rows + row * rowStride + g.Padding * g.InChannels, destination + (nint)row * length, length);
        }
    }

    private static void FillWithBias(float* rows, nint count, nint rowStride, float* bias, int channels)
    {
        for (nint i = 0; i < rowStride; i++) rows[i] = bias[i % channels];
        var first = new ReadOnlySpan<float>(rows, (int)rowStride);
        for (nint row = rowStride; row < count; row += rowStride)
            first.CopyTo(new Span<float>(rows + row, (int)rowStride));
    }

    /// <summary>
    /// Adds the products of a row of source pixels to a row of the destination, where they lie <paramref name="step"/>
    /// floats apart and overlap. A value that has just been stored would be loaded again before it reaches the cache.
    /// So products that do not overlap are added first, then those between them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRow(float* products, int pixels, nint step, float* row)
    {
        int apart = (int)((TileColumns + step - 1) / step);
        for (int start = 0; start < apart; start++)
        {
            for (nint pixel = start; pixel < pixels; pixel += apart)
            {
                float* from = products + pixel * TileColumns, to = row + pixel * step;
                TSimd.Store(TSimd.Add(TSimd.Load(to), TSimd.Load(from)), to);
                TSimd.Store(TSimd.Add(TSimd.Load(to + TSimd.Width), TSimd.Load(from + TSimd.Width)), to + TSimd.Width);
            }
        }
    }
}
