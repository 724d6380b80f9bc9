using BenchmarkDotNet.Attributes;
using Tessera.Tensors.Devices;

namespace Tessera.Benchmarks.Kernels;

/// <summary>
/// The search for the nearest of the reference notebook's codes for a batch of 32 images, and what an EMA codebook
/// takes from it: the number of vectors that chose each code, and their sums.
/// </summary>
public class NearestRowsBenchmark : KernelBenchmark
{
    private const int Rows = 32 * 8 * 8, Codes = 512, CodeDim = 64;

    private Storage<float> _x = null!, _table = null!, _sums = null!, _counts = null!;
    private Storage<int> _nearest = null!;

    protected override void Allocate()
    {
        _x = Numbers.Store(Device, 0, Rows * CodeDim);
        _table = Numbers.Store(Device, 1, Codes * CodeDim);
        _sums = Device.Allocate<float>(Codes * CodeDim);
        _counts = Device.Allocate<float>(Codes);
        _nearest = Device.Allocate<int>(Rows);
        NearestRows();
    }

    [Benchmark]
    public void NearestRows() => Device.NearestRows(_x, _table, Codes, CodeDim, _nearest);

    [Benchmark]
    public void SumsAndCounts()
    {
        Device.ScatterAddRows(_x, CodeDim, _nearest, _sums, accumulate: false);
        Device.CountIndices(_nearest, _counts);
    }
}
