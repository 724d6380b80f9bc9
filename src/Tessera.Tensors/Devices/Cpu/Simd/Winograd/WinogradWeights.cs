using static Tessera.Tensors.Devices.Cpu.Simd.CorrelationPlan;

namespace Tessera.Tensors.Devices.Cpu.Simd.Winograd;

/// <summary>
/// Transformed weights, <c>[phase][position][panel][inner][Columns]</c>, and the gradients of them, which are laid out
/// alike. Cost: for each pair of channels the taps are read from OIHW one by one, and the transform works on vectors of
/// channels. It is the fixed cost of a call, whatever the batch.
/// </summary>
internal readonly unsafe struct WinogradWeights<TSimd, TVector, TWinograd>(WinogradTiles tiles)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TWinograd : struct, IWinograd
{
    // Source channels of an item of work.
    private const int ChannelsPerItem = 16;

    private static int Taps => TWinograd.Taps;

    private static int PanelColumns => MatrixTile<TSimd, TVector>.Columns;

    /// <summary>Floats in all.</summary>
    public nint Length => tiles.Plan.Phases.Length * PhaseLength;

    /// <summary>Floats from a panel to the next.</summary>
    public nint PanelLength => (nint)tiles.Inner * PanelColumns;

    /// <summary>Floats from a position to the next.</summary>
    public nint PositionLength => tiles.Panels * PanelLength + WinogradTiles.Pad;

    /// <summary>Floats of a phase.</summary>
    public nint PhaseLength => tiles.Positions * PositionLength;

    private int Items => tiles.Panels * tiles.SourceMaps * Blocks;

    private int Blocks => (tiles.PaddedChannels + ChannelsPerItem - 1) / ChannelsPerItem;

    /// <summary>Transforms the OIHW weights.</summary>
    public void Pack(WorkerPool pool, float* weight, float* packed)
    {
        WinogradWeights<TSimd, TVector, TWinograd> layout = this;
        int items = Items;
        pool.Run(tiles.Plan.Phases.Length * items, item => layout.PackBlock(item / items, item % items, weight, packed));
    }

    /// <summary>Transforms gradients of transformed weights (of a plan of one phase) back to OIHW.</summary>
    public void Unpack(WorkerPool pool, float* packed, float* gradWeight, bool accumulate)
    {
        WinogradWeights<TSimd, TVector, TWinograd> layout = this;
        pool.Run(Items, item => layout.UnpackBlock(item, packed, gradWeight, accumulate));
    }

    private void PackBlock(int phase, int item, float* weight, float* packed)
    {
        float* lanes = stackalloc float[Taps * Taps * PanelColumns];
        Block block = Locate(phase, item);
        int columns = Math.Min(PanelColumns, tiles.Plan.Channels - block.Channel);
        packed += block.Packed;
        for (int channel = block.First; channel < block.End; channel++, packed += PanelColumns)
        {
            if (channel < tiles.Plan.SourceChannels)
            {
                Gather(weight + Offset(block, channel), block, columns, lanes);
            }
            else
            {
                new Span<float>(lanes, Taps * Taps * PanelColumns).Clear();
            }
            for (int half = 0; half < PanelColumns; half += TSimd.Width)
            {
                TWinograd.Weights(
                    lanes + half, Taps * PanelColumns, PanelColumns,
                    packed + half, TWinograd.Size * PositionLength, PositionLength);
            }
        }
    }

    private void UnpackBlock(int item, float* packed, float* gradWeight, bool accumulate)
    {
        float* lanes = stackalloc float[Taps * Taps * PanelColumns];
        Block block = Locate(phase: 0, item);
        int columns = Math.Min(PanelColumns, tiles.Plan.Channels - block.Channel);
        packed += block.Packed;
        for (int channel = block.First; channel < Math.Min(block.End, tiles.Plan.SourceChannels); channel++, packed += PanelColumns)
        {
            for (int half = 0; half < PanelColumns; half += TSimd.Width)
            {
                TWinograd.WeightGradients(
                    packed + half, TWinograd.Size * PositionLength, PositionLength,
                    lanes + half, Taps * PanelColumns, PanelColumns);
            }
            Scatter(lanes, gradWeight + Offset(block, channel), block, columns, accumulate);
        }
    }

    private Block Locate(int phase, int item)
    {
        (int panel, int rest) = Math.DivRem(item, tiles.SourceMaps * Blocks);
        (int sourceMap, int block) = Math.DivRem(rest, Blocks);
        int first = block * ChannelsPerItem, step = tiles.Plan.WindowStep;
        Phase of = tiles.Plan.Phases[phase];
        return new Block(
            panel * PanelColumns, first, Math.Min(tiles.PaddedChannels, first + ChannelsPerItem),
            phase * PhaseLength + panel * PanelLength + ((nint)sourceMap * tiles.PaddedChannels + first) * PanelColumns,
            (of.Rows.Kernel + sourceMap / step) * tiles.Plan.KernelWidth + of.Columns.Kernel + sourceMap % step,
            of.Rows.KernelStep * step * tiles.Plan.KernelWidth, of.Columns.KernelStep * step);
    }

    private nint Offset(Block block, int sourceChannel) =>
        (nint)block.Channel * tiles.Plan.ChannelStride + (nint)sourceChannel * tiles.Plan.SourceChannelStride + block.Kernel;

    // Lane by lane: the taps of a pair of channels are neighbours, those of two lanes may lie a multiple of 4096 bytes apart.
    private void Gather(float* weight, Block block, int columns, float* lanes)
    {
        if (columns < PanelColumns) new Span<float>(lanes, Taps * Taps * PanelColumns).Clear();
        for (int lane = 0; lane < columns; lane++, weight += tiles.Plan.ChannelStride)
        {
            for (int row = 0; row < Taps; row++)
            {
                for (int column = 0; column < Taps; column++)
                {
                    lanes[(row * Taps + column) * PanelColumns + lane] = weight[row * block.RowStep + column * block.ColumnStep];
                }
            }
        }
    }

    private void Scatter(float* lanes, float* gradWeight, Block block, int columns, bool accumulate)
    {
        for (int lane = 0; lane < columns; lane++, gradWeight += tiles.Plan.ChannelStride)
        {
            for (int row = 0; row < Taps; row++)
            {
                for (int column = 0; column < Taps; column++)
                {
                    float value = lanes[(row * Taps + column) * PanelColumns + lane];
                    float* to = gradWeight + row * block.RowStep + column * block.ColumnStep;
                    *to = accumulate ? *to + value : value;
                }
            }
        }
    }

    /// <summary>Source channels First to End of one source map, beside one panel of channels from Channel on.</summary>
    /// <param name="Channel">The panel's first channel.</param>
    /// <param name="First">The first source channel.</param>
    /// <param name="End">The source channel behind the last.</param>
    /// <param name="Packed">Where they are in the packed weights.</param>
    /// <param name="Kernel">The first tap's place in the kernel.</param>
    /// <param name="RowStep">From a tap to the one below it.</param>
    /// <param name="ColumnStep">From a tap to the one on its right.</param>
    private readonly record struct Block(
        int Channel, int First, int End, nint Packed, int Kernel, int RowStep, int ColumnStep);
}
