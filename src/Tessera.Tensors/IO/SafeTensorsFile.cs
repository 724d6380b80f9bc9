using System.Diagnostics.CodeAnalysis;

namespace Tessera.Tensors.IO;

/// <summary>What a safetensors file held: its tensors, each in an array of its own, and its metadata.</summary>
public sealed class SafeTensorsFile
{
    private readonly string _source;
    private readonly Dictionary<string, TensorEntry> _tensors;
    private readonly Dictionary<string, IntTensorEntry> _intTensors;

    internal SafeTensorsFile(
        string source,
        IReadOnlyDictionary<string, string> metadata,
        IReadOnlyList<TensorEntry> tensors,
        IReadOnlyList<IntTensorEntry> intTensors)
    {
        _source = source;
        Metadata = metadata;
        Tensors = tensors;
        IntTensors = intTensors;
        _tensors = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        _intTensors = intTensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The pairs under <c>__metadata__</c>; empty where the file has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors stored as F32, F64, F16 or BF16, in the order of their data, as float32.</summary>
    public IReadOnlyList<TensorEntry> Tensors { get; }

    /// <summary>The tensors stored as I32, in the order of their data.</summary>
    public IReadOnlyList<IntTensorEntry> IntTensors { get; }

    /// <summary>The float tensor of that name.</summary>
    /// <exception cref="InvalidDataException">The file has no float tensor of that name.</exception>
    public TensorEntry this[string name] =>
        TryGet(name, out TensorEntry? tensor) ? tensor : throw Missing("float", name);

    /// <summary>Finds the float tensor of that name, if the file has one.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out TensorEntry? tensor) =>
        _tensors.TryGetValue(name, out tensor);

    /// <summary>The integer (I32) tensor of that name.</summary>
    /// <exception cref="InvalidDataException">The file has no integer tensor of that name.</exception>
    public IntTensorEntry Ints(string name) =>
        _intTensors.TryGetValue(name, out IntTensorEntry? tensor) ? tensor : throw Missing("integer", name);

    private InvalidDataException Missing(string kind, string name) =>
        new($"{_source}: there is no {kind} tensor '{name}'; is this the file of another model?");
}
