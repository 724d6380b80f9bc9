using Tessera.Tensors.IO.Pickle;

namespace Tessera.Tensors.IO.PyTorch;

/// <summary>The bytes of tensors in a file of PyTorch: a record of elements of one type.</summary>
/// <param name="Type">The elements' type.</param>
/// <param name="Key">The record's name.</param>
/// <param name="Count">How many elements it has.</param>
internal sealed record PyTorchStorage(ElementType Type, string Key, long Count);

/// <summary>A tensor in a file of PyTorch: a view of a storage.</summary>
/// <param name="Storage">Where its elements are.</param>
/// <param name="Offset">The place of its first element.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Strides">How many places further the next element along each dimension is.</param>
internal sealed record PyTorchTensor(PyTorchStorage Storage, long Offset, long[] Shape, long[] Strides);

/// <summary>The names in the pickle of a state dictionary.</summary>
internal sealed class StateDictVocabulary : PickleVocabulary
{
    private enum Function { OrderedDict, RebuildTensor, RebuildParameter }

    public override object? Find(string module, string name) => (module, name) switch
    {
        ("collections", "OrderedDict") => Function.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2") => Function.RebuildTensor,
        ("torch._utils", "_rebuild_parameter") => Function.RebuildParameter,
        ("torch", "FloatStorage") => ElementType.F32,
        ("torch", "DoubleStorage") => ElementType.F64,
        ("torch", "HalfStorage") => ElementType.F16,
        ("torch", "BFloat16Storage") => ElementType.BF16,
        ("torch", "IntStorage") => ElementType.I32,
        ("torch", "LongStorage") => ElementType.I64,
        _ => null,
    };

    public override object Call(object? callable, object?[] arguments) => (callable, arguments) switch
    {
        (Function.OrderedDict, []) => new PickledDict(),
        (Function.RebuildTensor, [PyTorchStorage storage, long offset, object?[] shape, object?[] strides, ..])
            when shape.Length == strides.Length => new PyTorchTensor(storage, offset, Integers(shape), Integers(strides)),
        (Function.RebuildParameter, [PyTorchTensor tensor, ..]) => tensor,
        _ => throw new InvalidDataException("it builds something that is no tensor"),
    };

    public override void SetState(object? target, object? state)
    {
        if (target is not PickledDict dict || state is not PickledDict attributes)
            throw new InvalidDataException("it sets the state of something that is no dict");
        dict.Attributes = attributes;
    }

    // ("storage", type, key, device, number of elements); whatever the device was, the bytes are the same.
    public override object FindPersistent(object? id) =>
        id is object?[] parts && parts is [PickledString kind, ElementType type, PickledString key, _, long count]
        && kind.ToName() == "storage" && count >= 0
            ? new PyTorchStorage(type, key.ToName(), count)
            : throw new InvalidDataException("it refers to something that is no storage");

    private static long[] Integers(object?[] values) => Array.ConvertAll(
        values, value => value is long number ? number : throw new InvalidDataException("a tensor's shape or stride is no integer"));
}
