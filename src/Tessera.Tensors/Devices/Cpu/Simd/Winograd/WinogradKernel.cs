using static Tessera.Tensors.Devices.Cpu.Simd.CorrelationPlan;

namespace Tessera.Tensors.Devices.Cpu.Simd.Winograd;

/// <summary>
/// Convolution and transposed convolution by Winograd's minimal filtering: source tiles and weights are transformed,
/// multiplied as matrices at each of the 36 or 25 positions in a tile, and transformed back.
/// </summary>
/// <remarks>
/// Cost for each tile of 4 x 4 results: 2 * positions * inner * channels flops for the products (36 instead of 144 for
/// a 3 x 3 kernel, 25 instead of 64 for a 4 x 4 kernel of stride 2) at the rate of
/// <see cref="MatrixTile{TSimd,TVector}"/>, plus two loads and two stores per float of the transformed source and of
/// the products, which go through the second and third level of cache. A chunk of tiles goes through three stages:
/// source <c>[position][tile][inner]</c>, products <c>[position][panel][tile][Columns]</c>, results. If there are tiles
/// enough for each thread, it computes whole chunks; else all threads divide each stage. Weights are packed once a
/// call: see <see cref="WinogradWeights{TSimd,TVector,TWinograd}"/>.
/// </remarks>
internal static unsafe class WinogradKernel<TSimd, TVector, TWinograd>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TWinograd : struct, IWinograd
{
    // The fastest of 12, 24, 48 and 96 at the reference notebook's sizes, with 512 KB of second-level cache.
    private const int TilesPerChunk = 24;

    // Each chunk fetches all transformed weights. Where these are 8 MB and more, the fetching is the bound: then the
    // fastest of 24, 48 and 96 (256 channels, 128 tiles, 1.25 MB of second-level cache), but no more than each thread
    // can have: a stage that threads divide passes from one's cache to another's (64 tiles for each of two threads take
    // 0.78 to 0.93 of the time that both take for 96 and 32).
    private const int TilesPerChunkOfManyWeights = 96, ManyWeights = 1 << 21;
    private const int TileRows = MatrixTile<TSimd, TVector>.Rows;

    private static int PanelColumns => MatrixTile<TSimd, TVector>.Columns;

    public static void Run(
        WorkerPool pool, CorrelationPlan plan, float* source, float* weight, EpiloguePointers epilogue)
    {
        var tiles = new WinogradTiles(
            plan, TWinograd.Size, TSimd.Width, PanelColumns, TilesPerChunk, MostTilesFor(plan), pool.Threads);
        var layout = new WinogradWeights<TSimd, TVector, TWinograd>(tiles);
        using var packed = new Scratch(layout.Length);
        layout.Pack(pool, weight, packed.Floats);

        PaddedMap map = tiles.PadSource(source);
        float* weights = packed.Floats;
        if (tiles.HasChunksForThreads)
        {
            pool.Run(
                tiles.Chunks, chunk => RunChunk(tiles, layout, chunk, map, weights, epilogue, WorkerPool.RunInTurn));
        }
        else
        {
            for (int chunk = 0; chunk < tiles.Chunks; chunk++) RunChunk(
                tiles, layout, chunk, map, weights, epilogue, pool.Run);
        }
    }

    private static int MostTilesFor(CorrelationPlan plan)
    {
        long weights = (long)plan.Phases.Length * TWinograd.Size * TWinograd.Size
            * plan.WindowStep * plan.WindowStep * plan.SourceChannels * plan.Channels;
        return weights < ManyWeights ? TilesPerChunk : TilesPerChunkOfManyWeights;
    }

    /// <summary>Transforms the source of a band's tiles for one phase to <c>[position][tile][inner]</c>.</summary>
    public static void TransformSource(
        WinogradTiles tiles, in PaddedMap map, Band band, Phase phase, float* transformed)
    {
        int step = tiles.Plan.WindowStep, channels = tiles.PaddedChannels;
        using var source = new PaddedBand(
            map, band.FirstImage, band.Images, band.FirstRow * WinogradTiles.Results * step,
            tiles.PaddedRows(band.Rows));
        nint row = (nint)step * source.RowStride, column = (nint)step * channels;
        for (int tile = 0; tile < band.Images * band.Rows * tiles.Columns; tile++)
        {
            (int image, int rest) = Math.DivRem(tile, band.Rows * tiles.Columns);
            (int tileRow, int tileColumn) = Math.DivRem(rest, tiles.Columns);
            float* window = source.Pixels + image * source.ImageStride
                + tileRow * WinogradTiles.Results * row + (nint)phase.Rows.Window * source.RowStride
                + tileColumn * WinogradTiles.Results * column + (nint)phase.Columns.Window * channels;
            float* to = transformed + (nint)tile * tiles.TileStride;
            for (int sourceMap = 0; sourceMap < tiles.SourceMaps; sourceMap++)
            {
                float* from = window + sourceMap / step * (nint)source.RowStride + sourceMap % step * channels;
                for (int channel = 0; channel < channels; channel += TSimd.Width, to += TSimd.Width)
                {
                    TWinograd.Source(
                        from + channel, row, column, to, TWinograd.Size * tiles.SourceStride, tiles.SourceStride);
                }
            }
        }
    }

