using System.Diagnostics;
using ILGPU;
using ILGPU.Runtime.CPU;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;
using Accelerator = ILGPU.Runtime.Accelerator;

namespace Tessera.Cuda.Tests;

/// <summary>
/// The kernels on ILGPU's simulation of a GPU, with warps of 32, beside the reference. A thread of the simulation is
/// one of the system, and each barrier waits for all of them: the fewer, the faster. On a machine with a GPU, the same
/// tests run there instead.
/// </summary>
internal static class Simulation
{
    public static readonly Device Reference = new CpuDevice(1, "reference");

    private static readonly Lazy<CudaDevice> SmallOne = new(() => Create(ProductKind.Fma, warps: 2, manyTiles: 64));

    private static readonly Lazy<CudaDevice> LargeOne = new(() => Create(ProductKind.Fma, warps: 32, manyTiles: 1));

    // Before that of xunit.
    static Simulation() => Trace.Listeners.Insert(0, new AssertionListener());

    /// <summary>Whether this machine has a GPU that can be used.</summary>
    public static bool HasGpu { get; } = Driver.FindDevices()[0].Fault is null;

    /// <summary>With groups of at most two warps.</summary>
    public static CudaDevice Small => SmallOne.Value;

    /// <summary>With groups of at most so many warps, products of a kind, and the widest tiles for them.</summary>
    public static CudaDevice Tensor(ProductKind products, int warps) => Create(products, warps, manyTiles: 1);

    /// <summary>With groups of at most two warps, and submitted work that is recorded or not.</summary>
    public static CudaDevice Recording(bool records) => HasGpu
        ? new CudaDevice { Records = records }
        : new CudaDevice(Simulated(warps: 2), launcher => new SimulatedGraphs(launcher))
        {
            Products = ProductKind.Fma,
            ManyTiles = 64,
            Records = records,
        };

    /// <summary>With groups of any size, and large tiles for all products; slow.</summary>
    public static CudaDevice Large => LargeOne.Value;

    /// <summary>
    /// Asserts that a primitive leaves in its destinations what the reference does, twice with the same bits, and that
    /// nothing beside the destinations is written.
    /// </summary>
    /// <param name="what">The primitive and its sizes, for the message.</param>
    /// <param name="tolerance">The largest relative root mean square error.</param>
    /// <param name="run">Calls the primitive on a device with these destinations.</param>
    /// <param name="destinations">The contents of the destinations before the call.</param>
    public static void AssertAgree(
        string what, double tolerance, Action<Bench, Storage<float>[]> run, params float[][] destinations) =>
        AssertAgree(Small, what, tolerance, run, destinations);

    /// <summary>The same on a device of one's choice.</summary>
    public static void AssertAgree(
        CudaDevice device, string what, double tolerance, Action<Bench, Storage<float>[]> run,
        params float[][] destinations)
    {
        float[][] actual = AssertClose(device, what, tolerance, run, isAligned: false, destinations);
        float[][] again = Run(what, device, run, isAligned: false, destinations);
        for (int i = 0; i < destinations.Length; i++)
            Assert.True(Numbers.SameBits(actual[i], again[i]), $"{what}: destination {i} differs in a second run");
    }

    /// <summary>Asserts that a primitive leaves what the reference does.</summary>
    /// <returns>What it left.</returns>
    public static float[][] AssertClose(
        CudaDevice device, string what, double tolerance, Action<Bench, Storage<float>[]> run, bool isAligned,
        params float[][] destinations)
    {
        float[][] expected = Run(what, Reference, run, isAligned, destinations);
        float[][] actual = Run(what, device, run, isAligned, destinations);
        for (int i = 0; i < destinations.Length; i++)
        {
            double error = Numbers.RelativeError(expected[i], actual[i]);
            Assert.True(
                error <= tolerance, $"{what}: destination {i} is off by {error:E1}, allowed is {tolerance:E1}");
        }
        return actual;
    }

    /// <summary>The destinations after a primitive.</summary>
    public static float[][] Run(
        string what, Device device, Action<Bench, Storage<float>[]> run, params float[][] destinations) =>
        Run(what, device, run, isAligned: false, destinations);

    private static float[][] Run(
        string what, Device device, Action<Bench, Storage<float>[]> run, bool isAligned, float[][] destinations)
    {
        using var bench = new Bench(device, isAligned);
        Guarded<float>[] guarded = [.. destinations.Select(values => bench.Guard<float>(values))];
        run(bench, [.. guarded.Select(destination => destination.Storage)]);
        for (int i = 0; i < guarded.Length; i++)
            Assert.True(guarded[i].IsIntact, $"{what}: {device.Description} wrote beside destination {i}");
        return [.. guarded.Select(destination => destination.Values)];
    }

    private static CudaDevice Create(ProductKind products, int warps, int manyTiles) => HasGpu
        ? new CudaDevice { Products = products, ManyTiles = manyTiles }
        : new CudaDevice(Simulated(warps)) { Products = products, ManyTiles = manyTiles };

    // A context for each: it ends with the tests.
    private static Accelerator Simulated(int warps)
    {
        Context context = Context.Create(builder => builder.CPU(new CPUDevice(32, warps, 1)));
        return context.Devices[0].CreateAccelerator(context);
    }
}
