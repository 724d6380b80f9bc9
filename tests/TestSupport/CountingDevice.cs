using System.Runtime.CompilerServices;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.TestSupport;

/// <summary>A device that counts allocations and the copies between host and device.</summary>
/// <param name="inner">The device that does the work; this device disposes it.</param>
internal sealed class CountingDevice(Device inner) : DelegatingDevice(inner)
{
    /// <summary>Counts the calls of a processor with one thread.</summary>
    public CountingDevice() : this(new CpuDevice(1))
    {
    }

    /// <summary>The number of allocations, of any type.</summary>
    public int Allocations { get; private set; }

    /// <summary>The number of copies to the device.</summary>
    public int Uploads { get; private set; }

    /// <summary>The bytes copied to the device.</summary>
    public long UploadedBytes { get; private set; }

    /// <summary>The number of copies from the device.</summary>
    public int Downloads { get; private set; }

    public override Storage<T> Allocate<T>(int length)
    {
        Allocations++;
        return base.Allocate<T>(length);
    }

    public override void Upload<T>(ReadOnlySpan<T> source, Storage<T> destination)
    {
        Uploads++;
        UploadedBytes += (long)source.Length * Unsafe.SizeOf<T>();
        base.Upload(source, destination);
    }

    public override void Download<T>(Storage<T> source, Span<T> destination)
    {
        Downloads++;
        base.Download(source, destination);
    }

    public override void Dispose()
    {
        base.Dispose();
        Inner.Dispose();
    }
}
