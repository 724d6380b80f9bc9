namespace Tessera.Tensors.Devices;

/// <summary>
/// The memory of a tensor or of indices, shared by all views of them: usable until its owner (a tape, or the tensor
/// itself) gives it up.
/// </summary>
/// <param name="storage">The memory.</param>
internal sealed class StorageHolder<T>(Storage<T> storage) where T : unmanaged
{
    private Storage<T>? _storage = storage;

    /// <exception cref="ObjectDisposedException">The owner has given the memory up.</exception>
    public Storage<T> Storage => _storage ?? throw new ObjectDisposedException(
        nameof(Tensor), "the memory was given up: the tape was reset, or the tensor disposed; copy the values out before");

    /// <summary>Takes the memory out, to be freed or reused; null if it was taken before.</summary>
    public Storage<T>? Take()
    {
        Storage<T>? storage = _storage;
        _storage = null;
        return storage;
    }
}
