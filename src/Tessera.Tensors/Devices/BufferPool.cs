using System.Collections.Concurrent;

namespace Tessera.Tensors.Devices;

/// <summary>
/// Buffers by exact length, reused from step to step: the shapes of a training step do not change, so only the first
/// step allocates. (A new block of 8 MB costs 5 to 7 ms in page faults.) Buffers are kept as long as the device.
/// </summary>
internal sealed class BufferPool(Device device)
{
    private readonly ConcurrentDictionary<int, ConcurrentBag<Storage>> _free = new();

    public Storage Rent(int length) =>
        _free.TryGetValue(length, out ConcurrentBag<Storage>? bag) && bag.TryTake(out Storage? storage)
            ? storage
            : device.Allocate(length);

    public void Return(Storage storage) => _free.GetOrAdd(storage.Length, _ => []).Add(storage);
}
