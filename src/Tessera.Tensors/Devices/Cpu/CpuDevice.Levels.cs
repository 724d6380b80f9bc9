using Tessera.Tensors.Random;

namespace Tessera.Tensors.Devices.Cpu;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void SquashColumns(Storage<float> x, Storage<float> bounds, Storage<float> y) =>
        _kernels.SquashColumns(Span(x), Span(bounds), Span(y));

    /// <inheritdoc/>
    public override void SquashColumnsGradient(
        Storage<float> x, Storage<float> bounds, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        _kernels.SquashColumnsGradient(Span(x), Span(bounds), Span(gradY), Span(gradX), accumulate);

    /// <inheritdoc/>
    public override void RoundToLevels(Storage<float> x, in LevelGrid grid, Storage<float> y, Storage<int> codes) =>
        _kernels.RoundToLevels(Span(x), Span(grid.Table), Span(y), Span(codes));

    /// <inheritdoc/>
    public override void LookUpLevels(Storage<int> codes, in LevelGrid grid, Storage<float> y) =>
        _kernels.LookUpLevels(Span(codes), Span(grid.Table), Span(y));

    /// <inheritdoc/>
    public override void CopyColumns(
        Storage<float> x, in ColumnRange xColumns, Storage<float> y, in ColumnRange yColumns, bool accumulate) =>
        _kernels.CopyColumns(Span(x), xColumns, Span(y), yColumns, accumulate);

    /// <inheritdoc/>
    public override void CopyIndexColumns(
        Storage<int> x, in ColumnRange xColumns, Storage<int> y, in ColumnRange yColumns) =>
        _kernels.CopyIndexColumns(Span(x), xColumns, Span(y), yColumns);

    /// <inheritdoc/>
    public override void Softmax(
        Storage<float> x, int columns, Number temperature, NoiseSource? noise, Storage<float> y) =>
        _kernels.Softmax(
            Span(x), columns, Read(temperature),
            noise is { } source
                ? new CounterRandom(source.Seed, source.Stream + (ulong)Span(source.Update)[0])
                : null,
            noise?.First ?? 0, Span(y));

    /// <inheritdoc/>
    public override void SoftmaxGradient(
        Storage<float> y, int columns, Number temperature, Storage<float> gradY, Storage<float> gradX,
        bool accumulate) =>
        _kernels.SoftmaxGradient(Span(y), columns, Read(temperature), Span(gradY), Span(gradX), accumulate);

    /// <inheritdoc/>
    public override void LargestColumns(Storage<float> x, int columns, Storage<int> largest) =>
        _kernels.LargestColumns(Span(x), columns, Span(largest));

    /// <inheritdoc/>
    public override void RowEntropy(
        Storage<float> p, int columns, in EntropyWeights weights, Storage<float> means, Storage<float> result) =>
        _kernels.RowEntropy(Span(p), columns, weights, Span(means), Span(result));

    /// <inheritdoc/>
    public override void RowEntropyGradient(
        Storage<float> p, int columns, in EntropyWeights weights, Storage<float> means, Storage<float> upstream,
        Storage<float> gradP, bool accumulate) =>
        _kernels.RowEntropyGradient(Span(p), columns, weights, Span(means), Span(upstream)[0], Span(gradP), accumulate);
}
