namespace Tessera.Tensors.Devices.Cpu.Simd.Winograd;

/// <summary>
/// The weight gradient of a convolution by Winograd's minimal filtering, <c>dW = G'((B' D B) * (A dY A')) G</c>: for
/// each position in a tile the product of the transformed source with the transformed gradient, summed over all tiles.
/// </summary>
/// <remarks>
/// Cost: that of <see cref="WinogradKernel{TSimd,TVector,TWinograd}"/>. Chunks of about 190 tiles go through two stages,
/// each shared out over all threads: bands of tiles are transformed to source <c>[position][tile][inner]</c> and gradient
/// <c>[position][panel][tile][Columns]</c>; then each (position, panel) is multiplied and added to its sums
/// <c>[panel][position][inner][Columns]</c>. So the sums go through the cache once a chunk, and their order depends on
/// nothing but the sizes.
/// </remarks>
internal static unsafe class WinogradWeightGradient<TSimd, TVector, TWinograd>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TWinograd : struct, IWinograd
{
    private const int BandsPerChunk = 8;
    private const int TileRows = MatrixTile<TSimd, TVector>.Rows;

    private static int PanelColumns => MatrixTile<TSimd, TVector>.Columns;

    public static void Run(WorkerPool pool, in Conv2dGeometry g, float* x, float* gradY, float* gradWeight, bool accumulate)
    {
        var plan = CorrelationPlan.Convolution(g);
        var tiles = new WinogradTiles(plan, TWinograd.Size, TSimd.Width);
        var layout = new WinogradWeights<TSimd, TVector, TWinograd>(tiles);
        var bands = new Bands(
            plan.Images, tiles.Rows, tiles.Columns, WinogradKernel<TSimd, TVector, TWinograd>.TilesPerBand);
        var chunk = new Chunk(tiles, layout.Panels, x, gradY, BandsPerChunk * bands.MaxRows * tiles.Columns);
        // The last rows of a tile of the product may lie past the last source channel: past the end, for the last position.
        using var sums = new Scratch(layout.Length + TileRows * PanelColumns);
        using var transformed = new Scratch(chunk.SourceLength);
        using var gradients = new Scratch(chunk.GradientLength);
        float* source = transformed.Floats, gradient = gradients.Floats, packed = sums.Floats;
        for (int first = 0; first < bands.Count; first += BandsPerChunk)
        {
            int[] starts = [0, .. Starts(bands, first, tiles.Columns)];
            pool.Run(starts.Length - 1, i => Transform(chunk, bands[first + i], starts[i], source, gradient));
            bool isFirst = first == 0;
            pool.Run(tiles.Positions * layout.Panels, item =>
                Multiply(chunk, layout, item, starts[^1], source, gradient, packed, isFirst));
        }
        layout.Unpack(pool, packed, gradWeight, accumulate);
    }

    /// <summary>Where each band's tiles end within the chunk.</summary>
    private static IEnumerable<int> Starts(Bands bands, int first, int tileColumns)
    {
        int tiles = 0;
        for (int i = first; i < Math.Min(bands.Count, first + BandsPerChunk); i++)
        {
            tiles += bands[i].Images * bands[i].Rows * tileColumns;
            yield return tiles;
        }
    }

    private static void Transform(Chunk chunk, Band band, int firstTile, float* transformed, float* gradients)
    {
        WinogradTiles tiles = chunk.Tiles;
        int firstRow = band.FirstRow * WinogradTiles.Results;
        using (var source = new PaddedBand(
            chunk.Source, band.FirstImage, band.Images, firstRow * tiles.Plan.WindowStep, tiles.PaddedRows(band.Rows)))
        {
            WinogradKernel<TSimd, TVector, TWinograd>.TransformSource(
                tiles, source, band, tiles.Plan.Phases[0], transformed + (nint)firstTile * tiles.TileStride,
                chunk.SourceStride);
        }
        using var gradient = new PaddedBand(
            chunk.Gradient, band.FirstImage, band.Images, firstRow, band.Rows * WinogradTiles.Results);
        TransformGradient(chunk, gradient, band, gradients + (nint)firstTile * PanelColumns);
    }

