using System.Runtime.CompilerServices;
using static Tessera.Tensors.Devices.Cpu.Simd.CorrelationPlan;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Convolution and transposed convolution as matrix products without an im2col matrix. The source is padded in memory,
/// so that each kernel row covers one run of consecutive floats (column, channel). The six rows of a tile are the
/// windows of six arbitrary pixels.
/// </summary>
/// <remarks>
/// Cost: 2 * pixels * taps * source channels * channels flops, at the rate of <see cref="MatrixTile{TSimd,TVector}"/>.
/// Weights are packed once a call as <c>[phase][panel][kernel row][kernel column][source channel][Columns]</c>; each
/// thread pads a band of the source into its own cache and multiplies it by one panel after the other. Bound by the
/// multiply-adds from about 32 source channels on, below that by loading and storing the tile.
/// </remarks>
internal static unsafe class CorrelationKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    // 32 tiles of 6 rows: a panel of weights is used 32 times each time it is fetched.
    private const int PixelsPerBand = 192;

    // A band's source is read once for each panel, from a cache: 144 KB of the second level.
    private const int SourcePerBand = 192 * 192, LeastPixelsPerBand = 48;

    // Fewer bands are cut into groups of panels.
    private const int ItemsPerThread = 4;
    private const int TileRows = MatrixTile<TSimd, TVector>.Rows;

    private static int TileColumns => MatrixTile<TSimd, TVector>.Columns;

    public static void Run(
        WorkerPool pool, CorrelationPlan plan, float* source, float* weight, EpiloguePointers epilogue)
    {
        int panels = (plan.Channels + TileColumns - 1) / TileColumns;
        using var packed = new Scratch(
            (long)plan.Phases.Sum(phase => phase.Taps) * panels * plan.SourceChannels * TileColumns);
        var map = new PaddedMap(
            source, plan.SourceHeight, plan.SourceWidth, plan.SourceChannels, plan.PadTop, plan.PadLeft,
            (plan.Grid.Rows - 1) * plan.WindowStep + plan.WindowRows, plan.PaddedWidth, plan.SourceChannels);
        var bands = new Bands(
            plan.Images, plan.Grid.Rows, plan.Grid.Columns,
            Math.Clamp(SourcePerBand / plan.SourceChannels, LeastPixelsPerBand, PixelsPerBand));
        float* packedWeights = packed.Floats;
        int groups = Math.Clamp(ItemsPerThread * pool.Threads / bands.Count, 1, panels);
        // With a single band, each panel is used once: where it is packed.
        if (bands.Count > 1)
            pool.Run(panels, panel => PackWeights(plan, weight, panel, panel + 1, packedWeights));
        pool.Run(bands.Count * groups, item =>
        {
            (int band, int group) = Math.DivRem(item, groups);
            (int first, int end) = (panels * group / groups, panels * (group + 1) / groups);
            if (bands.Count == 1) PackWeights(plan, weight, first, end, packedWeights);
            RunBand(plan, map, bands[band], first, end, packedWeights, epilogue);
        });
    }

    private static void RunBand(
        CorrelationPlan plan, PaddedMap map, Band band, int firstPanel, int endPanel, float* weights,
        in EpiloguePointers epilogue)
    {
        using var source = new PaddedBand(
            map, band.FirstImage, band.Images, band.FirstRow * plan.WindowStep,
            (band.Rows - 1) * plan.WindowStep + plan.WindowRows);
        using var offsets = new Scratch(4L * band.Images * band.Rows * plan.Grid.Columns);
        foreach (Phase phase in plan.Phases)
        {
            nint* windowOffsets = (nint*)offsets.Floats;
            nint* pixelOffsets = windowOffsets + band.Images * band.Rows * plan.Grid.Columns;
            int pixels = LocatePixels(
                plan, phase, band, source.ImageStride, source.RowStride, windowOffsets, pixelOffsets);
            var product = new PhaseProduct(
                phase.Rows.Taps, source.RowStride, phase.Columns.Taps * plan.SourceChannels, weights,
                isInMemory: map.IsPlain && plan.Geometry.KernelHeight == 1);
            for (int panel = firstPanel; panel < endPanel; panel++)
            {
                MultiplyPanel(
                    product, panel, plan.Channels, source.Pixels, windowOffsets, pixelOffsets, pixels,
                    isFirst: panel == firstPanel, epilogue);
            }
            weights += PanelLength(plan, phase) * WorkerPool.Ranges(plan.Channels, TileColumns);
        }
    }

    /// <summary>The offsets, in floats, of the window and the destination of each pixel of the band.</summary>
    private static int LocatePixels(
        CorrelationPlan plan, Phase phase, Band band, nint imageStride, int rowStride, nint* windowOffsets,
        nint* pixelOffsets)
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

    private static void MultiplyPanel(
        PhaseProduct product, int number, int channels, float* windows, nint* windowOffsets, nint* pixelOffsets,
        int pixels, bool isFirst, in EpiloguePointers epilogue)
    {
        float* block = stackalloc float[TileRows * TileColumns + CacheLine.Floats];
        float* tile = CacheLine.Align(block);
        float* zeros = stackalloc float[TileColumns];
        float** rows = stackalloc float*[TileRows];
        new Span<float>(zeros, TileColumns).Clear();
        float* panel = product.Weights + number * (nint)product.Segments * product.Run * TileColumns;
        int channel = number * TileColumns, columns = Math.Min(TileColumns, channels - channel);
        for (int pixel = 0; pixel < pixels; pixel += TileRows)
        {
            // Rows past the last pixel repeat it; their results are dropped.
            for (int r = 0; r < TileRows; r++) rows[r] = windows + windowOffsets[Math.Min(pixel + r, pixels - 1)];
            int following = pixel + TileRows, count = Math.Min(TileRows, pixels - following);
            if (isFirst && product.IsInMemory) Prefetch(windows, windowOffsets + following, count, product.Run);
            EpilogueKernel<TSimd, TVector>.Prefetch(epilogue, pixelOffsets + following, count, channel);
            MatrixTile<TSimd, TVector>.RowsTimesPanel(
                rows, product.Segments, product.SegmentStride, product.Run, panel, zeros, tile);
            EpilogueKernel<TSimd, TVector>.Store(
                epilogue, tile, pixelOffsets + pixel, Math.Min(TileRows, pixels - pixel), channel, columns);
        }
    }

    /// <summary>Starts to fetch the windows of some pixels, which are one run of floats each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Prefetch(float* windows, nint* windowOffsets, int count, int length)
    {
        for (int pixel = 0; pixel < count; pixel++)
        {
            float* window = windows + windowOffsets[pixel];
            for (int i = 0; i < length; i += CacheLine.Floats) CacheLine.Prefetch(window + i);
        }
    }

    private static nint PanelLength(CorrelationPlan plan, Phase phase) =>
        (nint)phase.Taps * plan.SourceChannels * TileColumns;

    private static void PackWeights(CorrelationPlan plan, float* weight, int firstPanel, int endPanel, float* packed)
    {
        foreach (Phase phase in plan.Phases)
        {
            nint length = PanelLength(plan, phase);
            for (int panel = firstPanel; panel < endPanel; panel++)
                PackPanel(plan, phase, weight, panel * TileColumns, packed + panel * length);
            packed += length * WorkerPool.Ranges(plan.Channels, TileColumns);
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
                PackTap(plan, weight + (nint)channel * plan.ChannelStride + kernel, columns, packed);
                packed += (nint)plan.SourceChannels * TileColumns;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackTap(CorrelationPlan plan, float* from, int columns, float* packed)
    {
        nint sourceStride = plan.SourceChannelStride, stride = plan.ChannelStride;
        int channels = plan.SourceChannels;
        if (columns < TileColumns) new Span<float>(packed, channels * TileColumns).Clear();
        if (sourceStride == 1)
        {
            Transposition.Run(from, stride, columns, channels, packed, TileColumns, accumulate: false);
            return;
        }
        for (int channel = 0; channel < channels; channel++, packed += TileColumns, from += sourceStride)
        {
            if (stride == 1 && columns == TileColumns)
            {
                TSimd.Store(TSimd.Load(from), packed);
                TSimd.Store(TSimd.Load(from + TSimd.Width), packed + TSimd.Width);
                continue;
            }
            for (int c = 0; c < columns; c++) packed[c] = from[c * stride];
        }
    }

    private readonly struct PhaseProduct(int segments, int segmentStride, int run, float* weights, bool isInMemory)
    {
        public int Segments { get; } = segments;
        public int SegmentStride { get; } = segmentStride;
        public int Run { get; } = run;
        public float* Weights { get; } = weights;

        /// <summary>Whether the windows are single runs of the tensor itself, which may not be in a cache.</summary>
        public bool IsInMemory { get; } = isInMemory;
    }
}
