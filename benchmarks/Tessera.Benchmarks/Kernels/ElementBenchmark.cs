using BenchmarkDotNet.Attributes;
using Tessera.Tensors.Devices;

namespace Tessera.Benchmarks.Kernels;

/// <summary>Elementwise passes over a map of 32 images, 8 x 8 x 128: bound by memory.</summary>
public class ElementBenchmark : KernelBenchmark
{
    private const int Rows = 32 * 8 * 8, Columns = 128, Length = Rows * Columns;

    private Storage<float> _x = null!, _y = null!, _z = null!, _sums = null!, _mean = null!;

    protected override void Allocate()
    {
        _x = Numbers.Store(Device, 0, Length);
        _y = Numbers.Store(Device, 1, Length);
        _z = Numbers.Store(Device, 2, Length);
        _sums = Device.Allocate<float>(Columns);
        _mean = Device.Allocate<float>(1);
    }

    [Benchmark]
    public void Relu() => Device.Relu(_x, _z);

    [Benchmark]
    public void ReluGradient() => Device.ReluGradient(_x, _y, _z, accumulate: false);

    [Benchmark]
    public void Add() => Device.Add(_x, _y, _z);

    [Benchmark]
    public void Scale() => Device.Scale(_x, 0.5f, _z, accumulate: false);

    [Benchmark]
    public void MeanSquaredDifference() => Device.MeanSquaredDifference(_x, _y, 1, _mean);

    [Benchmark]
    public void ColumnSums() => Device.ColumnSums(_x, Rows, Columns, _sums, accumulate: false);
}
