using System.Runtime.InteropServices;
using System.Text;
using ILGPU.Runtime.Cuda;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda;

/// <summary>
/// NVIDIA's driver, as far as ILGPU does not call it: what GPUs there are, before one is used, and graphs (NVIDIA,
/// "CUDA Driver API").
/// </summary>
internal static unsafe partial class Driver
{
    private const string Library = "nvidia-driver";

    // CUDA 11.4: the first with cuGraphInstantiateWithFlags.
    private const int LeastVersion = 11040;

    private const int CapabilityMajor = 75, CapabilityMinor = 76, RelaxedCapture = 2, NoDevice = 100;

    private const int NameLength = 128;

    private static readonly Version LeastCapability = new(7, 5);

    static Driver()
    {
        NativeLibrary.SetDllImportResolver(
            typeof(Driver).Assembly, (name, _, _) => name == Library && TryLoad(out nint library) ? library : 0);
        // ILGPU asks for "cuda": libcuda.so, which comes with the toolkit; the driver has libcuda.so.1. In Windows'
        // subsystem for Linux it sets a resolver of its own.
        if (OperatingSystem.IsLinux() && !IsWindowsSubsystem())
            NativeLibrary.SetDllImportResolver(
                typeof(CudaAccelerator).Assembly,
                (name, _, _) => name == "cuda" && TryLoad(out nint library) ? library : 0);
    }

    /// <summary>The GPUs of this machine; the lack of a driver is the fault of the only one.</summary>
    public static IReadOnlyList<FoundDevice> FindDevices()
    {
        if (!TryLoad(out _))
            return [new FoundDevice("no GPU", "NVIDIA's driver is not installed")];
        int result = Initialize(0), version = 0, count = 0;
        if (result == 0) result = GetVersion(out version);
        if (result == 0 && version < LeastVersion)
            return
            [
                new FoundDevice(
                    "unknown GPU",
                    $"NVIDIA's driver, of CUDA {Text(version)}, is too old; {Text(LeastVersion)} or newer is needed"),
            ];
        if (result == 0) result = GetCount(out count);
        if (result is not (0 or NoDevice))
            return [new FoundDevice("no GPU", $"NVIDIA's driver reports {Describe(result)}")];
        return count == 0
            ? [new FoundDevice("no GPU", "NVIDIA's driver finds no GPU")]
            : [.. Enumerable.Range(0, count).Select(Find)];
    }

    /// <summary>Records what is enqueued on a stream, instead of running it.</summary>
    /// <returns>The recorded graph, ready to be launched.</returns>
    /// <exception cref="InvalidOperationException">The driver cannot record it.</exception>
    public static nint Record(nint stream, Action work)
    {
        Check(BeginCapture(stream, RelaxedCapture));
        nint graph;
        try
        {
            work();
        }
        catch
        {
            // The stream must not go on recording.
            if (EndCapture(stream, out graph) == 0) Check(DestroyGraph(graph));
            throw;
        }
        Check(EndCapture(stream, out graph));
        try
        {
            Check(Instantiate(out nint recorded, graph, 0));
            return recorded;
        }
        finally
        {
            Check(DestroyGraph(graph));
        }
    }

    /// <summary>Enqueues a recorded graph.</summary>
    public static void Launch(nint recorded, nint stream) => Check(LaunchGraph(recorded, stream));

    /// <summary>Frees a recorded graph.</summary>
    public static void Free(nint recorded) => Check(DestroyRecorded(recorded));

    private static FoundDevice Find(int number)
    {
        byte[] name = new byte[NameLength];
        int result = GetDevice(out int device, number), major = 0, minor = 0;
        nuint memory = 0;
        if (result == 0) result = GetName(name, NameLength, device);
        if (result == 0) result = GetMemory(out memory, device);
        if (result == 0) result = GetAttribute(out major, CapabilityMajor, device);
        if (result == 0) result = GetAttribute(out minor, CapabilityMinor, device);
        if (result != 0) return new FoundDevice($"GPU {number}", $"NVIDIA's driver reports {Describe(result)}");
        var capability = new Version(major, minor);
        string text = Encoding.UTF8.GetString(name.AsSpan(0, Math.Max(Array.IndexOf(name, (byte)0), 0)));
        return new FoundDevice(
            FormattableString.Invariant($"{text}, {memory / 1073741824.0:0} GiB, compute capability {capability}"),
            capability < LeastCapability ? $"its compute capability is below {LeastCapability}" : null);
    }

    private static bool IsWindowsSubsystem() =>
        File.ReadAllText("/proc/sys/kernel/osrelease").Contains("microsoft", StringComparison.OrdinalIgnoreCase);

    private static string Text(int version) => $"{version / 1000}.{version % 1000 / 10}";

    private static void Check(int result)
    {
        if (result != 0) throw new InvalidOperationException($"NVIDIA's driver reports {Describe(result)}");
    }

    private static string Describe(int result) =>
        GetErrorName(result, out byte* name) == 0 ? Marshal.PtrToStringUTF8((nint)name)! : $"error {result}";

    private static bool TryLoad(out nint library) =>
        NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out library);

    [LibraryImport(Library, EntryPoint = "cuInit")]
    private static partial int Initialize(uint flags);

    [LibraryImport(Library, EntryPoint = "cuDriverGetVersion")]
    private static partial int GetVersion(out int version);

    [LibraryImport(Library, EntryPoint = "cuGetErrorName")]
    private static partial int GetErrorName(int result, out byte* name);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetCount")]
    private static partial int GetCount(out int count);

    [LibraryImport(Library, EntryPoint = "cuDeviceGet")]
    private static partial int GetDevice(out int device, int number);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetName")]
    private static partial int GetName(byte[] name, int length, int device);

    [LibraryImport(Library, EntryPoint = "cuDeviceTotalMem_v2")]
    private static partial int GetMemory(out nuint bytes, int device);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetAttribute")]
    private static partial int GetAttribute(out int value, int attribute, int device);

    [LibraryImport(Library, EntryPoint = "cuStreamBeginCapture_v2")]
    private static partial int BeginCapture(nint stream, int mode);

    [LibraryImport(Library, EntryPoint = "cuStreamEndCapture")]
    private static partial int EndCapture(nint stream, out nint graph);

    [LibraryImport(Library, EntryPoint = "cuGraphInstantiateWithFlags")]
    private static partial int Instantiate(out nint recorded, nint graph, ulong flags);

    [LibraryImport(Library, EntryPoint = "cuGraphLaunch")]
    private static partial int LaunchGraph(nint recorded, nint stream);

    [LibraryImport(Library, EntryPoint = "cuGraphDestroy")]
    private static partial int DestroyGraph(nint graph);

    [LibraryImport(Library, EntryPoint = "cuGraphExecDestroy")]
    private static partial int DestroyRecorded(nint recorded);
}
