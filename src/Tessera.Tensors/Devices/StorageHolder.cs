using System.Diagnostics.CodeAnalysis;

namespace Tessera.Tensors.Devices;

/// <summary>
/// The memory of a tensor or of indices, shared by all views of them: usable until its owner (a tape, or the tensor
/// itself) gives it up.
/// </summary>
/// <param name="storage">The memory.</param>
/// <param name="whole">The memory that this is a part of, and ends with; null for none.</param>
internal sealed class StorageHolder<T>(Storage<T> storage, StorageHolder<T>? whole = null) where T : unmanaged
{
    private Storage<T>? _storage = storage;

    /// <exception cref="ObjectDisposedException">The owner has given the memory up.</exception>
    public Storage<T> Storage => IsUsable ? _storage : throw new ObjectDisposedException(
        objectName: null,
        "the memory was given up: the tape was reset, or the tensor disposed; copy the values out before");

    [MemberNotNullWhen(true, nameof(_storage))]
    private bool IsUsable => _storage is not null && whole is null or { IsUsable: true };

    /// <summary>A part of the memory, which ends with the whole.</summary>
    public StorageHolder<T> Slice(int start, int length) => new(Storage.Slice(start, length), this);

    /// <summary>Takes the memory out, to be freed or reused; null if it was taken before.</summary>
    public Storage<T>? Take()
    {
        Storage<T>? storage = _storage;
        _storage = null;
        return storage;
    }
}
