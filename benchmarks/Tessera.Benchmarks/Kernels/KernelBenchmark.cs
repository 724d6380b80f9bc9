using BenchmarkDotNet.Attributes;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Benchmarks.Kernels;

/// <summary>A benchmark of primitives on each width of kernels, on one thread.</summary>
public abstract class KernelBenchmark
{
    /// <summary>The kernels: every width that the processor has in hardware.</summary>
    [ParamsSource(nameof(Widths))]
    public string Width { get; set; } = "";

    public static IEnumerable<string> Widths => CpuDevice.KernelNames.Where(
        name => name.StartsWith("vector", StringComparison.Ordinal)
            && int.Parse(name["vector".Length..], System.Globalization.CultureInfo.InvariantCulture) <= FmaPeak.VectorBits);

    /// <summary>Where the primitives run.</summary>
    protected CpuDevice Device { get; private set; } = null!;

    [GlobalSetup]
    public void Setup()
    {
        Device = new CpuDevice(threads: 1, kernels: Width);
        Allocate();
    }

    [GlobalCleanup]
    public void Cleanup() => Device.Dispose();

    /// <summary>Makes what the primitives work on.</summary>
    protected abstract void Allocate();
}
