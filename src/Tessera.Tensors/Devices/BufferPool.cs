using System.Collections.Concurrent;

namespace Tessera.Tensors.Devices;

/// <summary>
/// Buffers by exact length, reused from step to step: the shapes of a training step do not change, so only the first
/// step allocates. (A new block of 8 MB costs 5 to 7 ms in page faults.) Buffers are kept as long as the device.
/// </summary>
internal sealed class BufferPool<T>(Device device) where T : unmanaged
{
    private readonly ConcurrentDictionary<int, ConcurrentBag<Storage<T>>> _free = new();

    public Storage<T> Rent(int length) =>
        _free.TryGetValue(length, out ConcurrentBag<Storage<T>>? bag) && bag.TryTake(out Storage<T>? storage)
            ? storage
            : device.Allocate<T>(length);

    public void Return(Storage<T> storage) => _free.GetOrAdd(storage.Length, _ => []).Add(storage);

    /// <summary>Frees all buffers that are not rented.</summary>
    public void Clear()
    {
        foreach (ConcurrentBag<Storage<T>> bag in _free.Values)
        {
            while (bag.TryTake(out Storage<T>? storage)) storage.Dispose();
        }
    }
}
