namespace Tessera.Tensors.Devices;

public partial class ShapeDevice
{
    /// <inheritdoc/>
    public override void SquashColumns(Storage<float> x, Storage<float> bounds, Storage<float> y) =>
        Skip(nameof(SquashColumns));

    /// <inheritdoc/>
    public override void SquashColumnsGradient(
        Storage<float> x, Storage<float> bounds, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        Skip(nameof(SquashColumnsGradient));

    /// <inheritdoc/>
    public override void RoundToLevels(Storage<float> x, in LevelGrid grid, Storage<float> y, Storage<int> codes) =>
        Skip(nameof(RoundToLevels));

    /// <inheritdoc/>
    public override void LookUpLevels(Storage<int> codes, in LevelGrid grid, Storage<float> y) =>
        Skip(nameof(LookUpLevels));

    /// <inheritdoc/>
    public override void CopyColumns(
        Storage<float> x, in ColumnRange xColumns, Storage<float> y, in ColumnRange yColumns, bool accumulate) =>
        Skip(nameof(CopyColumns));

    /// <inheritdoc/>
    public override void CopyIndexColumns(
        Storage<int> x, in ColumnRange xColumns, Storage<int> y, in ColumnRange yColumns) =>
        Skip(nameof(CopyIndexColumns));

    /// <inheritdoc/>
    public override void Softmax(
        Storage<float> x, int columns, Number temperature, NoiseSource? noise, Storage<float> y) =>
        Skip(nameof(Softmax));

    /// <inheritdoc/>
    public override void SoftmaxGradient(
        Storage<float> y, int columns, Number temperature, Storage<float> gradY, Storage<float> gradX,
        bool accumulate) =>
        Skip(nameof(SoftmaxGradient));

    /// <inheritdoc/>
    public override void LargestColumns(Storage<float> x, int columns, Storage<int> largest) =>
        Skip(nameof(LargestColumns));

    /// <inheritdoc/>
    public override void RowEntropy(
        Storage<float> p, int columns, in EntropyWeights weights, Storage<float> means, Storage<float> result) =>
        Skip(nameof(RowEntropy));

    /// <inheritdoc/>
    public override void RowEntropyGradient(
        Storage<float> p, int columns, in EntropyWeights weights, Storage<float> means, Storage<float> upstream,
        Storage<float> gradP, bool accumulate) =>
        Skip(nameof(RowEntropyGradient));
}
