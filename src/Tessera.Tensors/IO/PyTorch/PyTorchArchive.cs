namespace Tessera.Tensors.IO.PyTorch;

/// <summary>
/// The common part of the two formats of <c>torch.save</c>: a pickle, and the storages that it refers to.
/// </summary>
internal abstract class PyTorchArchive
{
    /// <summary>The length of the longest pickle that is read, in bytes.</summary>
    protected const int LongestPickle = 100_000_000;

    /// <summary>The length of the whole file in bytes; every size in it is checked against this.</summary>
    public abstract long Length { get; }

    /// <summary>Runs the pickle.</summary>
    /// <returns>The value that was saved.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or its pickle is refused.</exception>
    public abstract object? ReadPickle();

    /// <summary>Reads a storage that the pickle refers to, as an array of float or int.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="tensor">The name of its tensor, for messages.</param>
    /// <exception cref="InvalidDataException">
    /// The storage is missing or damaged, or does not have the size that the pickle claims.
    /// </exception>
    public abstract Array ReadStorage(PyTorchStorage storage, string tensor);

    /// <summary>Checks the size that the pickle claims, before memory is allocated for it.</summary>
    protected static void CheckSize(PyTorchStorage storage, string tensor, long bytes)
    {
        if (storage.Count > Array.MaxLength || storage.Count * storage.Type.Bytes() != bytes)
            throw new InvalidDataException(
                $"the storage of {Printable.Quote(tensor)} has {bytes} bytes, "
                + $"but the pickle claims {storage.Count} of {storage.Type}");
    }

    /// <summary>Reads the elements of a storage from the stream's position.</summary>
    protected static Array ReadElements(Stream stream, PyTorchStorage storage) => storage.Type.IsInteger()
        ? ElementStream.ReadInts(stream, storage.Type, (int)storage.Count)
        : ElementStream.ReadFloats(stream, storage.Type, (int)storage.Count);
}
