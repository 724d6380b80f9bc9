using System.Collections.Concurrent;

namespace Tessera.Tensors.Devices;

/// <summary>
/// Buffers by exact length, reused from step to step: the shapes of a training step never change, so after the first
/// step nothing is allocated. (A fresh 8 MB block costs 5 to 7 ms in page faults.) They are kept as long as the device.
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
