using System.IO.Compression;
using Tessera.Tensors.IO.Pickle;

namespace Tessera.Tensors.IO.PyTorch;

/// <summary>The core of <see cref="PyTorchFile.Read"/>. Whatever is wrong is an <see cref="InvalidDataException"/>.</summary>
/// <param name="zip">The file.</param>
/// <param name="length">Its bytes: the measure of every size in it.</param>
internal sealed class StateDictReader(ZipArchive zip, long length)
{
    private const string PickleName = "data.pkl", MetadataName = "metadata";
    private const int LongestPickle = 100_000_000;

    // What views that do not lie in a row may take beside the file: an expanded vector is a large tensor in a small file.
    private const long SparedElements = 1 << 20;

    private readonly Dictionary<PyTorchStorage, Array> _storages = [];
    private long _storageBytes, _copiedElements;
    private string _root = "";

    /// <summary>Reads the tensors.</summary>
    public TensorFile Read(string source)
    {
        if (new PickleReader(ReadPickle(), new StateDictVocabulary()).Read() is not PickledDict state) throw new InvalidDataException($"its {PickleName} holds no dict");
        var tensors = new List<TensorEntry>();
        var intTensors = new List<IntTensorEntry>();
        foreach ((string name, object? value) in state.Items)
        {
            if (value is not PyTorchTensor tensor) throw new InvalidDataException($"its {Printable.Quote(name)} is no tensor");
            int[] shape = Array.ConvertAll(tensor.Shape, dimension => (int)Math.Clamp(dimension, -1, int.MaxValue));
            int count = TensorEntries.CountElements(shape)
                ?? throw new InvalidDataException($"the shape of {Printable.Quote(name)} is none, or too large");
            if (tensor.Storage.Type.IsInteger()) intTensors.Add(new(name, shape, Values<int>(name, tensor, count)));
            else tensors.Add(new(name, shape, Values<float>(name, tensor, count)));
        }
        return new TensorFile(source, Metadata(state), tensors, intTensors);
    }

    private byte[] ReadPickle()
    {
        ZipArchiveEntry[] pickles = [.. zip.Entries.Where(entry => entry.FullName.Split('/') is [_, PickleName])];
        if (pickles is not [var pickle]) throw new InvalidDataException($"it has {pickles.Length} entries NAME/{PickleName} instead of one");
        _root = pickle.FullName[..^PickleName.Length];
        if (zip.GetEntry(_root + "byteorder") is { } order && !ReadRecord(order, 16, ReadAll).AsSpan().SequenceEqual("little"u8))
            throw new InvalidDataException("its numbers are not little-endian");
        return ReadRecord(pickle, LongestPickle, ReadAll);
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
        // torch.save compresses nothing; so no record is longer than the file.
        if (entry.CompressedLength != entry.Length) throw new InvalidDataException($"{name} in it is compressed, or its length is wrong");
        if (entry.Length > Math.Min(longest, length)) throw new InvalidDataException($"{name} in it claims {entry.Length} bytes");
        return Zip.Checked($"{name} in it is damaged", () =>
        {
            using Stream stream = Zip.Open(entry);
            return read(stream, (int)Math.Min(entry.Length, Array.MaxLength));
        });
    }

    /// <summary>A tensor's elements in row-major order: a part of its storage where they lie so, else a copy.</summary>
    private ReadOnlyMemory<T> Values<T>(string name, PyTorchTensor tensor, int count)
    {
        if (count == 0) return ReadOnlyMemory<T>.Empty;
        Int128 last = tensor.Offset;
        bool isContiguous = true;
        long expected = 1;
        for (int axis = tensor.Shape.Length - 1; axis >= 0; axis--)
        {
            if (tensor.Shape[axis] == 1) continue;
            last += (Int128)(tensor.Shape[axis] - 1) * tensor.Strides[axis];
            isContiguous &= tensor.Strides[axis] == expected;
            expected *= tensor.Shape[axis];
        }
        if (tensor.Offset < 0 || tensor.Strides.Any(stride => stride < 0) || last >= tensor.Storage.Count)
            throw new InvalidDataException($"{Printable.Quote(name)} reaches beyond its storage");
        var storage = (T[])Load(name, tensor.Storage);
        if (isContiguous) return storage.AsMemory((int)tensor.Offset, count);
        _copiedElements += count;
        if (_copiedElements > SparedElements + length)
            throw new InvalidDataException($"its tensors hold out of proportion more than the file does, as of {Printable.Quote(name)}");
        return Gather(storage, tensor, count);
    }

    private static T[] Gather<T>(T[] storage, PyTorchTensor tensor, int count)
    {
        var values = new T[count];
        long[] index = new long[tensor.Shape.Length];
        long at = tensor.Offset;
        for (int i = 0; i < count; i++)
        {
            values[i] = storage[at];
            for (int axis = index.Length - 1; axis >= 0; axis--)
            {
                at += tensor.Strides[axis];
                if (++index[axis] < tensor.Shape[axis]) break;
                at -= tensor.Strides[axis] * tensor.Shape[axis];
                index[axis] = 0;
            }
        }
        return values;
    }

    /// <summary>The whole storage, read once for all tensors that share it.</summary>
    private Array Load(string name, PyTorchStorage storage)
    {
        if (_storages.TryGetValue(storage, out Array? loaded)) return loaded;
        ZipArchiveEntry entry = zip.GetEntry($"{_root}data/{storage.Key}")
            ?? throw new InvalidDataException($"the storage {Printable.Quote(storage.Key)} of {Printable.Quote(name)} is missing");
        if (storage.Count > Array.MaxLength || storage.Count * storage.Type.Bytes() != entry.Length)
            throw new InvalidDataException(
                $"the storage of {Printable.Quote(name)} has {entry.Length} bytes, where {storage.Count} of {storage.Type} are claimed");
        _storageBytes += entry.Length;
        if (_storageBytes > length) throw new InvalidDataException("its storages overlap each other");
        return _storages[storage] = ReadRecord<Array>(
            entry, long.MaxValue,
            (stream, _) => storage.Type.IsInteger()
                ? ElementStream.ReadInts(stream, storage.Type, (int)storage.Count)
                : ElementStream.ReadFloats(stream, storage.Type, (int)storage.Count));
    }

    private Dictionary<string, string> Metadata(PickledDict state)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        if (state.Attributes is not { } attributes || !attributes.TryGet(MetadataName, out PickledDict? metadata)) return texts;
        long bytes = 0;
        foreach ((string key, object? value) in metadata.Items)
        {
            if (value is not PickledString text) continue;
            // One string may be named many times.
            bytes += text.Raw.Length;
            if (bytes > length) throw new InvalidDataException("its metadata is out of proportion more than the file is");
            texts[key] = text.ToText();
        }
        return texts;
    }
}
