using BenchmarkDotNet.Attributes;
using Tessera.Tensors.Devices;

namespace Tessera.Benchmarks.Kernels;

/// <summary>What Muon does with the gradient of a 3x3 convolution of 128 channels, a matrix of 128 rows and 1152 columns.</summary>
public class OrthogonalizeBenchmark : KernelBenchmark
{
    private const int Rows = 128, Columns = 128 * 3 * 3;

    private Storage _gradient = null!, _x = null!;

    protected override void Allocate()
    {
        _gradient = Numbers.Store(Device, 0, Rows * Columns);
        _x = Device.Allocate(Rows * Columns);
    }

    [Benchmark]
    public void Orthogonalize()
    {
        Device.Scale(_gradient, 1, _x, accumulate: false);
        Device.Orthogonalize([(_x, Columns)]);
    }
}
