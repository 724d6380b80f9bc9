namespace Tessera.Tensors.IO.PyTorch;

/// <summary>
/// What the two formats of <c>torch.save</c> have in common: a pickle, and storages that the pickle refers to.
/// </summary>
internal abstract class PyTorchArchive
{
    /// <summary>The longest pickle that is read.</summary>
    protected const int LongestPickle = 100_000_000;

    /// <summary>The bytes of the whole file: the measure of every size in it.</summary>
    public abstract long Length { get; }

    /// <summary>Runs the pickle.</summary>
    /// <returns>The value that was saved.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or asks for what is refused.</exception>
    public abstract object? ReadPickle();

    /// <summary>Reads a storage that the pickle refers to: an array of floats or of ints.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="tensor">The tensor it is read for, for messages.</param>
    /// <exception cref="InvalidDataException">
    /// It is missing, damaged, or not of the size that the pickle claims.
    /// </exception>
    public abstract Array ReadStorage(PyTorchStorage storage, string tensor);

    /// <summary>Checks the size that the pickle claims before memory is taken for it.</summary>
    protected static void CheckSize(PyTorchStorage storage, string tensor, long bytes)
    {
        if (storage.Count > Array.MaxLength || storage.Count * storage.Type.Bytes() != bytes)
            throw new InvalidDataException(
                $"the storage of {Printable.Quote(tensor)} has {bytes} bytes, where {storage.Count} of {storage.Type} are claimed");
    }

    /// <summary>Reads a storage's elements from a stream that stands at the first.</summary>
    protected static Array ReadElements(Stream stream, PyTorchStorage storage) => storage.Type.IsInteger()
        ? ElementStream.ReadInts(stream, storage.Type, (int)storage.Count)
        : ElementStream.ReadFloats(stream, storage.Type, (int)storage.Count);
}
