using System.Buffers.Binary;
using Tessera.Tensors.IO.Pickle;

namespace Tessera.Tensors.IO.PyTorch;

/// <summary>
/// The format before PyTorch 1.6, without a zip file: five pickles in a row (a magic number, the protocol version,
/// properties of the machine, the saved value, the keys of its storages), then for each key the number of elements, as
/// 64 bits, and the elements.
/// </summary>
/// <param name="stream">The file; it must be able to seek.</param>
internal sealed class PyTorchStream(Stream stream) : PyTorchArchive
{
    private const long Protocol = 1001;

    // By the storage's key: the position of its elements, and their length in bytes.
    private readonly Dictionary<string, (long Start, long Bytes)> _storages = new(StringComparer.Ordinal);

    private ReadOnlyMemory<byte> _rest;

    /// <summary>The first pickle: protocol 2, an integer of ten bytes.</summary>
    public static ReadOnlySpan<byte> Magic =>
        [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'];

    public override long Length => stream.Length;

    public override object? ReadPickle()
    {
        byte[] start = new byte[(int)Math.Min(stream.Length, LongestPickle)];
        stream.Position = 0;
        stream.ReadExactly(start);
        if (!start.AsSpan().StartsWith(Magic)) throw new InvalidDataException("its magic number is damaged");
        _rest = start.AsMemory(Magic.Length);
        var vocabulary = new StateDictVocabulary();
        if (Next(vocabulary) is not Protocol) throw new InvalidDataException($"its protocol version is not {Protocol}");
        if (Next(vocabulary) is not PickledDict machine
            || !machine.TryGet("little_endian", out object? order) || order is not true)
            throw new InvalidDataException("its numbers are not little-endian");
        object? saved = Next(vocabulary);
        if (Next(vocabulary) is not List<object?> keys) throw new InvalidDataException("it has no list of storages");
        FindStorages(keys, vocabulary.ElementBytes, start.Length - _rest.Length);
        _rest = default;
        return saved;
    }

    public override Array ReadStorage(PyTorchStorage storage, string tensor)
    {
        if (!_storages.TryGetValue(storage.Key, out (long Start, long Bytes) place))
            throw new InvalidDataException(
                $"the storage {Printable.Quote(storage.Key)} of {Printable.Quote(tensor)} is missing");
        CheckSize(storage, tensor, place.Bytes);
        stream.Position = place.Start;
        return Zip.Checked($"the storage of {Printable.Quote(tensor)} is damaged", () => ReadElements(stream, storage));
    }

    private object? Next(StateDictVocabulary vocabulary)
    {
        var pickle = new PickleReader(_rest, vocabulary);
        object? value = pickle.Read();
        _rest = _rest[pickle.Position..];
        return value;
    }

    private void FindStorages(List<object?> keys, IReadOnlyDictionary<string, int> elementBytes, long position)
    {
        Span<byte> count = stackalloc byte[sizeof(long)];
        foreach (object? item in keys)
        {
            if (item is not PickledString text) throw new InvalidDataException("the key of a storage is not text");
            string key = text.ToName();
            int size = elementBytes.GetValueOrDefault(key);
            if (size == 0) throw new InvalidDataException($"the type of its storage {Printable.Quote(key)} is unknown");
            stream.Position = position;
            if (stream.ReadAtLeast(count, count.Length, throwOnEndOfStream: false) < count.Length) throw Truncated(key);
            long elements = BinaryPrimitives.ReadInt64LittleEndian(count);
            position += count.Length;
            if (elements < 0)
                throw new InvalidDataException($"its storage {Printable.Quote(key)} claims {elements} elements");
            if (elements > (stream.Length - position) / size) throw Truncated(key);
            if (!_storages.TryAdd(key, (position, elements * size)))
                throw new InvalidDataException($"its storage {Printable.Quote(key)} is listed twice");
            position += elements * size;
        }
    }

    private static InvalidDataException Truncated(string key) =>
        new($"it is truncated, or its storage {Printable.Quote(key)} claims too many elements");
}
