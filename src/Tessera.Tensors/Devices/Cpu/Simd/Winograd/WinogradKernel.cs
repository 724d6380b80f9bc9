using static Tessera.Tensors.Devices.Cpu.Simd.CorrelationPlan;

namespace Tessera.Tensors.Devices.Cpu.Simd.Winograd;

/// <summary>
/// Convolution and transposed convolution by Winograd's minimal filtering: source tiles and weights are transformed, a
/// product of matrices is made for each of the 36 or 25 positions in a tile, and its results are transformed back.
/// </summary>
/// <remarks>
/// Cost for each tile of 4 x 4 results: 2 * positions * inner * channels flops for the products, 36 in place of 144 for
/// a 3 x 3 kernel and 25 in place of 64 for a 4 x 4 one of stride 2, at the rate of <see cref="MatrixTile{TSimd,TVector}"/>;
/// and about 4 loads and stores for each float of the transformed source and of the products, which take a fifth of the
/// time at 128 channels. Layouts: weights <c>[phase][panel][position][inner][Columns]</c>, packed once a call; each
/// worker has a band of about 24 tiles in its second-level cache, source <c>[position][tile][inner]</c> and the products
/// of one panel <c>[position][tile][Columns]</c>.
/// </remarks>
internal static unsafe class WinogradKernel<TSimd, TVector, TWinograd>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TWinograd : struct, IWinograd
{
    /// <summary>Tiles that are worked on together: a panel of weights is used for all each time it is fetched.</summary>
    public const int TilesPerBand = 24;

    private const int TileRows = MatrixTile<TSimd, TVector>.Rows;

    private static int PanelColumns => MatrixTile<TSimd, TVector>.Columns;

    public static void Run(
        WorkerPool pool, CorrelationPlan plan, float* source, float* weight, EpiloguePointers epilogue)
    {
        var tiles = new WinogradTiles(plan, TWinograd.Size, TSimd.Width);
        var layout = new WinogradWeights<TSimd, TVector, TWinograd>(tiles);
        using var packed = new Scratch(layout.Length);
        layout.Pack(pool, weight, packed.Floats);

        PaddedMap map = tiles.Pad(source);
        var bands = new Bands(plan.Images, tiles.Rows, tiles.Columns, TilesPerBand);
        float* weights = packed.Floats;
        pool.Run(bands.Count, index => RunBand(tiles, map, bands[index], layout, weights, epilogue));
    }

    /// <summary>
    /// Transforms the source of a band's tiles for one phase to <c>[position][tile][inner]</c>, positions
    /// <paramref name="positionStride"/> floats apart.
    /// </summary>
    public static void TransformSource(
        WinogradTiles tiles, in PaddedBand source, Band band, Phase phase, float* transformed, nint positionStride)
    {
        int step = tiles.Plan.WindowStep, channels = tiles.PaddedChannels;
        nint row = (nint)step * source.RowStride, column = (nint)step * channels;
        for (int image = 0; image < band.Images; image++)
        {
            for (int tileRow = 0; tileRow < band.Rows; tileRow++)
            {
                float* window = source.Pixels + image * source.ImageStride
                    + (nint)(tileRow * WinogradTiles.Results * step + phase.Rows.Window) * source.RowStride
                    + (nint)phase.Columns.Window * channels;
                for (int tileColumn = 0; tileColumn < tiles.Columns; tileColumn++)
                {
                    float* to = transformed;
                    for (int sourceMap = 0; sourceMap < tiles.SourceMaps; sourceMap++)
                    {
                        float* from = window + sourceMap / step * (nint)source.RowStride + sourceMap % step * channels;
                        for (int channel = 0; channel < channels; channel += TSimd.Width)
                        {
                            TWinograd.Source(from + channel, row, column, to, TWinograd.Size * positionStride, positionStride);
                            to += TSimd.Width;
                        }
                    }
                    window += WinogradTiles.Results * column;
                    transformed += tiles.TileStride;
                }
            }
        }
    }

