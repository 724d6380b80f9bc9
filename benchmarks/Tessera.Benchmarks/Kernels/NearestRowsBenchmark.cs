using BenchmarkDotNet.Attributes;
using Tessera.Tensors.Devices;

namespace Tessera.Benchmarks.Kernels;

/// <summary>The search for the nearest of the seed's codes, a batch of 32 pictures.</summary>
public class NearestRowsBenchmark : KernelBenchmark
{
    private const int Rows = 32 * 8 * 8, Codes = 512, CodeDim = 64;

    private readonly int[] _nearest = new int[Rows];
    private Storage _x = null!, _table = null!;

    protected override void Allocate()
    {
        _x = Numbers.Store(Device, 0, Rows * CodeDim);
        _table = Numbers.Store(Device, 1, Codes * CodeDim);
    }

    [Benchmark]
    public void NearestRows() => Device.NearestRows(_x, Rows, _table, Codes, CodeDim, _nearest);
}