    private static void RunChunk(
        WinogradTiles tiles, WinogradWeights<TSimd, TVector, TWinograd> layout, int chunk, PaddedMap map,
        float* weights,
        EpiloguePointers epilogue, Action<int, Action<int>> shareOut)
    {
        (int firstBand, int endBand) = tiles.BandsOf(chunk);
        int firstTile = tiles.TilesBefore(firstBand), count = tiles.TilesBefore(endBand) - firstTile;
        nint panelStride = tiles.ProductPanelStride(PanelColumns, TileRows);
        nint positionStride = tiles.ProductStride(PanelColumns, TileRows);
        using var transformed = new Scratch(tiles.SourceLength);
        using var multiplied = new Scratch(tiles.Positions * positionStride);
        float* source = transformed.Floats, products = multiplied.Floats;
        foreach (Phase phase in tiles.Plan.Phases)
        {
            float* phaseWeights = weights;
            shareOut(endBand - firstBand, i => TransformSource(
                tiles, map, tiles.Bands[firstBand + i], phase,
                source + (nint)(tiles.TilesBefore(firstBand + i) - firstTile) * tiles.TileStride));
            shareOut(tiles.Positions * tiles.Panels, item => MatrixTile<TSimd, TVector>.Product(
                source + item / tiles.Panels * tiles.SourceStride, count, tiles.TileStride, tiles.Inner,
                phaseWeights + item / tiles.Panels * layout.PositionLength + item % tiles.Panels * layout.PanelLength,
                products + item / tiles.Panels * positionStride + item % tiles.Panels * panelStride));
            shareOut(endBand - firstBand, i => StoreResults(
                tiles, tiles.Bands[firstBand + i], phase,
                products + (nint)(tiles.TilesBefore(firstBand + i) - firstTile) * PanelColumns, epilogue));
            weights += layout.PhaseLength;
        }
    }

    private static void StoreResults(
        WinogradTiles tiles, Band band, Phase phase, float* products, in EpiloguePointers epilogue)
    {
        const int Results = WinogradTiles.Results;
        CorrelationPlan plan = tiles.Plan;
        nint panelStride = tiles.ProductPanelStride(PanelColumns, TileRows);
        nint positionStride = tiles.ProductStride(PanelColumns, TileRows);
        float* block = stackalloc float[Results * Results * PanelColumns + CacheLine.Floats];
        float* results = CacheLine.Align(block);
        nint* offsets = stackalloc nint[Results * Results], next = stackalloc nint[Results * Results];
        int count = band.Images * band.Rows * tiles.Columns;
        LocateTile(0, next);
        for (int tile = 0; tile < count; tile++, products += PanelColumns)
        {
            nint* done = offsets;
            offsets = next;
            next = done;
            bool hasNext = tile + 1 < count;
            if (hasNext) LocateTile(tile + 1, next);
            for (int panel = 0; panel < tiles.Panels; panel++)
            {
                int channel = panel * PanelColumns;
                if (hasNext) EpilogueKernel<TSimd, TVector>.Prefetch(epilogue, next, Results * Results, channel);
                for (int half = 0; half < PanelColumns; half += TSimd.Width)
                {
                    TWinograd.Results(
                        products + panel * panelStride + half, TWinograd.Size * positionStride, positionStride,
                        results + half, Results * PanelColumns, PanelColumns);
                }
                EpilogueKernel<TSimd, TVector>.Store(
                    epilogue, results, offsets, Results * Results, channel,
                    Math.Min(PanelColumns, plan.Channels - channel));
            }
        }

        void LocateTile(int tile, nint* to)
        {
            (int image, int rest) = Math.DivRem(tile, band.Rows * tiles.Columns);
            (int tileRow, int tileColumn) = Math.DivRem(rest, tiles.Columns);
            LocatePixels(
                plan, phase, band.FirstImage + image, (band.FirstRow + tileRow) * Results, tileColumn * Results, to);
        }
    }

    /// <summary>The offsets of a tile's results in the destination; Outside for those beyond the map.</summary>
    private static void LocatePixels(
        CorrelationPlan plan, Phase phase, int image, int firstRow, int firstColumn, nint* offsets)
    {
        for (int row = firstRow; row < firstRow + WinogradTiles.Results; row++)
        {
            nint pixelRow = (nint)image * plan.Height + row * plan.PixelStep + phase.Rows.Pixel;
            for (int column = firstColumn; column < firstColumn + WinogradTiles.Results; column++)
            {
                *offsets++ = row < phase.Rows.Count && column < phase.Columns.Count
                    ? (pixelRow * plan.Width + column * plan.PixelStep + phase.Columns.Pixel) * plan.Channels
                    : EpilogueKernel<TSimd, TVector>.Outside;
            }
        }
    }
}
