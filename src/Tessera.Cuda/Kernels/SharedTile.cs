using ILGPU;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// A factor's tile in shared memory: so many outer indices by <see cref="Depth"/> steps, in the order in which they lie
/// in the GPU's memory, so that they come in as they are. The margins put what a warp reads at once into different
/// banks.
/// </summary>
/// <param name="Memory">Shared memory.</param>
/// <param name="Side">The outer indices; a multiple of 32.</param>
/// <param name="RunsAlongDepth">Whether neighbours are steps rather than outer indices.</param>
internal readonly record struct SharedTile(Floats Memory, int Side, bool RunsAlongDepth)
{
    /// <summary>The steps of a tile.</summary>
    public const int Depth = 16;

    /// <summary>Numbers from one outer index to the next, where neighbours are steps.</summary>
    public const int DepthStride = Depth + 4;

    private int OuterStride => Side + 8;

    /// <summary>Numbers of a tile, margins included, in either order.</summary>
    public static int Length(int side) => side * DepthStride;

    /// <summary>Where an element lies.</summary>
    public int At(int outer, int step) => RunsAlongDepth ? outer * DepthStride + step : step * OuterStride + outer;

    /// <summary>Four steps of an outer index; the first is a multiple of 4.</summary>
    public Float4 FourSteps(int outer, int step) => RunsAlongDepth
        ? Float4.LoadAligned(Memory, At(outer, step))
        : new Float4(
            Memory[At(outer, step)], Memory[At(outer, step + 1)], Memory[At(outer, step + 2)],
            Memory[At(outer, step + 3)]);

    /// <summary>A warp's part: 32 outer indices from a first one on, 8 steps from a first one on.</summary>
    public Fragments Fragments(int outer, int step) =>
        new(Sixteen(outer, step), Sixteen(outer + 16, step));

    private Float4 Sixteen(int outer, int step)
    {
        int lane = Warp.LaneIdx;
        if (RunsAlongDepth)
            return TensorCores.LoadSixteen(ref Float4.At(Memory, At(outer + lane % 16, step + lane / 16 * 4)));
        int at = At(outer + lane / 4, step + lane % 4);
        return new Float4(Memory[at], Memory[at + 8], Memory[at + 4 * OuterStride], Memory[at + 4 * OuterStride + 8]);
    }
}
