using Tessera.Tensors.IO.Pickle;

namespace Tessera.Tensors.IO.PyTorch;

/// <summary>A storage in a PyTorch file: elements of one type that tensors refer to.</summary>
/// <param name="Type">The elements' type.</param>
/// <param name="Key">The storage's key.</param>
/// <param name="Count">The number of elements.</param>
internal sealed record PyTorchStorage(ElementType Type, string Key, long Count);

/// <summary>A tensor in a PyTorch file: a view of a storage.</summary>
/// <param name="View">The part of a storage that holds the elements.</param>
/// <param name="Offset">The index of the first element in that part.</param>
/// <param name="Shape">The dimensions.</param>
/// <param name="Strides">The distance to the next element along each dimension.</param>
internal sealed record PyTorchTensor(PyTorchView View, long Offset, long[] Shape, long[] Strides);

/// <summary>
/// A part of a storage. Files before PyTorch 1.6 may refer to a part; later files always refer to the whole.
/// </summary>
/// <param name="Storage">The storage.</param>
/// <param name="Start">The index of the part's first element.</param>
/// <param name="Count">The number of elements in the part.</param>
internal sealed record PyTorchView(PyTorchStorage Storage, long Start, long Count);

/// <summary>
/// The known names in the pickle of a state dict. Any other name becomes a <see cref="PickledUnknown"/>: checkpoints
/// also hold options, schedules and other objects.
/// </summary>
internal sealed class StateDictVocabulary : PickleVocabulary
{
    private readonly Dictionary<string, int> _elementBytes = new(StringComparer.Ordinal);

    private enum Function { OrderedDict, RebuildTensor, RebuildParameter }

    /// <summary>
    /// The bytes of an element in each storage that the pickle refers to, by the storage's key, whether the storage is
    /// read or not.
    /// </summary>
    public IReadOnlyDictionary<string, int> ElementBytes => _elementBytes;

    public override object? Find(string module, string name) => (module, name) switch
    {
        ("collections", "OrderedDict") => Function.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2" or "_rebuild_tensor") => Function.RebuildTensor,
        ("torch._utils", "_rebuild_parameter") => Function.RebuildParameter,
        ("torch", "FloatStorage") => ElementType.F32,
        ("torch", "DoubleStorage") => ElementType.F64,
        ("torch", "HalfStorage") => ElementType.F16,
        ("torch", "BFloat16Storage") => ElementType.BF16,
        ("torch", "IntStorage") => ElementType.I32,
        ("torch", "LongStorage") => ElementType.I64,
        _ => new PickledUnknown($"{module}.{name}"),
    };

    public override object Call(object? callable, object?[] arguments) => (callable, arguments) switch
    {
        (Function.OrderedDict, []) => new PickledDict(),
        // Python 2 pickles the items as a list of pairs.
        (Function.OrderedDict, [List<object?> pairs]) => FromPairs(pairs),
        (Function.RebuildTensor or Function.RebuildParameter, [PickledUnknown unknown, ..]) => unknown,
        (Function.RebuildTensor, [PyTorchView view, long offset, object?[] shape, object?[] strides, ..])
            when shape.Length == strides.Length => new PyTorchTensor(view, offset, Integers(shape), Integers(strides)),
        (Function.RebuildParameter, [PyTorchTensor tensor, ..]) => tensor,
        _ => throw new InvalidDataException("it builds something that is not a tensor"),
    };

    public override void SetState(object? target, object? state)
    {
        if (target is not PickledDict dict || state is not PickledDict attributes)
            throw new InvalidDataException("it sets the state of something that is not a dict");
        dict.Attributes = attributes;
    }

    // ("storage", type, key, device, number of elements) and, before 1.6, None or a part: (key, start, number of
    // elements). The bytes do not depend on the device. Before 1.6, a class is ("module", class, source file, source).
    public override object FindPersistent(object? id) => id switch
    {
        object?[] and [PickledString kind, PickledUnknown type, ..] when kind.ToName() == "module" => type,
        object?[] and [PickledString kind, PickledUnknown type, PickledString key, _, long, ..]
            when kind.ToName() == "storage" => Skipped(type, key.ToName()),
        object?[] and [PickledString kind, ElementType type, PickledString key, _, long count, .. var view]
            when kind.ToName() == "storage" && count >= 0 => Part(Storage(type, key.ToName(), count), view),
        _ => throw new InvalidDataException("it refers to something that is not a storage"),
    };

    private PyTorchStorage Storage(ElementType type, string key, long count)
    {
        _elementBytes[key] = type.Bytes();
        return new PyTorchStorage(type, key, count);
    }

    private PickledUnknown Skipped(PickledUnknown type, string key)
    {
        _elementBytes[key] = type.Name switch
        {
            "torch.ByteStorage" or "torch.CharStorage" or "torch.BoolStorage" => 1,
            "torch.QInt8Storage" or "torch.QUInt8Storage" => 1,
            "torch.ShortStorage" => 2,
            "torch.QInt32Storage" => 4,
            "torch.ComplexFloatStorage" => 8,
            "torch.ComplexDoubleStorage" => 16,
            _ => 0,
        };
        return type;
    }

    private static PyTorchView Part(PyTorchStorage storage, object?[] view) => view switch
    {
        [] or [null] => new PyTorchView(storage, 0, storage.Count),
        [object?[] and [PickledString, long start, long count]]
            when start >= 0 && count >= 0 && start <= storage.Count - count => new PyTorchView(storage, start, count),
        _ => throw new InvalidDataException("it refers to a part that its storage does not have"),
    };

    private static PickledDict FromPairs(List<object?> pairs)
    {
        var dict = new PickledDict();
        foreach (object? pair in pairs)
        {
            if (pair is List<object?> and [PickledString key, var value]) dict.Set(key.ToName(), value);
            else throw new InvalidDataException("it builds a dict from something that is not a pair");
        }
        return dict;
    }

    private static long[] Integers(object?[] values) => Array.ConvertAll(
        values,
        value => value is long number
            ? number
            : throw new InvalidDataException("a tensor's shape or stride is not an integer"));
}
