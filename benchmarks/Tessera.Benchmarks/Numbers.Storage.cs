using Tessera.Tensors.Devices;

namespace Tessera.Benchmarks;

internal static partial class Numbers
{
    /// <summary>The same numbers in memory of a device.</summary>
    public static Storage<float> Store(Device device, ulong stream, int length)
    {
        Storage<float> storage = device.Allocate<float>(length);
        device.Upload<float>(Make(stream, length), storage);
        return storage;
    }
}
