using System.IO.Compression;
using Tessera.Tensors.IO.Pickle;

namespace Tessera.Tensors.IO.PyTorch;

/// <summary>
/// The format since PyTorch 1.6: a zip file of <c>NAME/data.pkl</c> and, for each storage, <c>NAME/data/KEY</c>.
/// </summary>
/// <param name="zip">The file.</param>
/// <param name="length">The length of the file in bytes.</param>
internal sealed class PyTorchZip(ZipArchive zip, long length) : PyTorchArchive
{
    private const string PickleName = "data.pkl";

    private string _root = "";

    public override long Length => length;

    public override object? ReadPickle()
    {
        ZipArchiveEntry[] pickles = [.. zip.Entries.Where(entry => entry.FullName.Split('/') is [_, PickleName])];
        if (pickles is not [var pickle])
            throw new InvalidDataException($"it has {pickles.Length} entries NAME/{PickleName} instead of one");
        _root = pickle.FullName[..^PickleName.Length];
        if (zip.GetEntry(_root + "byteorder") is { } order
            && !ReadRecord(order, 16, ReadAll).AsSpan().SequenceEqual("little"u8))
            throw new InvalidDataException("its numbers are not little-endian");
        return new PickleReader(ReadRecord(pickle, LongestPickle, ReadAll), new StateDictVocabulary()).Read();
    }

    public override Array ReadStorage(PyTorchStorage storage, string tensor)
    {
        ZipArchiveEntry entry = zip.GetEntry($"{_root}data/{storage.Key}")
            ?? throw new InvalidDataException(
                $"the storage {Printable.Quote(storage.Key)} of {Printable.Quote(tensor)} is missing");
        CheckSize(storage, tensor, entry.Length);
        return ReadRecord(entry, long.MaxValue, (stream, _) => ReadElements(stream, storage));
    }

    private static byte[] ReadAll(Stream stream, int bytes)
    {
        byte[] all = new byte[bytes];
        stream.ReadExactly(all);
        return all;
    }

    private T ReadRecord<T>(ZipArchiveEntry entry, long longest, Func<Stream, int, T> read)
    {
        string name = Printable.Quote(entry.FullName);
        // torch.save does not compress, so no record is longer than the file.
        if (entry.CompressedLength != entry.Length)
            throw new InvalidDataException($"{name} in it is compressed, or its length is wrong");
        if (entry.Length > Math.Min(longest, length))
            throw new InvalidDataException($"{name} in it claims {entry.Length} bytes");
        return Zip.Checked($"{name} in it is damaged", () =>
        {
            using Stream stream = Zip.Open(entry);
            return read(stream, (int)Math.Min(entry.Length, Array.MaxLength));
        });
    }
}