    private static void TransformGradient(Chunk chunk, in PaddedBand gradient, Band band, float* transformed)
    {
        nint positionStride = chunk.Panels * chunk.GradientStride;
        nint pixelStride = chunk.Panels * PanelColumns;
        for (int image = 0; image < band.Images; image++)
        {
            for (int tileRow = 0; tileRow < band.Rows; tileRow++)
            {
                float* from = gradient.Pixels + image * gradient.ImageStride
                    + (nint)tileRow * WinogradTiles.Results * gradient.RowStride;
                for (int tileColumn = 0; tileColumn < chunk.Tiles.Columns; tileColumn++)
                {
                    for (int channel = 0; channel < pixelStride; channel += TSimd.Width)
                    {
                        TWinograd.ResultGradients(
                            from + channel, gradient.RowStride, pixelStride,
                            transformed + channel / PanelColumns * chunk.GradientStride + channel % PanelColumns,
                            TWinograd.Size * positionStride, positionStride);
                    }
                    from += WinogradTiles.Results * pixelStride;
                    transformed += PanelColumns;
                }
            }
        }
    }

    private static void Multiply(
        Chunk chunk, WinogradWeights<TSimd, TVector, TWinograd> layout, int item, int count,
        float* transformed, float* gradients, float* sums, bool isFirst)
    {
        (int panel, int position) = Math.DivRem(item, chunk.Tiles.Positions);
        int inner = chunk.Tiles.Inner;
        float* source = transformed + position * chunk.SourceStride;
        float* gradient = gradients + ((nint)position * chunk.Panels + panel) * chunk.GradientStride;
        float* to = sums + panel * layout.PanelLength + (nint)position * inner * PanelColumns;
        float* last = stackalloc float[TileRows * PanelColumns];
        if (isFirst) new Span<float>(to, inner * PanelColumns).Clear();
        for (int row = 0; row < inner; row += TileRows, to += TileRows * PanelColumns)
        {
            // A tile's rows past the last are the next position's, which another thread may be adding to.
            int rows = Math.Min(TileRows, inner - row);
            float* target = rows == TileRows ? to : last;
            if (target == last) new Span<float>(to, rows * PanelColumns).CopyTo(new Span<float>(last, TileRows * PanelColumns));
            MatrixTile<TSimd, TVector>.AddTransposedTimesPanel(
                source + row, 1, 0, count, chunk.Tiles.TileStride, gradient, target);
            if (target == last) new Span<float>(last, rows * PanelColumns).CopyTo(new Span<float>(to, rows * PanelColumns));
        }
    }

    /// <summary>What the stages of a chunk share.</summary>
    private sealed class Chunk(WinogradTiles tiles, int panels, float* x, float* gradY, int maxTiles)
    {
        public WinogradTiles Tiles { get; } = tiles;

        public int Panels { get; } = panels;

        public PaddedMap Source { get; } = tiles.Pad(x);

        /// <summary>The gradient with zeros up to whole tiles and panels.</summary>
        public PaddedMap Gradient { get; } = new(
            gradY, tiles.Plan.Height, tiles.Plan.Width, tiles.Plan.Channels, 0, 0, tiles.Rows * WinogradTiles.Results,
            tiles.Columns * WinogradTiles.Results, panels * PanelColumns);

        /// <summary>Floats from one position of the transformed source to the next.</summary>
        public nint SourceStride { get; } = (nint)maxTiles * tiles.TileStride;

        /// <summary>Floats from one panel of the transformed gradient to the next.</summary>
        public nint GradientStride { get; } = (nint)maxTiles * PanelColumns;

        public nint SourceLength => Tiles.Positions * SourceStride;

        public nint GradientLength => Tiles.Positions * Panels * GradientStride;
    }
}
