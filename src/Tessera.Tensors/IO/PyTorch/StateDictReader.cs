using Tessera.Tensors.IO.Pickle;

namespace Tessera.Tensors.IO.PyTorch;

/// <summary>
/// The core of <see cref="PyTorchFile.ReadAll"/>: finds the dicts that hold tensors and reads these tensors. Every
/// fault is an <see cref="InvalidDataException"/>.
/// </summary>
/// <param name="archive">The file.</param>
/// <param name="source">The name of the file in error messages.</param>
internal sealed class StateDictReader(PyTorchArchive archive, string source)
{
    private const string MetadataName = "metadata";

    // Enough for nested checkpoints, and for an optimizer state with one entry per parameter.
    private const int MostLevels = 8, MostDictionaries = 20_000;

    // The elements, beyond the file's length, that copies of strided views may take: an expanded vector is a large
    // tensor in a small file.
    private const long SparedElements = 1 << 20;

    // Null for a storage with integers of more than 32 bits.
    private readonly Dictionary<PyTorchStorage, Array?> _storages = [];
    private readonly Dictionary<PickledDict, TensorFile?> _visited = [];
    private readonly List<TensorFile> _found = [];
    private long _storageBytes, _copiedElements, _metadataBytes;
    private string? _firstUnknown;

    /// <summary>Reads the tensors of every dict that holds some, outermost dict first.</summary>
    public IReadOnlyList<TensorFile> Read()
    {
        object? saved = archive.ReadPickle();
        if (saved is PickledUnknown unknown)
            throw new InvalidDataException($"it holds {NotRead(unknown)}, not a state dict");
        if (saved is not PickledDict root) throw new InvalidDataException("it holds no dict");
        Visit("", root, level: 1);
        if (_found.Count == 0)
            throw new InvalidDataException(
                "it holds no dict of tensors" + (_firstUnknown is null ? "" : $": {_firstUnknown}"));
        return _found;
    }

    /// <summary>Why a value was not read, for messages.</summary>
    private static string NotRead(PickledUnknown value) =>
        $"{Printable.OneLine(value.Name)}, which is refused and was not run";

    /// <summary>
    /// Collects a dict, if it holds tensors, and the dicts in it. A dict may be part of several dicts, or of itself.
    /// </summary>
    private void Visit(string key, PickledDict dict, int level)
    {
        if (_visited.TryGetValue(dict, out TensorFile? known))
        {
            if (known is not null) Add(known.WithKey(key));
            return;
        }
        TensorFile? file = dict.Items.Any(item => item.Value is PyTorchTensor) ? ReadDict(key, dict) : null;
        _visited.Add(dict, file);
        if (file is not null) Add(file);
        foreach ((string name, object? value) in dict.Items)
        {
            string path = key.Length == 0 ? name : $"{key}.{name}";
            if (value is PickledDict inner && level < MostLevels) Visit(path, inner, level + 1);
            else if (value is PickledUnknown unknown)
                _firstUnknown ??= $"{Printable.Quote(path)} needs {NotRead(unknown)}";
        }
    }

    private void Add(TensorFile file)
    {
        if (_found.Count == MostDictionaries)
            throw new InvalidDataException($"it holds more than {MostDictionaries} dicts of tensors");
        _found.Add(file);
    }

    private TensorFile ReadDict(string key, PickledDict dict)
    {
        var tensors = new List<TensorEntry>();
        var intTensors = new List<IntTensorEntry>();
        var notRead = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, object? value) in dict.Items)
        {
            if (value is PickledUnknown unknown) notRead.Add(name, NotRead(unknown));
            if (value is not PyTorchTensor tensor) continue;
            int[] shape = Array.ConvertAll(tensor.Shape, dimension => (int)Math.Clamp(dimension, -1, int.MaxValue));
            int count = TensorEntries.CountElements(shape)
                ?? throw new InvalidDataException($"the shape of {Printable.Quote(name)} is invalid or too large");
            if (!tensor.View.Storage.Type.IsInteger())
            {
                if (Values<float>(name, tensor, count) is { } floats) tensors.Add(new(name, shape, floats));
            }
            else if (Values<int>(name, tensor, count) is { } ints) intTensors.Add(new(name, shape, ints));
            else notRead.Add(name, LongIntegerException.Reason);
        }
        return new TensorFile(source, Metadata(dict), tensors, intTensors) { Key = key, NotRead = notRead };
    }

    /// <summary>
    /// A tensor's elements in row-major order: a slice of its storage if it is contiguous, else a copy. Null if the
    /// storage holds integers of more than 32 bits.
    /// </summary>
    private ReadOnlyMemory<T>? Values<T>(string name, PyTorchTensor tensor, int count)
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
        if (tensor.Offset < 0 || tensor.Strides.Any(stride => stride < 0) || last >= tensor.View.Count)
            throw new InvalidDataException($"{Printable.Quote(name)} reaches beyond its storage");
        if (Load(name, tensor.View.Storage) is not T[] storage) return null;
        ReadOnlyMemory<T> view = storage.AsMemory((int)tensor.View.Start, (int)tensor.View.Count);
        if (isContiguous) return view.Slice((int)tensor.Offset, count);
        _copiedElements += count;
        if (_copiedElements > SparedElements + archive.Length)
            throw new InvalidDataException(
                $"its tensors are far larger than the file, first at {Printable.Quote(name)}");
        return Gather(view.Span, tensor, count);
    }

    private static T[] Gather<T>(ReadOnlySpan<T> storage, PyTorchTensor tensor, int count)
    {
        var values = new T[count];
        long[] index = new long[tensor.Shape.Length];
        long at = tensor.Offset;
        for (int i = 0; i < count; i++)
        {
            values[i] = storage[(int)at];
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

    /// <summary>
    /// Reads a whole storage, once for all tensors that share it; null if it holds integers of more than 32 bits.
    /// </summary>
    private Array? Load(string name, PyTorchStorage storage)
    {
        if (_storages.TryGetValue(storage, out Array? loaded)) return loaded;
        Array? elements;
        try
        {
            elements = archive.ReadStorage(storage, name);
        }
        catch (LongIntegerException)
        {
            elements = null;
        }
        _storageBytes += storage.Count * storage.Type.Bytes();
        if (_storageBytes > archive.Length) throw new InvalidDataException("its storages overlap each other");
        return _storages[storage] = elements;
    }

    private Dictionary<string, string> Metadata(PickledDict state)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        if (state.Attributes is not { } attributes || !attributes.TryGet(MetadataName, out PickledDict? metadata))
            return texts;
        foreach ((string key, object? value) in metadata.Items)
        {
            if (value is not PickledString text) continue;
            // One string may be used many times.
            _metadataBytes += text.Raw.Length;
            if (_metadataBytes > archive.Length)
                throw new InvalidDataException("its metadata is larger than the file");
            texts[key] = text.ToText();
        }
        return texts;
    }
}
