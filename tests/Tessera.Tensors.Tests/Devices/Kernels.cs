using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tensors.Tests.Devices;

/// <summary>
/// Compares the vectorised kernels of every width with the reference kernels. Widths that the processor lacks run in
/// software, so that every width is tested everywhere.
/// </summary>
internal static class Kernels
{
    public static readonly int[] ThreadCounts = [1, 2, 3, 7];

    public static readonly CpuDevice Reference = new(1, "reference");

    public static readonly (string Name, CpuDevice[] ByThreads)[] Fast = ByWidth(convolutions: null);

    /// <summary>The same devices with forced algorithms for convolutions.</summary>
    public static readonly (string Name, CpuDevice[] ByThreads)[] FastConvolutions =
        [.. ByWidth("direct"), .. ByWidth("winograd")];

    /// <summary>Every device: the reference, and each width with each number of threads.</summary>
    public static IEnumerable<CpuDevice> All => Fast.SelectMany(kernels => kernels.ByThreads).Prepend(Reference);

    /// <summary>A storage that holds the values.</summary>
    public static Storage<float> Store(ReadOnlySpan<float> values) => new GuardedMemory<float>(values).Storage;

    /// <summary>A storage that holds indices.</summary>
    public static Storage<int> Store(ReadOnlySpan<int> values) => new GuardedMemory<int>(values).Storage;

    /// <summary>A storage that holds bytes.</summary>
    public static Storage<byte> Store(ReadOnlySpan<byte> values) => new GuardedMemory<byte>(values).Storage;

    /// <summary>
    /// Asserts that a primitive leaves in its destinations what the reference kernels do, that the bits do not depend
    /// on the number of threads, and that nothing outside the destinations is written.
    /// </summary>
    /// <param name="what">The primitive and its sizes, for the message.</param>
    /// <param name="tolerance">The largest relative root mean square error.</param>
    /// <param name="run">Calls the primitive on a device with these destinations.</param>
    /// <param name="destinations">The contents of the destinations before the call.</param>
    public static void AssertAgree(
        string what, double tolerance, Action<Device, Storage<float>[]> run, params float[][] destinations) =>
        AssertAgree(Fast, what, tolerance, run, destinations);

    /// <summary>The same for other devices than <see cref="Fast"/>.</summary>
    public static void AssertAgree(
        (string Name, CpuDevice[] ByThreads)[] devices, string what, double tolerance,
        Action<Device, Storage<float>[]> run, params float[][] destinations)
    {
        GuardedMemory<float>[] expected = Run(Reference, run, destinations);
        foreach ((string name, CpuDevice[] byThreads) in devices)
        {
            GuardedMemory<float>[] first = Run(byThreads[0], run, destinations);
            for (int i = 0; i < destinations.Length; i++)
            {
                double error = Numbers.RelativeError(expected[i].Values, first[i].Values);
                Assert.True(
                    error <= tolerance,
                    $"{what}: destination {i} of {name} is off by {error:E1}, allowed is {tolerance:E1}");
                Assert.True(first[i].IsIntact, $"{what}: {name} wrote outside destination {i}");
            }
            foreach (CpuDevice device in byThreads[1..])
            {
                GuardedMemory<float>[] other = Run(device, run, destinations);
                for (int i = 0; i < destinations.Length; i++)
                {
                    Assert.True(
                        Numbers.SameBits(first[i].Values, other[i].Values),
                        $"{what}: destination {i} of {device.Description} differs from that of 1 thread");
                }
            }
        }
    }

    /// <summary>
    /// Runs a test for two storages of every length up to more than four of the widest vectors, and of lengths around
    /// an item's 16384 elements.
    /// </summary>
    public static void ForEachLength(Action<int, Storage<float>, Storage<float>> test)
    {
        foreach (int length in (int[])[.. Enumerable.Range(1, 70), 16383, 16384, 16385, 50_003])
            test(length, Store(Numbers.Normal(length, 1)), Store(Numbers.Normal(length, 2)));
    }

    private static (string Name, CpuDevice[] ByThreads)[] ByWidth(string? convolutions) =>
    [
        .. CpuDevice.KernelNames.Where(name => name != "reference").Select(name => (
            convolutions is null ? name : $"{name}, {convolutions}",
            ThreadCounts.Select(threads => new CpuDevice(threads, name, convolutions)).ToArray())),
    ];

    private static GuardedMemory<float>[] Run(
        CpuDevice device, Action<Device, Storage<float>[]> run, float[][] destinations)
    {
        GuardedMemory<float>[] memory = [.. destinations.Select(values => new GuardedMemory<float>(values))];
        run(device, [.. memory.Select(destination => destination.Storage)]);
        return memory;
    }
}
