using static Tessera.Tensors.Devices.Cpu.Simd.CorrelationPlan;

namespace Tessera.Tensors.Devices.Cpu.Simd.Winograd;

/// <summary>
/// Transformed weights, <c>[phase][position][panel][inner][Columns]</c>, and the gradients of them, which are laid out
/// alike. Cost: the OIHW weights are read once, in the order in which they lie, and turned so that a panel's channels are
/// neighbours; then the transforms, in vectors of channels, which write 36/9 or 25/4 floats for each weight. It is the
/// fixed cost of a call, whatever the batch.
/// </summary>
internal readonly unsafe struct WinogradWeights<TSimd, TVector, TWinograd>(WinogradTiles tiles)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TWinograd : struct, IWinograd
{
    // Source channels of an item of work.
    private const int ChannelsPerItem = 16;

    private static int PanelColumns => MatrixTile<TSimd, TVector>.Columns;

    /// <summary>Floats in all.</summary>
    public nint Length => tiles.Plan.Phases.Length * PhaseLength;

    /// <summary>Floats from a panel to the next.</summary>
    public nint PanelLength => (nint)tiles.Inner * PanelColumns;

    /// <summary>Floats from a position to the next.</summary>
    public nint PositionLength => tiles.Panels * PanelLength + WinogradTiles.Pad;

    /// <summary>Floats of a phase.</summary>
    public nint PhaseLength => tiles.Positions * PositionLength;

    private int Blocks => (tiles.PaddedChannels + ChannelsPerItem - 1) / ChannelsPerItem;

    private int KernelArea => tiles.Plan.Geometry.KernelHeight * tiles.Plan.KernelWidth;

    /// <summary>Transforms the OIHW weights.</summary>
    public void Pack(WorkerPool pool, float* weight, float* packed)
    {
        WinogradWeights<TSimd, TVector, TWinograd> layout = this;
        pool.Run(tiles.Panels * Blocks, item => layout.PackBlock(layout.Locate(item), weight, packed));
    }

    /// <summary>Transforms gradients of transformed weights (of a plan of one phase) back to OIHW.</summary>
    public void Unpack(WorkerPool pool, float* packed, float* gradWeight, bool accumulate)
    {
        WinogradWeights<TSimd, TVector, TWinograd> layout = this;
        pool.Run(tiles.Panels * Blocks, item => layout.UnpackBlock(layout.Locate(item), packed, gradWeight, accumulate));
    }

    private void PackBlock(Block block, float* weight, float* packed)
    {
        using var scratch = new Scratch(ChannelsPerItem * KernelArea * PanelColumns);
        float* kernels = scratch.Floats;
        if (block.Lanes < PanelColumns || block.Channels < block.PaddedChannels)
        {
            new Span<float>(kernels, block.PaddedChannels * KernelArea * PanelColumns).Clear();
        }
        foreach (Kernels part in InMemory(block))
        {
            Transposition.Store(
                weight + part.Weight, tiles.Plan.ChannelStride, block.Lanes, part.Length, kernels + part.Turned, PanelColumns);
        }
        for (int phase = 0; phase < tiles.Plan.Phases.Length; phase++)
        {
            for (int sourceMap = 0; sourceMap < tiles.SourceMaps; sourceMap++)
            {
                Window window = LocateTaps(tiles.Plan.Phases[phase], sourceMap);
                float* from = kernels + window.First;
                float* to = packed + phase * PhaseLength + Place(block, sourceMap);
                for (int channel = 0; channel < block.PaddedChannels; channel++, from += KernelArea * PanelColumns, to += PanelColumns)
                {
                    for (int half = 0; half < PanelColumns; half += TSimd.Width)
                    {
                        TWinograd.Weights(
                            from + half, window.RowStep, window.ColumnStep,
                            to + half, TWinograd.Size * PositionLength, PositionLength);
                    }
                }
            }
        }
    }

    private void UnpackBlock(Block block, float* packed, float* gradWeight, bool accumulate)
    {
        using var scratch = new Scratch(ChannelsPerItem * KernelArea * PanelColumns);
        float* kernels = scratch.Floats;
        for (int sourceMap = 0; sourceMap < tiles.SourceMaps; sourceMap++)
        {
            Window window = LocateTaps(tiles.Plan.Phases[0], sourceMap);
            float* from = packed + Place(block, sourceMap), to = kernels + window.First;
            for (int channel = 0; channel < block.Channels; channel++, from += PanelColumns, to += KernelArea * PanelColumns)
            {
                for (int half = 0; half < PanelColumns; half += TSimd.Width)
                {
                    TWinograd.WeightGradients(
                        from + half, TWinograd.Size * PositionLength, PositionLength,
                        to + half, window.RowStep, window.ColumnStep);
                }
            }
        }
        foreach (Kernels part in InMemory(block))
        {
            float* from = kernels + part.Turned, to = gradWeight + part.Weight;
            if (accumulate) Transposition.Add(from, PanelColumns, part.Length, block.Lanes, to, tiles.Plan.ChannelStride);
            else Transposition.Store(from, PanelColumns, part.Length, block.Lanes, to, tiles.Plan.ChannelStride);
        }
    }

    private Block Locate(int item)
    {
        (int panel, int block) = Math.DivRem(item, Blocks);
        int first = block * ChannelsPerItem;
        return new Block(
            panel, first, Math.Min(PanelColumns, tiles.Plan.Channels - panel * PanelColumns),
            Math.Min(ChannelsPerItem, tiles.Plan.SourceChannels - first), Math.Min(ChannelsPerItem, tiles.PaddedChannels - first));
    }

    /// <summary>Where a block of one source map starts in a phase of the packed weights.</summary>
    private nint Place(Block block, int sourceMap) =>
        block.Panel * PanelLength + ((nint)sourceMap * tiles.PaddedChannels + block.FirstChannel) * PanelColumns;

    /// <summary>The taps of a phase for one source map, in kernels <c>[kernel area][Columns]</c>.</summary>
    private Window LocateTaps(Phase phase, int sourceMap)
    {
        int step = tiles.Plan.WindowStep, width = tiles.Plan.KernelWidth;
        int row = phase.Rows.Kernel + sourceMap / step, column = phase.Columns.Kernel + sourceMap % step;
        return new Window(
            (row * width + column) * PanelColumns, phase.Rows.KernelStep * step * width * PanelColumns,
            phase.Columns.KernelStep * step * PanelColumns);
    }

    /// <summary>
    /// What is in one piece in the weights of a channel: the kernels of all source channels, or in a transposed
    /// convolution of one.
    /// </summary>
    private IEnumerable<Kernels> InMemory(Block block)
    {
        nint first = (nint)block.Panel * PanelColumns * tiles.Plan.ChannelStride + (nint)block.FirstChannel * tiles.Plan.SourceChannelStride;
        if (tiles.Plan.SourceChannelStride == KernelArea)
        {
            yield return new Kernels(first, 0, block.Channels * KernelArea);
            yield break;
        }
        for (int channel = 0; channel < block.Channels; channel++)
        {
            yield return new Kernels(
                first + (nint)channel * tiles.Plan.SourceChannelStride, (nint)channel * KernelArea * PanelColumns, KernelArea);
        }
    }

    /// <summary>Some source channels beside one panel of channels.</summary>
    /// <param name="Panel">The panel.</param>
    /// <param name="FirstChannel">The first source channel.</param>
    /// <param name="Lanes">Channels in the panel.</param>
    /// <param name="Channels">Source channels.</param>
    /// <param name="PaddedChannels">The same up to whole vectors at the source's end.</param>
    private readonly record struct Block(int Panel, int FirstChannel, int Lanes, int Channels, int PaddedChannels);

    private readonly record struct Window(int First, int RowStep, int ColumnStep);

    private readonly record struct Kernels(nint Weight, nint Turned, int Length);
}
