using BenchmarkDotNet.Attributes;
using Tessera.Tensors.Devices;

namespace Tessera.Benchmarks.Kernels;

/// <summary>Muon's orthogonalization of the gradients of the reference notebook's large convolutions.</summary>
public class OrthogonalizeBenchmark : KernelBenchmark
{
    private (Storage<float> X, int Columns)[] _matrices = [];
    private Storage<float>[] _gradients = [];

    protected override void Allocate()
    {
        (int Rows, int Columns)[] shapes = [(128, 64 * 4 * 4), (128, 128 * 3 * 3), (128, 64 * 4 * 4)];
        _gradients = [.. shapes.Select(shape => Numbers.Store(Device, 0, shape.Rows * shape.Columns))];
        _matrices = [.. shapes.Select(shape => (Device.Allocate<float>(shape.Rows * shape.Columns), shape.Columns))];
    }

    [Benchmark]
    public void Orthogonalize()
    {
        // In place: without a fresh copy the second call would start from orthogonal matrices.
        for (int i = 0; i < _matrices.Length; i++) Device.Scale(_gradients[i], 1, _matrices[i].X, accumulate: false);
        Device.Orthogonalize(_matrices);
    }
}
