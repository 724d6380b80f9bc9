using System.Numerics;

namespace Tessera.Tensors.Devices.Cpu.Simd.Winograd;

/// <summary>
/// The weight gradient of a convolution by Winograd's minimal filtering, <c>dW = G'((B' D B) * (A dY A')) G</c>: for
/// each position in a tile the product of the transformed source with the transformed gradient, summed over all tiles.
/// </summary>
/// <remarks>
/// Cost: that of <see cref="WinogradKernel{TSimd,TVector,TWinograd}"/>. The tiles are cut into slices, each with its
/// own sums. A chunk of a slice's tiles goes through two stages: its bands are transformed to source
/// <c>[position][tile][inner]</c> and gradient <c>[position][tile][channel]</c>; then each (position, panel) is
/// multiplied and added to the slice's sums, which have the layout of
/// <see cref="WinogradWeights{TSimd,TVector,TWinograd}"/> and go through the cache once a chunk. If the slices divide
/// evenly among the threads, each thread computes whole slices, so that no data moves between the caches of processors;
/// else all threads divide each stage. The order of the sums depends on the sizes alone.
/// </remarks>
internal static unsafe class WinogradWeightGradient<TSimd, TVector, TWinograd>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TWinograd : struct, IWinograd
{
    // The fastest of 24, 48, 64 and 96: with more tiles, the sums go through the cache less often.
    private const int TilesPerChunk = 64;

    // Longer float32 sums are less exact: over 4160 tiles the relative root mean square error is 1.5e-6 with 16 slices
    // and 5.6e-6 with one. But each slice takes as much memory as the transformed weights (64 MB at most in all), and
    // time to add it up: two slices of 64 tiles take longer than one of 128.
    private const int TilesPerSlice = 256, FewestTilesPerSlice = 128, MaxSlices = 16, MaxFloats = 1 << 24;
    private const int TileRows = MatrixTile<TSimd, TVector>.Rows;

    private static int PanelColumns => MatrixTile<TSimd, TVector>.Columns;

    public static void Run(
        WorkerPool pool, in Conv2dGeometry g, float* x, float* gradY, float* gradWeight, bool accumulate,
        float* gradBias, bool accumulateBias)
    {
        var plan = CorrelationPlan.Convolution(g);
        var tiles = new WinogradTiles(
            plan, TWinograd.Size, TSimd.Width, PanelColumns, TilesPerChunk, TilesPerChunk, threads: 1);
        var layout = new WinogradWeights<TSimd, TVector, TWinograd>(tiles);
        PaddedMap source = tiles.PadSource(x);
        var gradient = new PaddedMap(
            gradY, plan.Height, plan.Width, plan.Channels, 0, 0, tiles.Rows * WinogradTiles.Results,
            tiles.Columns * WinogradTiles.Results, tiles.Panels * PanelColumns);
        int slices = Slices(tiles, layout.Length);
        using var bias = new BiasGradient<TSimd, TVector>(gradBias, tiles.Bands.Count, plan.Channels);
        using var partial = new Scratch(slices * layout.Length);
        float* sums = partial.Floats;
        if (slices % pool.Threads == 0)
        {
            pool.Run(slices, slice => AddSlice(slice, WorkerPool.RunInTurn));
        }
        else
        {
            for (int slice = 0; slice < slices; slice++) AddSlice(slice, pool.Run);
        }
        layout.Unpack(pool, sums, slices, gradWeight, accumulate);
        bias.Write(accumulateBias);

        void AddSlice(int slice, Action<int, Action<int>> shareOut) => AddBands(
            tiles, layout, BandsBefore(slice), BandsBefore(slice + 1), source, gradient, sums + slice * layout.Length,
            bias, shareOut);

        int BandsBefore(int slice) => (int)((long)tiles.Bands.Count * slice / slices);
    }