    private static void RunBand(
        WinogradTiles tiles, PaddedMap map, Band band, WinogradWeights<TSimd, TVector, TWinograd> layout, float* weights,
        in EpiloguePointers epilogue)
    {
        int count = band.Images * band.Rows * tiles.Columns;
        nint positionStride = (nint)count * tiles.TileStride;
        using var source = new PaddedBand(
            map, band.FirstImage, band.Images, band.FirstRow * WinogradTiles.Results * tiles.Plan.WindowStep,
            tiles.PaddedRows(band.Rows));
        using var transformed = new Scratch(tiles.Positions * positionStride);
        int productRows = (count + TileRows - 1) / TileRows * TileRows;
        using var products = new Scratch((long)tiles.Positions * productRows * PanelColumns);
        foreach (Phase phase in tiles.Plan.Phases)
        {
            TransformSource(tiles, source, band, phase, transformed.Floats, positionStride);
            for (int channel = 0; channel < tiles.Plan.Channels; channel += PanelColumns)
            {
                Multiply(tiles, transformed.Floats, count, weights, products.Floats);
                StoreResults(tiles, band, phase, channel, products.Floats, (nint)productRows * PanelColumns, epilogue);
                weights += layout.PanelLength;
            }
        }
    }

    /// <summary>One panel of products, <c>[position][tile][Columns]</c>.</summary>
    private static void Multiply(WinogradTiles tiles, float* transformed, int count, float* weights, float* products)
    {
        float* zeros = stackalloc float[PanelColumns];
        float** rows = stackalloc float*[TileRows];
        new Span<float>(zeros, PanelColumns).Clear();
        nint tileStride = tiles.TileStride;
        for (int position = 0; position < tiles.Positions; position++)
        {
            for (int tile = 0; tile < count; tile += TileRows)
            {
                // Rows past the last tile repeat it, and their products are dropped.
                for (int r = 0; r < TileRows; r++) rows[r] = transformed + Math.Min(tile + r, count - 1) * tileStride;
                MatrixTile<TSimd, TVector>.RowsTimesPanel(rows, 1, 0, tiles.Inner, weights, zeros, products);
                products += TileRows * PanelColumns;
            }
            transformed += count * tileStride;
            weights += (nint)tiles.Inner * PanelColumns;
        }
    }

    private static void StoreResults(
        WinogradTiles tiles, Band band, Phase phase, int channel, float* products, nint positionStride,
        in EpiloguePointers epilogue)
    {
        const int Results = WinogradTiles.Results;
        CorrelationPlan plan = tiles.Plan;
        float* results = stackalloc float[Results * Results * PanelColumns];
        int columns = Math.Min(PanelColumns, plan.Channels - channel);
        nint pixelStride = (nint)plan.PixelStep * plan.Channels, rowStride = plan.Width * pixelStride;
        for (int image = band.FirstImage; image < band.FirstImage + band.Images; image++)
        {
            for (int tileRow = band.FirstRow; tileRow < band.FirstRow + band.Rows; tileRow++)
            {
                int rows = Math.Min(Results, phase.Rows.Count - tileRow * Results);
                nint row = (nint)image * plan.Height + tileRow * Results * plan.PixelStep + phase.Rows.Pixel;
                nint offset = (row * plan.Width + phase.Columns.Pixel) * plan.Channels + channel;
                for (int tileColumn = 0; tileColumn < tiles.Columns; tileColumn++)
                {
                    for (int half = 0; half < PanelColumns; half += TSimd.Width)
                    {
                        TWinograd.Results(
                            products + half, TWinograd.Size * positionStride, positionStride,
                            results + half, Results * PanelColumns, PanelColumns);
                    }
                    int pixels = Math.Min(Results, phase.Columns.Count - tileColumn * Results);
                    for (int i = 0; i < rows; i++)
                    {
                        for (int j = 0; j < pixels; j++)
                        {
                            EpilogueKernel<TSimd, TVector>.Store(
                                epilogue, results + (i * Results + j) * PanelColumns, channel,
                                offset + i * rowStride + j * pixelStride, columns);
                        }
                    }
                    products += PanelColumns;
                    offset += Results * pixelStride;
                }
            }
        }
    }
}
