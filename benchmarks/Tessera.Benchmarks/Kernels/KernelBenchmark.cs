using System.Globalization;
using BenchmarkDotNet.Attributes;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Benchmarks.Kernels;

/// <summary>A benchmark of primitives on each width of kernels, on one thread.</summary>
public abstract class KernelBenchmark
{
    /// <summary>The kernels' vector width; every one that the processor has in hardware.</summary>
    [ParamsSource(nameof(Widths))]
    public string Width { get; set; } = "";

    public static IEnumerable<string> Widths => CpuDevice.KernelNames.Where(
        name => name.StartsWith("vector", StringComparison.Ordinal)
            && int.Parse(name["vector".Length..], CultureInfo.InvariantCulture) <= FmaPeak.VectorBits);

    /// <summary>The device that runs the primitives.</summary>
    protected CpuDevice Device { get; private set; } = null!;

    [GlobalSetup]
    public void Setup()
    {
        Device = new CpuDevice(threads: 1, kernels: Width);
        Allocate();
    }

    [GlobalCleanup]
    public void Cleanup() => Device.Dispose();

    /// <summary>Allocates the primitives' operands.</summary>
    protected abstract void Allocate();
}
