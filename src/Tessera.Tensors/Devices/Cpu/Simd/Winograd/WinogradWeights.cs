using System.Numerics.Tensors;
using static Tessera.Tensors.Devices.Cpu.Simd.CorrelationPlan;

namespace Tessera.Tensors.Devices.Cpu.Simd.Winograd;

/// <summary>
/// Transformed weights, <c>[phase][position][panel][inner][Columns]</c>, and their gradients in the same layout. Cost:
/// the OIHW weights are read once, in order, and transposed so that a panel's channels are neighbours; the transforms,
/// in vectors of channels, write 36/9 or 25/4 floats per weight. This is a fixed cost per call, for any batch size.
/// </summary>
internal readonly unsafe struct WinogradWeights<TSimd, TVector, TWinograd>(WinogradTiles tiles)
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TWinograd : struct, IWinograd
{
    // Source channels per item of work.
    private const int ChannelsPerItem = 16;

    private static int PanelColumns => MatrixTile<TSimd, TVector>.Columns;

    /// <summary>The total number of floats.</summary>
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

    /// <summary>Transforms gradients of transformed weights back to OIHW; the plan has one phase.</summary>
    /// <param name="pool">The threads.</param>
    /// <param name="packed">
    /// Slices of <see cref="Length"/> floats; they are added up in the first, in their order.
    /// </param>
    /// <param name="slices">The number of slices.</param>
    /// <param name="gradWeight">The weights' gradient.</param>
    /// <param name="accumulate">Whether to add to the gradient.</param>
    public void Unpack(WorkerPool pool, float* packed, int slices, float* gradWeight, bool accumulate)
    {
        WinogradWeights<TSimd, TVector, TWinograd> layout = this;
        pool.Run(tiles.Panels * Blocks, item =>
        {
            Block block = layout.Locate(item);
            layout.AddSlices(block, packed, slices);
            layout.UnpackBlock(block, packed, gradWeight, accumulate);
        });
    }

    private void PackBlock(Block block, float* weight, float* packed)
    {
        using var scratch = new Scratch(ChannelsPerItem * KernelArea * PanelColumns);
        float* kernels = scratch.Floats;
        if (block.Lanes < PanelColumns || block.Channels < block.PaddedChannels)
        {
            new Span<float>(kernels, block.PaddedChannels * KernelArea * PanelColumns).Clear();
        }
        foreach (Run run in Runs(block))
        {
            Transposition.Run(
                weight + run.Weight, tiles.Plan.ChannelStride, block.Lanes, run.Length, kernels + run.Kernels,
                PanelColumns, accumulate: false);
        }
        foreach (Phase phase in tiles.Plan.Phases)
        {
            for (int sourceMap = 0; sourceMap < tiles.SourceMaps; sourceMap++)
                Transform(block, kernels, LocateTaps(phase, sourceMap), packed + Place(block, sourceMap));
            packed += PhaseLength;
        }
    }

    private void Transform(Block block, float* kernels, Taps taps, float* packed)
    {
        kernels += taps.First;
        int stride = KernelArea * PanelColumns;
        for (int channel = 0; channel < block.PaddedChannels; channel++, kernels += stride, packed += PanelColumns)
        {
            for (int half = 0; half < PanelColumns; half += TSimd.Width)
            {
                TWinograd.Weights(
                    kernels + half, taps.RowStep, taps.ColumnStep,
                    packed + half, TWinograd.Size * PositionLength, PositionLength);
            }
        }
    }

    /// <summary>Adds a block of the other slices to the block of the first.</summary>
    private void AddSlices(Block block, float* packed, int slices)
    {
        int length = block.PaddedChannels * PanelColumns;
        for (int sourceMap = 0; sourceMap < tiles.SourceMaps; sourceMap++)
        {
            float* first = packed + Place(block, sourceMap);
            for (int position = 0; position < tiles.Positions; position++, first += PositionLength)
            {
                var sum = new Span<float>(first, length);
                for (int slice = 1; slice < slices; slice++)
                    TensorPrimitives.Add(sum, new ReadOnlySpan<float>(first + slice * Length, length), sum);
            }
        }
    }

    private void UnpackBlock(Block block, float* packed, float* gradWeight, bool accumulate)
    {
        using var scratch = new Scratch(ChannelsPerItem * KernelArea * PanelColumns);
        float* kernels = scratch.Floats;
        for (int sourceMap = 0; sourceMap < tiles.SourceMaps; sourceMap++)
            TransformBack(
                block, packed + Place(block, sourceMap), LocateTaps(tiles.Plan.Phases[0], sourceMap), kernels);
        foreach (Run run in Runs(block))
        {
            Transposition.Run(
                kernels + run.Kernels, PanelColumns, run.Length, block.Lanes, gradWeight + run.Weight,
                tiles.Plan.ChannelStride, accumulate);
        }
    }

    private void TransformBack(Block block, float* packed, Taps taps, float* kernels)
    {
        kernels += taps.First;
        int stride = KernelArea * PanelColumns;
        for (int channel = 0; channel < block.Channels; channel++, packed += PanelColumns, kernels += stride)
        {
            for (int half = 0; half < PanelColumns; half += TSimd.Width)
            {
                TWinograd.WeightGradients(
                    packed + half, TWinograd.Size * PositionLength, PositionLength,
                    kernels + half, taps.RowStep, taps.ColumnStep);
            }
        }
    }

    private Block Locate(int item)
    {
        (int panel, int block) = Math.DivRem(item, Blocks);
        int first = block * ChannelsPerItem;
        return new Block(
            panel, first, Math.Min(PanelColumns, tiles.Plan.Channels - panel * PanelColumns),
            Math.Min(ChannelsPerItem, tiles.Plan.SourceChannels - first),
            Math.Min(ChannelsPerItem, tiles.PaddedChannels - first));
    }

    /// <summary>The offset of a block of one source map in a phase of the packed weights.</summary>
    private nint Place(Block block, int sourceMap) =>
        block.Panel * PanelLength + ((nint)sourceMap * tiles.PaddedChannels + block.FirstChannel) * PanelColumns;

    /// <summary>The places of the taps of a phase, for one source map, in a kernel.</summary>
    private Taps LocateTaps(Phase phase, int sourceMap)
    {
        int step = tiles.Plan.WindowStep, width = tiles.Plan.KernelWidth;
        int row = phase.Rows.Kernel + sourceMap / step, column = phase.Columns.Kernel + sourceMap % step;
        return new Taps(
            (row * width + column) * PanelColumns, phase.Rows.KernelStep * step * width * PanelColumns,
            phase.Columns.KernelStep * step * PanelColumns);
    }

    /// <summary>
    /// The runs of a block's kernels in the weights of a channel: one run for all source channels, or one per source
    /// channel in a transposed convolution.
    /// </summary>
    private IEnumerable<Run> Runs(Block block)
    {
        nint first = (nint)block.Panel * PanelColumns * tiles.Plan.ChannelStride
            + (nint)block.FirstChannel * tiles.Plan.SourceChannelStride;
        int perRun = tiles.Plan.SourceChannelStride == KernelArea ? block.Channels : 1;
        for (int channel = 0; channel < block.Channels; channel += perRun)
        {
            yield return new Run(
                first + (nint)channel * tiles.Plan.SourceChannelStride, (nint)channel * KernelArea * PanelColumns,
                perRun * KernelArea);
        }
    }

    /// <summary>
    /// Some source channels and one panel of channels. In working memory its kernels have the layout
    /// <c>[source channel][kernel area][Columns]</c>.
    /// </summary>
    /// <param name="Panel">The panel.</param>
    /// <param name="FirstChannel">The first source channel.</param>
    /// <param name="Lanes">Channels in the panel.</param>
    /// <param name="Channels">Source channels.</param>
    /// <param name="PaddedChannels">The source channels, padded to whole vectors at the end of the source.</param>
    private readonly record struct Block(int Panel, int FirstChannel, int Lanes, int Channels, int PaddedChannels);

    /// <summary>The places of taps in a block's kernels, in floats.</summary>
    /// <param name="First">The first tap.</param>
    /// <param name="RowStep">From a tap to the one below it.</param>
    /// <param name="ColumnStep">From a tap to the one on its right.</param>
    private readonly record struct Taps(int First, int RowStep, int ColumnStep);

    /// <summary>Consecutive weights of each of a panel's channels.</summary>
    /// <param name="Weight">The first channel's first weight, as an offset in the weights.</param>
    /// <param name="Kernels">Its offset in the block's kernels.</param>
    /// <param name="Length">The number of weights.</param>
    private readonly record struct Run(nint Weight, nint Kernels, int Length);
}
