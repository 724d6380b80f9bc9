using Tessera.Cuda.Kernels;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda;

// Primitives of levels, softmax, entropies and columns.
public sealed partial class CudaDevice
{
    /// <inheritdoc/>
    public override void SquashColumns(Storage<float> x, Storage<float> bounds, Storage<float> y) =>
        _launcher.ForEach(x.Length, new LevelKernels.Squash(View(x), View(bounds), bounds.Length / 3, View(y)));

    /// <inheritdoc/>
    public override void SquashColumnsGradient(
        Storage<float> x, Storage<float> bounds, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        _launcher.ForEach(
            x.Length,
            new LevelKernels.SquashGradient(
                View(x), View(bounds), bounds.Length / 3, View(gradY), View(gradX), Flag(accumulate)));

    /// <inheritdoc/>
    public override void RoundToLevels(Storage<float> x, in LevelGrid grid, Storage<float> y, Storage<int> codes) =>
        _launcher.ForEach(
            codes.Length, new LevelKernels.Round(View(x), View(grid.Table), grid.Columns, View(y), View(codes)));

    /// <inheritdoc/>
    public override void LookUpLevels(Storage<int> codes, in LevelGrid grid, Storage<float> y) =>
        _launcher.ForEach(
            codes.Length, new LevelKernels.LookUp(View(codes), View(grid.Table), grid.Columns, View(y)));

    /// <inheritdoc/>
    public override void CopyColumns(
        Storage<float> x, in ColumnRange xColumns, Storage<float> y, in ColumnRange yColumns, bool accumulate) =>
        _launcher.ForEach(
            x.Length / xColumns.Columns * xColumns.Count,
            new LevelKernels.CopyColumns(
                View(x), xColumns.Columns, xColumns.First, View(y), yColumns.Columns, yColumns.First, xColumns.Count,
                Flag(accumulate)));

    /// <inheritdoc/>
    public override void CopyIndexColumns(
        Storage<int> x, in ColumnRange xColumns, Storage<int> y, in ColumnRange yColumns) =>
        _launcher.ForEach(
            x.Length / xColumns.Columns * xColumns.Count,
            new LevelKernels.CopyIndexColumns(
                View(x), xColumns.Columns, xColumns.First, View(y), yColumns.Columns, yColumns.First, xColumns.Count));

    /// <inheritdoc/>
    public override void Softmax(
        Storage<float> x, int columns, Number temperature, NoiseSource? noise, Storage<float> y)
    {
        NoiseSource source = noise ?? default;
        Integers update = View(noise is null ? _noIntegers : source.Update);
        _launcher.ForEachWarp(
            x.Length / columns,
            new EntropyKernels.Softmax(
                View(x), columns, Read(temperature), Flag(noise is not null), source.Seed, source.Stream, update,
                source.First, View(y)));
    }

    /// <inheritdoc/>
    public override void SoftmaxGradient(
        Storage<float> y, int columns, Number temperature, Storage<float> gradY, Storage<float> gradX,
        bool accumulate) =>
        _launcher.ForEachWarp(
            y.Length / columns,
            new EntropyKernels.SoftmaxGradient(
                View(y), columns, Read(temperature), View(gradY), View(gradX), Flag(accumulate)));

    /// <inheritdoc/>
    public override void LargestColumns(Storage<float> x, int columns, Storage<int> largest) =>
        _launcher.ForEachWarp(largest.Length, new EntropyKernels.Largest(View(x), columns, View(largest)));

    /// <inheritdoc/>
    public override void RowEntropy(
        Storage<float> p, int columns, in EntropyWeights weights, Storage<float> means, Storage<float> result)
    {
        Means(new ColumnKernels.Elements(View(p), columns), p.Length, means);
        int terms = p.Length + means.Length;
        Sum(
            terms, new EntropyKernels.RowSum(View(p), View(means), weights.Row, weights.Mean),
            new SumKernels.WriteMean(View(result), terms, terms));
    }

    /// <inheritdoc/>
    public override void RowEntropyGradient(
        Storage<float> p, int columns, in EntropyWeights weights, Storage<float> means, Storage<float> upstream,
        Storage<float> gradP, bool accumulate) =>
        _launcher.ForEach(
            p.Length,
            new EntropyKernels.RowGradient(
                View(p), View(means), weights.Row, weights.Mean, View(upstream), View(gradP), Flag(accumulate)));

    /// <summary>The means of columns of terms.</summary>
    private void Means<TTerm>(TTerm terms, int count, Storage<float> means) where TTerm : struct, IColumnTerm
    {
        int rows = count / means.Length;
        SumColumns(terms, rows, means.Length, means, accumulate: false);
        _launcher.ForEach(means.Length, new EntropyKernels.Divide(View(means), rows));
    }
}
