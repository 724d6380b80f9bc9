namespace Tessera.Tensors.Devices.Cpu.Simd.Winograd;

/// <summary>
/// A correlation cut into tiles of 4 x 4 results. Where the windows lie two pixels apart (a kernel of 4 x 4, stride 2),
/// the source is four maps, every second pixel of every second row from four places on: the correlation is one of 2 x 2
/// taps and stride 1 over four times the channels.
/// </summary>
internal sealed class WinogradTiles
{
    /// <summary>Rows and columns of results in a tile.</summary>
    public const int Results = 4;

    /// <param name="plan">The correlation; its kernels have <c>taps * WindowStep</c> rows and columns.</param>
    /// <param name="size">Source pixels of a tile in each direction.</param>
    /// <param name="width">Floats in a vector.</param>
    public WinogradTiles(CorrelationPlan plan, int size, int width)
    {
        Plan = plan;
        Size = size;
        Rows = (plan.Grid.Rows + Results - 1) / Results;
        Columns = (plan.Grid.Columns + Results - 1) / Results;
        PaddedChannels = (plan.SourceChannels + width - 1) / width * width;
        Inner = SourceMaps * PaddedChannels;
    }

    public CorrelationPlan Plan { get; }

    /// <summary>Source pixels of a tile in each direction.</summary>
    public int Size { get; }

    /// <summary>Products of a tile for each pair of channels.</summary>
    public int Positions => Size * Size;

    /// <summary>Rows of tiles.</summary>
    public int Rows { get; }

    /// <summary>Columns of tiles.</summary>
    public int Columns { get; }

    /// <summary>The source's channels, up to whole vectors.</summary>
    public int PaddedChannels { get; }

    /// <summary>1, or 4 where the windows lie two pixels apart.</summary>
    public int SourceMaps => Plan.WindowStep * Plan.WindowStep;

    /// <summary>The products' inner dimension: the padded channels of all source maps.</summary>
    public int Inner { get; }

    /// <summary>
    /// Floats from one tile to the next in the transformed source. Not the inner dimension alone: rows that lie a power
    /// of two apart share a few sets of the first-level cache and push each other out.
    /// </summary>
    public int TileStride => Inner + 16;

    /// <summary>The source with zeros around, so that every tile is whole.</summary>
    public unsafe PaddedMap Pad(float* source) => new(
        source, Plan.SourceHeight, Plan.SourceWidth, Plan.SourceChannels, Plan.PadTop, Plan.PadLeft,
        PaddedRows(Rows), PaddedSize(Columns, Plan.Phases.Max(phase => phase.Columns.Window)), PaddedChannels);

    /// <summary>Padded source rows under some rows of tiles, over all phases.</summary>
    public int PaddedRows(int tileRows) => PaddedSize(tileRows, Plan.Phases.Max(phase => phase.Rows.Window));

    private int PaddedSize(int tiles, int lastWindow) => (tiles * Results + Size - Results) * Plan.WindowStep + lastWindow;
}