    /// <summary>The number of slices: a power of two, because the number of threads divides that most often.</summary>
    private static int Slices(WinogradTiles tiles, nint length)
    {
        int wanted = Math.Max(tiles.Count / TilesPerSlice, Math.Clamp(tiles.Count / FewestTilesPerSlice, 1, 2));
        long most = Math.Max(1, Math.Min(Math.Min(MaxSlices, tiles.Bands.Count), MaxFloats / length));
        return (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)wanted), 1L << BitOperations.Log2((ulong)most));
    }

    /// <summary>Computes the sums of a slice: the products of the tiles of bands first to end.</summary>
    private static void AddBands(
        WinogradTiles tiles, WinogradWeights<TSimd, TVector, TWinograd> layout, int first, int end, PaddedMap sourceMap,
        PaddedMap gradientMap, float* sums, BiasGradient<TSimd, TVector> bias, Action<int, Action<int>> shareOut)
    {
        nint tileStride = tiles.GradientTileStride(PanelColumns), positionStride = tiles.GradientStride(PanelColumns);
        using var transformedSource = new Scratch(tiles.SourceLength);
        using var transformedGradient = new Scratch(tiles.Positions * positionStride);
        float* source = transformedSource.Floats, gradient = transformedGradient.Floats;
        int chunks = (end - first + tiles.BandsPerChunk - 1) / tiles.BandsPerChunk;
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            int firstBand = BandsBefore(chunk), endBand = BandsBefore(chunk + 1);
            int firstTile = tiles.TilesBefore(firstBand), count = tiles.TilesBefore(endBand) - firstTile;
            bool isFirst = chunk == 0;
            shareOut(endBand - firstBand, i =>
            {
                Band band = tiles.Bands[firstBand + i];
                nint tile = tiles.TilesBefore(firstBand + i) - firstTile;
                WinogradKernel<TSimd, TVector, TWinograd>.TransformSource(
                    tiles, sourceMap, band, tiles.Plan.Phases[0], source + tile * tiles.TileStride);
                int row = band.FirstRow * WinogradTiles.Results;
                int rows = Math.Min(band.Rows * WinogradTiles.Results, tiles.Plan.Height - row);
                bias.SumBand(
                    firstBand + i, gradientMap.Row(band.FirstImage, row), band.Images * rows * tiles.Plan.Width);
                TransformGradient(tiles, gradientMap, band, gradient + tile * tileStride);
            });
            // The panels of a position follow each other, so its source and gradient stay in the second-level cache.
            shareOut(tiles.Positions * tiles.Panels, item => Multiply(
                tiles, source + item / tiles.Panels * tiles.SourceStride, count,
                gradient + item / tiles.Panels * positionStride + item % tiles.Panels * PanelColumns,
                sums + item / tiles.Panels * layout.PositionLength + item % tiles.Panels * layout.PanelLength,
                isFirst));
        }

        // All chunks have about the same size.
        int BandsBefore(int chunk) => first + (int)((long)(end - first) * chunk / chunks);
    }

    private static void TransformGradient(WinogradTiles tiles, in PaddedMap map, Band band, float* transformed)
    {
        using var gradient = new PaddedBand(
            map, band.FirstImage, band.Images, band.FirstRow * WinogradTiles.Results,
            band.Rows * WinogradTiles.Results);
        nint tileStride = tiles.GradientTileStride(PanelColumns), positionStride = tiles.GradientStride(PanelColumns);
        nint column = tiles.Panels * PanelColumns;
        for (int tile = 0; tile < band.Images * band.Rows * tiles.Columns; tile++, transformed += tileStride)
        {
            (int image, int rest) = Math.DivRem(tile, band.Rows * tiles.Columns);
            (int tileRow, int tileColumn) = Math.DivRem(rest, tiles.Columns);
            float* from = gradient.Pixels + image * gradient.ImageStride
                + (nint)tileRow * WinogradTiles.Results * gradient.RowStride
                + tileColumn * WinogradTiles.Results * column;
            for (int channel = 0; channel < column; channel += TSimd.Width)
            {
                TWinograd.ResultGradients(
                    from + channel, gradient.RowStride, column,
                    transformed + channel, TWinograd.Size * positionStride, positionStride);
            }
        }
    }

    /// <summary>Adds the products of all tiles of a chunk, at one position and for one panel, to the sums.</summary>
    private static void Multiply(
        WinogradTiles tiles, float* source, int count, float* gradient, float* sums, bool isFirst)
    {
        float* zeros = stackalloc float[TileRows * PanelColumns];
        float* last = stackalloc float[TileRows * PanelColumns];
        new Span<float>(zeros, TileRows * PanelColumns).Clear();
        for (int row = 0; row < tiles.Inner; row += TileRows, sums += TileRows * PanelColumns)
        {
            // The rows of a tile past the last belong to the next panel, which another thread may be adding to.
            int length = Math.Min(TileRows, tiles.Inner - row) * PanelColumns;
            bool isWhole = length == TileRows * PanelColumns;
            if (!isWhole && !isFirst) new Span<float>(sums, length).CopyTo(new Span<float>(last, length));
            float* target = isWhole ? sums : last;
            // The sums of all positions are too many for the second-level cache.
            for (int i = 0; i < TileRows * PanelColumns; i += CacheLine.Floats)
                CacheLine.Prefetch(sums + 2 * TileRows * PanelColumns + i);
            MatrixTile<TSimd, TVector>.TransposedTimesPanel(
                source + row, 1, 0, count, tiles.TileStride, gradient, tiles.GradientTileStride(PanelColumns),
                isFirst ? zeros : target, target);
            if (!isWhole) new Span<float>(last, length).CopyTo(new Span<float>(sums, length));
        }
    }
}
