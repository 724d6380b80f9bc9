using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tensors.Tests.Autograd;

/// <summary>A device that counts allocations and passes all calls on to a CpuDevice.</summary>
internal sealed class CountingDevice : Device, IDisposable
{
    private readonly CpuDevice _cpu = new(1);

    public int Allocations { get; private set; }

    public override string Description => "counting " + _cpu.Description;

    public void Dispose() => _cpu.Dispose();

    public override Storage Allocate(int length)
    {
        Allocations++;
        return _cpu.Allocate(length);
    }

    public override void Upload(ReadOnlySpan<float> source, Storage destination) => _cpu.Upload(source, destination);

    public override void Download(Storage source, Span<float> destination) => _cpu.Download(source, destination);

    public override void Fill(Storage destination, float value) => _cpu.Fill(destination, value);

    public override void Conv2d(
        in Conv2dGeometry geometry, Storage x, Storage weight, in Epilogue epilogue, Storage y) =>
        _cpu.Conv2d(geometry, x, weight, epilogue, y);

    public override void Conv2dTransposed(
        in Conv2dGeometry geometry, Storage y, Storage weight, in Epilogue epilogue, Storage x) =>
        _cpu.Conv2dTransposed(geometry, y, weight, epilogue, x);

    public override void Conv2dWeightGradient(
        in Conv2dGeometry geometry, Storage x, Storage gradY, Storage gradWeight, bool accumulate) =>
        _cpu.Conv2dWeightGradient(geometry, x, gradY, gradWeight, accumulate);

    public override void ColumnSums(Storage x, int rows, int columns, Storage sums, bool accumulate) =>
        _cpu.ColumnSums(x, rows, columns, sums, accumulate);

    public override void Relu(Storage x, Storage y) => _cpu.Relu(x, y);

    public override void ReluGradient(Storage y, Storage gradY, Storage gradX, bool accumulate) =>
        _cpu.ReluGradient(y, gradY, gradX, accumulate);

    public override void Add(Storage x, Storage y, Storage z) => _cpu.Add(x, y, z);

    public override void Scale(Storage x, float scale, Storage y, bool accumulate) =>
        _cpu.Scale(x, scale, y, accumulate);

    public override double SumOfSquares(Storage x) => _cpu.SumOfSquares(x);

    public override double SumOfSquaredDifferences(Storage x, Storage y) => _cpu.SumOfSquaredDifferences(x, y);

    public override void ScaledDifference(Storage x, Storage y, float scale, Storage z, bool accumulate) =>
        _cpu.ScaledDifference(x, y, scale, z, accumulate);

    public override void SquaredErrorGradients(
        Storage x, Storage y,
        float scaleX, Storage gradX, bool accumulateX, float scaleY, Storage gradY, bool accumulateY) =>
        _cpu.SquaredErrorGradients(x, y, scaleX, gradX, accumulateX, scaleY, gradY, accumulateY);

    public override void NearestRows(
        Storage x, int rows, Storage table, int tableRows, int columns, Span<int> nearest) =>
        _cpu.NearestRows(x, rows, table, tableRows, columns, nearest);

    public override void GatherRows(Storage table, int columns, ReadOnlySpan<int> indices, Storage y) =>
        _cpu.GatherRows(table, columns, indices, y);

    public override void ScatterAddRows(
        Storage x, int columns, ReadOnlySpan<int> indices, Storage table, bool accumulate) =>
        _cpu.ScatterAddRows(x, columns, indices, table, accumulate);

    public override void CountIndices(ReadOnlySpan<int> indices, Storage counts) => _cpu.CountIndices(indices, counts);

    public override void MoveAverage(Storage average, Storage value, double decay) =>
        _cpu.MoveAverage(average, value, decay);

    public override void NormalizeRows(Storage x, int columns, Storage y) => _cpu.NormalizeRows(x, columns, y);

    public override void NormalizeRowsGradient(Storage x, Storage gradY, int columns, Storage gradX, bool accumulate) =>
        _cpu.NormalizeRowsGradient(x, gradY, columns, gradX, accumulate);

    public override void RotationGradient(
        Storage x, Storage y, Storage gradY, int columns, Storage gradX, bool accumulate) =>
        _cpu.RotationGradient(x, y, gradY, columns, gradX, accumulate);

    public override void DivideRows(Storage x, Storage divisors, int columns, Storage y) =>
        _cpu.DivideRows(x, divisors, columns, y);

    public override void Orthogonalize(IReadOnlyList<(Storage X, int Columns)> matrices) =>
        _cpu.Orthogonalize(matrices);

    public override void Adam(
        in AdamStep numbers, Storage parameter, Storage gradient, Storage firstMoment, Storage secondMoment) =>
        _cpu.Adam(numbers, parameter, gradient, firstMoment, secondMoment);
}
