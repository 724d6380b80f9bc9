namespace Tessera.Tensors.Devices.Cpu.Simd.Winograd;

/// <summary>
/// A correlation cut into tiles of 4 x 4 results. If the windows lie two pixels apart (a kernel of 4 x 4, stride 2),
/// the source is split into four maps, each with every second pixel of every second row. The correlation then has 2 x 2
/// taps, stride 1 and four times the channels.
/// </summary>
/// <remarks>
/// Tiles are numbered image by image and row by row. A chunk, a few bands of tiles, goes through the stages of a kernel
/// together: enough tiles to use the weights of a position many times per fetch, few enough to stay in the cache.
/// </remarks>
internal sealed class WinogradTiles
{
    /// <summary>Rows and columns of results in a tile.</summary>
    public const int Results = 4;

    /// <summary>
    /// The padding, a cache line of floats, between blocks that would lie a multiple of 4096 bytes apart: such lines
    /// share a few sets of the first-level cache and evict each other.
    /// </summary>
    public const int Pad = CacheLine.Floats;

    private const int TilesPerBand = 8;

    private readonly int _maxTiles;

    /// <param name="plan">The correlation; its kernels have <c>taps * WindowStep</c> rows and columns.</param>
    /// <param name="size">Source pixels of a tile in each direction.</param>
    /// <param name="width">Floats in a vector.</param>
    /// <param name="panelColumns">Channels in a panel of the product.</param>
    /// <param name="leastTiles">About how many tiles a thread has at least, to have chunks of its own.</param>
    /// <param name="mostTiles">About how many tiles a chunk has at most.</param>
    /// <param name="threads">
    /// The number of threads for independent chunks. If each can have <paramref name="leastTiles"/>
    /// (<see cref="HasChunksForThreads"/>), all have about the same number of chunks of about equal size. Pass 1 if the
    /// caller cuts the bands itself, by <see cref="BandsPerChunk"/>.
    /// </param>
    public WinogradTiles(
        CorrelationPlan plan, int size, int width, int panelColumns, int leastTiles, int mostTiles, int threads)
    {
        Plan = plan;
        Size = size;
        Rows = (plan.Grid.Rows + Results - 1) / Results;
        Columns = (plan.Grid.Columns + Results - 1) / Results;
        PaddedChannels = (plan.SourceChannels + width - 1) / width * width;
        Inner = SourceMaps * PaddedChannels;
        Panels = (plan.Channels + panelColumns - 1) / panelColumns;
        Bands = new Bands(plan.Images, Rows, Columns, TilesPerBand);
        HasChunksForThreads = Bands.Count / threads >= BandsFor(leastTiles);
        BandsPerChunk = BandsFor(mostTiles);
        int perRound = HasChunksForThreads ? threads : 1;
        int rounds = (Bands.Count + BandsPerChunk * perRound - 1) / (BandsPerChunk * perRound);
        Chunks = Math.Min(rounds * perRound, Bands.Count);
        _maxTiles = Math.Min(BandsPerChunk, Bands.Count) * Bands.MaxRows * Columns;
        TileStride = Inner + Pad;
        SourceStride = (nint)_maxTiles * TileStride + Pad;
    }

    public CorrelationPlan Plan { get; }

    /// <summary>Source pixels of a tile in each direction.</summary>
    public int Size { get; }

    /// <summary>The products of a tile per pair of channels.</summary>
    public int Positions => Size * Size;

    /// <summary>Rows of tiles of an image.</summary>
    public int Rows { get; }

    /// <summary>Columns of tiles.</summary>
    public int Columns { get; }

    /// <summary>The source's channels, padded to whole vectors.</summary>
    public int PaddedChannels { get; }

    /// <summary>1, or 4 if the windows lie two pixels apart.</summary>
    public int SourceMaps => Plan.WindowStep * Plan.WindowStep;

    /// <summary>The products' inner dimension: the padded channels of all source maps.</summary>
    public int Inner { get; }

    /// <summary>The number of panels of channels of the result.</summary>
    public int Panels { get; }

    /// <summary>The bands of tiles; each is transformed as a whole.</summary>
    public Bands Bands { get; }

    /// <summary>Whether each thread gets at least one chunk.</summary>
    public bool HasChunksForThreads { get; }

    /// <summary>The largest number of bands in a chunk.</summary>
    public int BandsPerChunk { get; }

    /// <summary>The number of chunks.</summary>
    public int Chunks { get; }

    /// <summary>Floats from a tile to the next in the transformed source, <c>[position][tile][inner]</c>.</summary>
    public int TileStride { get; }

    /// <summary>Floats from a position to the next in the transformed source.</summary>
    public nint SourceStride { get; }

    /// <summary>Floats of the transformed source.</summary>
    public nint SourceLength => Positions * SourceStride;

    /// <summary>The range of a chunk's bands.</summary>
    public (int First, int End) BandsOf(int chunk) => (FirstBandOf(chunk), FirstBandOf(chunk + 1));

    /// <summary>The number of tiles.</summary>
    public int Count => TilesBefore(Bands.Count);

    /// <summary>The number of tiles before a band, over all images.</summary>
    public int TilesBefore(int band) => band < Bands.Count
        ? (Bands[band].FirstImage * Rows + Bands[band].FirstRow) * Columns
        : Plan.Images * Rows * Columns;

    /// <summary>
    /// Floats from a panel to the next in the products, <c>[position][panel][tile][columns]</c>, whose number of tiles
    /// is padded to a multiple of <paramref name="tileRows"/>, the rows of a <see cref="MatrixTile{TSimd,TVector}"/>.
    /// </summary>
    public nint ProductPanelStride(int columns, int tileRows) =>
        (nint)((_maxTiles + tileRows - 1) / tileRows * tileRows) * columns;

    /// <summary>Floats from a position to the next in the products.</summary>
    public nint ProductStride(int columns, int tileRows) => Panels * ProductPanelStride(columns, tileRows) + Pad;

    /// <summary>Floats from a tile to the next in the transformed gradient, <c>[position][tile][channel]</c>.</summary>
    /// <param name="columns">Channels in a panel.</param>
    public int GradientTileStride(int columns) => Panels * columns + Pad;

    /// <summary>Floats from a position to the next in the transformed gradient.</summary>
    public nint GradientStride(int columns) => (nint)_maxTiles * GradientTileStride(columns) + Pad;

    /// <summary>The source with zeros around it, so that every tile is whole.</summary>
    public unsafe PaddedMap PadSource(float* source) => new(
        source, Plan.SourceHeight, Plan.SourceWidth, Plan.SourceChannels, Plan.PadTop, Plan.PadLeft,
        PaddedRows(Rows), PaddedSize(Columns, Plan.Phases.Max(phase => phase.Columns.Window)), PaddedChannels);

    /// <summary>Padded source rows under some rows of tiles, over all phases.</summary>
    public int PaddedRows(int tileRows) => PaddedSize(tileRows, Plan.Phases.Max(phase => phase.Rows.Window));

    private int BandsFor(int count) => Math.Max(1, count / (Bands.MaxRows * Columns));

    private int FirstBandOf(int chunk) => (int)((long)Bands.Count * chunk / Chunks);

    private int PaddedSize(int tiles, int lastWindow) =>
        (tiles * Results + Size - Results) * Plan.WindowStep + lastWindow;
}
