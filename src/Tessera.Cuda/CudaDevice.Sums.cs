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
        int blocks = tensors.Sum(tensor => SumKernels.Blocks(tensor.Length));
        Storage<float> scratch = RentDoubles(blocks + 1);
        Doubles sums = AsDoubles(scratch), factor = sums.SubView(blocks, 1);
        int at = 0;
        foreach (Storage<float> tensor in tensors)
        {
            int count = SumKernels.Blocks(tensor.Length);
            SumBlocks(tensor.Length, new SumKernels.Square(View(tensor)), new SumKernels.Keep(sums.SubView(at, count)));
            at += count;
        }
        AddBlocks(sums.SubView(0, blocks), new SumKernels.WriteClip(View(norm), factor, maxNorm));
        foreach (Storage<float> tensor in tensors)
            _launcher.ForEach(tensor.Length, new SumKernels.Clip(View(tensor), factor));
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
            SumBlocks(count, terms, use);
            return;
        }
        Storage<float> scratch = RentDoubles(blocks);
        SumBlocks(count, terms, new SumKernels.Keep(AsDoubles(scratch)));
        AddBlocks(AsDoubles(scratch), use);
        Return(scratch);
    }

    private void SumBlocks<TTerm, TUse>(int count, TTerm terms, TUse use)
        where TTerm : struct, ITerm
        where TUse : struct, ISumUse =>
        _launcher.ForEachGroup(
            new Index3D(SumKernels.Blocks(count), 1, 1), _launcher.Threads,
            new SumKernels.Sum<TTerm, TUse>(terms, count, SumKernels.Block(count), use));

    private void AddBlocks<TUse>(Doubles sums, TUse use) where TUse : struct, ISumUse =>
        _launcher.ForEachGroup(
            new Index3D(1, 1, 1), _launcher.Threads,
            new SumKernels.Sum<SumKernels.Partial, TUse>(
                new SumKernels.Partial(sums), sums.IntLength, sums.IntLength, use));

    /// <summary>A buffer of the pool for so many numbers in double precision.</summary>
    private Storage<float> RentDoubles(int count) => Rent(2 * count);

    private static Doubles AsDoubles(Storage<float> storage) => View(storage).Cast<double>();
}
