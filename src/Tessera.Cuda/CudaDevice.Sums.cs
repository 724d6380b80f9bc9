using ILGPU;
using Tessera.Cuda.Kernels;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda;

// Primitives that make one number of many, or one of each column.
public sealed partial class CudaDevice
{
    /// <inheritdoc/>
    public override void MeanSquaredDifference(
        Storage<float> x, Storage<float> y, float weight, Storage<float> result) =>
        Sum(
            x.Length, new SumKernels.SquaredDifference(View(x), View(y)),
            new SumKernels.WriteMean(View(result), weight, x.Length));

    /// <inheritdoc/>
    public override void ClipByNorm(IReadOnlyList<Storage<float>> tensors, float maxNorm, Storage<float> norm)
    {
        Storage<float>[][] pieces = [.. tensors.Chunk(Sixteen<Floats>.Count)];
        int sumCount = pieces.Sum(piece => piece.Length * MostBlocks(piece));
        Storage<float> scratch = RentDoubles(sumCount + 1);
        Doubles sums = AsDoubles(scratch), factor = sums.SubView(sumCount, 1);
        int at = 0;
        foreach (Storage<float>[] piece in pieces) at += SumSquares(piece, sums.SubView(at, sumCount - at));
        SumBlocks(
            1, sumCount, new SumKernels.Partial(sums), new SumKernels.WriteClip(View(norm), factor, maxNorm));
        foreach (Storage<float>[] piece in pieces)
            _launcher.ForEachOf(piece.Length, new SumKernels.Clip(Views(piece), factor));
        Return(scratch);
    }

    /// <inheritdoc/>
    public override void ColumnSums(Storage<float> x, int rows, int columns, Storage<float> sums, bool accumulate) =>
        SumColumns(new ColumnKernels.Elements(View(x), columns), rows, columns, sums, accumulate);

    /// <inheritdoc/>
    public override void Perplexity(Storage<float> counts, Storage<float> result) =>
        _launcher.ForEachGroup(
            new Index3D(1, 1, 1), _launcher.Threads, new RowKernels.Perplexity(View(counts), View(result)));

    /// <inheritdoc/>
    public override void SmoothSizes(Storage<float> sizes, double epsilon, Storage<float> smoothed) =>
        _launcher.ForEachGroup(
            new Index3D(1, 1, 1), _launcher.Threads,
            new RowKernels.SmoothSizes(View(sizes), epsilon, View(smoothed)));

    private void SumColumns<TTerm>(TTerm terms, int rows, int columns, Storage<float> sums, bool accumulate)
        where TTerm : struct, IColumnTerm
    {
        int sliceRows = ColumnKernels.SliceRows(rows), slices = (rows + sliceRows - 1) / sliceRows;
        Storage<float> scratch = RentDoubles(slices * columns);
        _launcher.ForEachGroup(
            new Index3D((columns + ColumnKernels.Width - 1) / ColumnKernels.Width, slices, 1), _launcher.Threads,
            new ColumnKernels.SliceSums<TTerm>(terms, rows, columns, sliceRows, AsDoubles(scratch)));
        _launcher.ForEachWarp(
            columns,
            new ColumnKernels.AddSlices(AsDoubles(scratch), slices, columns, View(sums), Flag(accumulate)));
        Return(scratch);
    }

    /// <summary>Sums terms up in blocks, then the blocks.</summary>
    private void Sum<TTerm, TUse>(int count, TTerm terms, TUse use)
        where TTerm : struct, ITerm
        where TUse : struct, ISumUse
    {
        int blocks = SumKernels.Blocks(count);
        if (blocks == 1)
        {
            SumBlocks(1, count, terms, use);
            return;
        }
        Storage<float> scratch = RentDoubles(blocks);
        _launcher.ForEachGroup(
            new Index3D(blocks, 1, 1), _launcher.Threads,
            new SumKernels.Sum<TTerm, SumKernels.Keep>(
                terms, count, SumKernels.Block(count), new SumKernels.Keep(AsDoubles(scratch))));
        SumBlocks(1, blocks, new SumKernels.Partial(AsDoubles(scratch)), use);
        Return(scratch);
    }

    /// <summary>Sums up blocks of so many terms, without cutting them further.</summary>
    private void SumBlocks<TTerm, TUse>(int blocks, int block, TTerm terms, TUse use)
        where TTerm : struct, ITerm
        where TUse : struct, ISumUse =>
        _launcher.ForEachGroup(
            new Index3D(blocks, 1, 1), _launcher.Threads,
            new SumKernels.Sum<TTerm, TUse>(terms, blocks * block, block, use));

    /// <summary>
    /// The sums of squares of the blocks of up to 16 tensors, as many for each tensor as the longest has.
    /// </summary>
    /// <returns>The number of sums.</returns>
    private int SumSquares(Storage<float>[] tensors, Doubles sums)
    {
        int blocks = MostBlocks(tensors);
        _launcher.ForEachGroup(
            new Index3D(blocks, tensors.Length, 1), _launcher.Threads, new SumKernels.Squares(Views(tensors), sums));
        return tensors.Length * blocks;
    }

    private static int MostBlocks(Storage<float>[] tensors) =>
        tensors.Max(tensor => SumKernels.Blocks(tensor.Length));

    /// <summary>A buffer of the pool for so many numbers in double precision.</summary>
    private Storage<float> RentDoubles(int count) => Rent(2 * count);

    private static Doubles AsDoubles(Storage<float> storage) => View(storage).Cast<double>();
}
