namespace Tessera.Tensors.Devices;

public abstract partial class DelegatingDevice
{
    /// <inheritdoc/>
    public override void SquashColumns(Storage<float> x, Storage<float> bounds, Storage<float> y) =>
        Inner.SquashColumns(x, bounds, y);

    /// <inheritdoc/>
    public override void SquashColumnsGradient(
        Storage<float> x, Storage<float> bounds, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        Inner.SquashColumnsGradient(x, bounds, gradY, gradX, accumulate);

    /// <inheritdoc/>
    public override void RoundToLevels(Storage<float> x, in LevelGrid grid, Storage<float> y, Storage<int> codes) =>
        Inner.RoundToLevels(x, grid, y, codes);

    /// <inheritdoc/>
    public override void LookUpLevels(Storage<int> codes, in LevelGrid grid, Storage<float> y) =>
        Inner.LookUpLevels(codes, grid, y);

    /// <inheritdoc/>
    public override void CopyColumns(
        Storage<float> x, in ColumnRange xColumns, Storage<float> y, in ColumnRange yColumns, bool accumulate) =>
        Inner.CopyColumns(x, xColumns, y, yColumns, accumulate);

    /// <inheritdoc/>
    public override void CopyIndexColumns(
        Storage<int> x, in ColumnRange xColumns, Storage<int> y, in ColumnRange yColumns) =>
        Inner.CopyIndexColumns(x, xColumns, y, yColumns);

    /// <inheritdoc/>
    public override void Softmax(
        Storage<float> x, int columns, Number temperature, NoiseSource? noise, Storage<float> y) =>
        Inner.Softmax(x, columns, temperature, noise, y);

    /// <inheritdoc/>
    public override void SoftmaxGradient(
        Storage<float> y, int columns, Number temperature, Storage<float> gradY, Storage<float> gradX,
        bool accumulate) =>
        Inner.SoftmaxGradient(y, columns, temperature, gradY, gradX, accumulate);

    /// <inheritdoc/>
    public override void LargestColumns(Storage<float> x, int columns, Storage<int> largest) =>
        Inner.LargestColumns(x, columns, largest);

    /// <inheritdoc/>
    public override void RowEntropy(
        Storage<float> p, int columns, in EntropyWeights weights, Storage<float> means, Storage<float> result) =>
        Inner.RowEntropy(p, columns, weights, means, result);

    /// <inheritdoc/>
    public override void RowEntropyGradient(
        Storage<float> p, int columns, in EntropyWeights weights, Storage<float> means, Storage<float> upstream,
        Storage<float> gradP, bool accumulate) =>
        Inner.RowEntropyGradient(p, columns, weights, means, upstream, gradP, accumulate);
}
