using Tessera.Tensors.Devices;

namespace Tessera.Tests.Runs;

internal sealed partial class RecordingDevice
{
    public override void SquashColumns(Storage<float> x, Storage<float> bounds, Storage<float> y)
    {
        Note([x, bounds, y]);
        base.SquashColumns(x, bounds, y);
    }

    public override void SquashColumnsGradient(
        Storage<float> x, Storage<float> bounds, Storage<float> gradY, Storage<float> gradX, bool accumulate)
    {
        Note([x, bounds, gradY, gradX, accumulate]);
        base.SquashColumnsGradient(x, bounds, gradY, gradX, accumulate);
    }

    public override void RoundToLevels(Storage<float> x, in LevelGrid grid, Storage<float> y, Storage<int> codes)
    {
        Note([x, grid, y, codes]);
        base.RoundToLevels(x, grid, y, codes);
    }

    public override void LookUpLevels(Storage<int> codes, in LevelGrid grid, Storage<float> y)
    {
        Note([codes, grid, y]);
        base.LookUpLevels(codes, grid, y);
    }

    public override void CopyColumns(
        Storage<float> x, in ColumnRange xColumns, Storage<float> y, in ColumnRange yColumns, bool accumulate)
    {
        Note([x, xColumns, y, yColumns, accumulate]);
        base.CopyColumns(x, xColumns, y, yColumns, accumulate);
    }

    public override void CopyIndexColumns(
        Storage<int> x, in ColumnRange xColumns, Storage<int> y, in ColumnRange yColumns)
    {
        Note([x, xColumns, y, yColumns]);
        base.CopyIndexColumns(x, xColumns, y, yColumns);
    }

    public override void Softmax(
        Storage<float> x, int columns, Number temperature, NoiseSource? noise, Storage<float> y)
    {
        Note([x, columns, temperature, noise, y]);
        base.Softmax(x, columns, temperature, noise, y);
    }

    public override void SoftmaxGradient(
        Storage<float> y, int columns, Number temperature, Storage<float> gradY, Storage<float> gradX, bool accumulate)
    {
        Note([y, columns, temperature, gradY, gradX, accumulate]);
        base.SoftmaxGradient(y, columns, temperature, gradY, gradX, accumulate);
    }

    public override void LargestColumns(Storage<float> x, int columns, Storage<int> largest)
    {
        Note([x, columns, largest]);
        base.LargestColumns(x, columns, largest);
    }

    public override void RowEntropy(
        Storage<float> p, int columns, in EntropyWeights weights, Storage<float> means, Storage<float> result)
    {
        Note([p, columns, weights, means, result]);
        base.RowEntropy(p, columns, weights, means, result);
    }

    public override void RowEntropyGradient(
        Storage<float> p, int columns, in EntropyWeights weights, Storage<float> means, Storage<float> upstream,
        Storage<float> gradP, bool accumulate)
    {
        Note([p, columns, weights, means, upstream, gradP, accumulate]);
        base.RowEntropyGradient(p, columns, weights, means, upstream, gradP, accumulate);
    }
}
