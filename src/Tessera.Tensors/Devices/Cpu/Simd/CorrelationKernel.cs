using static Tessera.Tensors.Devices.Cpu.Simd.CorrelationPlan;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Convolution and transposed convolution as matrix products without an im2col matrix: the source is padded in memory,
/// so that under each row of the kernel (column, channel) is one run, and the six rows of a tile are six arbitrary
/// pixels' windows.
/// </summary>
/// <remarks>
/// Cost: 2 * pixels * taps * source channels * channels flops, at the rate of <see cref="MatrixTile{TSimd,TVector}"/>.
/// Weights are packed once a call as <c>[phase][panel][kernel row][kernel column][source channel][Columns]</c>; each
/// worker pads a band of the source into its own cache and takes the panels over it one by one. Bound by the
/// multiply-adds from about 32 source channels on; below, by loading and storing the tile.
/// </remarks>
internal static unsafe class CorrelationKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    private const int TileRows = MatrixTile<TSimd, TVector>.Rows;

    private static int TileColumns => MatrixTile<TSimd, TVector>.Columns;

    public static void Run(
        WorkerPool pool, CorrelationPlan plan, float* source, float* weight, float* bias, float* destination, bool accumulate)
    {
        int panels = (plan.Channels + TileColumns - 1) / TileColumns;
        int panelArea = plan.SourceChannels * TileColumns;
        using var packed = new Scratch((long)plan.Phases.Sum(phase => phase.Taps) * panels * panelArea);
        using var start = new Scratch(panels * TileColumns);
        PackWeights(pool, plan, weight, panels, packed.Floats);
        PackBias(bias, plan.Channels, panels, start.Floats);

        var map = new PaddedMap(
            source, plan.SourceHeight, plan.SourceWidth, plan.SourceChannels,
            plan.PadTop, plan.PadLeft, (plan.Grid.Rows - 1) * plan.WindowStep + plan.WindowRows, plan.PaddedWidth);
        var bands = new Bands(plan.Images, plan.Grid.Rows, plan.Grid.Columns);
        float* packedWeights = packed.Floats, packedBias = start.Floats;
        pool.Run(bands.Count, index =>
            RunBand(plan, map, bands[index], packedWeights, packedBias, destination, accumulate));
    }

    private static void RunBand(
        CorrelationPlan plan, PaddedMap map, Band band, float* weights, float* bias, float* destination, bool accumulate)
    {
        int paddedRows = (band.Rows - 1) * plan.WindowStep + plan.WindowRows;
        int firstPaddedRow = band.FirstRow * plan.WindowStep;
        nint imageStride = (nint)(map.IsPlain ? plan.SourceHeight : paddedRows) * map.RowStride;
        using var padded = new Scratch(map.IsPlain ? 1 : band.Images * imageStride);
        float* windows = map.IsPlain ? map.Row(band.FirstImage, firstPaddedRow) : padded.Floats;
        if (!map.IsPlain)
        {
            for (int image = 0; image < band.Images; image++)
            {
                for (int row = 0; row < paddedRows; row++)
                {
                    map.CopyRow(
                        band.FirstImage + image, firstPaddedRow + row, windows + image * imageStride + (nint)row * map.RowStride);
                }
            }
        }

        using var offsets = new Scratch(4L * band.Images * band.Rows * plan.Grid.Columns);
        foreach (Phase phase in plan.Phases)
        {
            nint* windowOffsets = (nint*)offsets.Floats;
            nint* pixelOffsets = windowOffsets + band.Images * band.Rows * plan.Grid.Columns;
            int pixels = LocatePixels(plan, phase, band, imageStride, map.RowStride, windowOffsets, pixelOffsets);
            var product = new PhaseProduct(phase.Rows.Taps, map.RowStride, phase.Columns.Taps * plan.SourceChannels, weights);
            MultiplyPhase(product, plan.Channels, windows, windowOffsets, pixelOffsets, pixels, bias, destination, accumulate);
            weights += (nint)phase.Taps * plan.SourceChannels
                * ((plan.Channels + TileColumns - 1) / TileColumns * TileColumns);
        }
    }

    /// <summary>Where each pixel of the band has its window and its destination, in floats.</summary>
    private static int LocatePixels(
        CorrelationPlan plan, Phase phase, Band band, nint imageStride, int rowStride, nint* windowOffsets, nint* pixelOffsets)
    {
        int pixel = 0;
        int rows = Math.Min(band.Rows, phase.Rows.Count - band.FirstRow);
        for (int image = 0; image < band.Images; image++)
        {
            for (int row = 0; row < rows; row++)
            {
                nint window = image * imageStride + (nint)(row * plan.WindowStep + phase.Rows.Window) * rowStride;
                nint destinationRow = (nint)(band.FirstImage + image) * plan.Height
                    + (band.FirstRow + row) * plan.PixelStep + phase.Rows.Pixel;
                for (int column = 0; column < phase.Columns.Count; column++, pixel++)
                {
                    windowOffsets[pixel] = window
                        + (nint)(column * plan.WindowStep + phase.Columns.Window) * plan.SourceChannels;
                    pixelOffsets[pixel] =
                        (destinationRow * plan.Width + column * plan.PixelStep + phase.Columns.Pixel) * plan.Channels;
                }
            }
        }
        return pixel;
    }

    private static void MultiplyPhase(
        PhaseProduct product, int channels, float* windows, nint* windowOffsets, nint* pixelOffsets, int pixels,
        float* bias, float* destination, bool accumulate)
    {
        float* edge = stackalloc float[TileRows * TileColumns];
        float** pointers = stackalloc float*[3 * TileRows];
        float** rows = pointers, start = pointers + TileRows, result = pointers + 2 * TileRows;
        float* panel = product.Weights;
        for (int channel = 0; channel < channels; channel += TileColumns)
        {
            int columns = Math.Min(TileColumns, channels - channel);
            for (int pixel = 0; pixel < pixels; pixel += TileRows)
            {
                int tileRows = Math.Min(TileRows, pixels - pixel);
                for (int r = 0; r < TileRows; r++)
                {
                    // Rows past the last pixel repeat the tile's first window, and their result is dropped.
                    bool inside = r < tileRows;
                    float* target = destination + pixelOffsets[pixel + (inside ? r : 0)] + channel;
                    rows[r] = windows + windowOffsets[pixel + (inside ? r : 0)];
                    result[r] = inside && columns == TileColumns ? target : edge + r * TileColumns;
                    start[r] = accumulate ? result[r] : bias + channel;
                    if (accumulate && result[r] != target) Copy(target, result[r], columns);
                }
                MatrixTile<TSimd, TVector>.RowsTimesPanel(
                    rows, product.Segments, product.SegmentStride, product.Run, panel, start, result);
                if (columns < TileColumns)
                {
                    for (int r = 0; r < tileRows; r++)
                    {
                        Copy(result[r], destination + pixelOffsets[pixel + r] + channel, columns);
                    }
                }
            }
            panel += product.Segments * product.Run * TileColumns;
        }
    }

    private static void Copy(float* source, float* destination, int count) =>
        new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(destination, count));

    private static void PackBias(float* bias, int channels, int panels, float* packed)
    {
        var target = new Span<float>(packed, panels * TileColumns);
        target.Clear();
        if (bias != null) new ReadOnlySpan<float>(bias, channels).CopyTo(target);
    }

    private static void PackWeights(WorkerPool pool, CorrelationPlan plan, float* weight, int panels, float* packed)
    {
        nint offset = 0;
        foreach (Phase phase in plan.Phases)
        {
            nint panelLength = (nint)phase.Taps * plan.SourceChannels * TileColumns;
            float* target = packed + offset;
            pool.Run(panels, panel => PackPanel(plan, phase, weight, panel * TileColumns, target + panel * panelLength));
            offset += panels * panelLength;
        }
    }

    private static void PackPanel(CorrelationPlan plan, Phase phase, float* weight, int channel, float* packed)
    {
        int columns = Math.Min(TileColumns, plan.Channels - channel);
        for (int row = 0; row < phase.Rows.Taps; row++)
        {
            for (int column = 0; column < phase.Columns.Taps; column++)
            {
                int kernel = (phase.Rows.Kernel + row * phase.Rows.KernelStep) * plan.KernelWidth
                    + phase.Columns.Kernel + column * phase.Columns.KernelStep;
                float* from = weight + (nint)channel * plan.ChannelStride + kernel;
                for (int sourceChannel = 0; sourceChannel < plan.SourceChannels; sourceChannel++)
                {
                    for (int c = 0; c < TileColumns; c++)
                    {
                        packed[c] = c < columns ? from[(nint)c * plan.ChannelStride] : 0;
                    }
                    packed += TileColumns;
                    from += plan.SourceChannelStride;
                }
            }
        }
    }

    private readonly struct PhaseProduct(int segments, int segmentStride, int run, float* weights)
    {
        public int Segments { get; } = segments;
        public int SegmentStride { get; } = segmentStride;
        public int Run { get; } = run;
        public float* Weights { get; } = weights;
    }
}
