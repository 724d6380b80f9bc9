using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;

namespace Tessera.Tensors.IO;

/// <summary>
/// What a file of named tensors held, or one dict in it: its tensors, each in row-major order, and its metadata.
/// <see cref="SafeTensors"/> and <see cref="PyTorchFile"/> say which files these are.
/// </summary>
public sealed class TensorFile
{
    private readonly string _source;
    private readonly Dictionary<string, TensorEntry> _tensors;
    private readonly Dictionary<string, IntTensorEntry> _intTensors;

    internal TensorFile(
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

    private TensorFile(TensorFile other)
    {
        (_source, _tensors, _intTensors) = (other._source, other._tensors, other._intTensors);
        (Metadata, Tensors, IntTensors, NotRead) = (other.Metadata, other.Tensors, other.IntTensors, other.NotRead);
    }

    /// <summary>
    /// The keys that lead to the dict, joined by dots: <c>model</c>, <c>optimizer.state.0</c>; empty where the file
    /// itself is the dict.
    /// </summary>
    public string Key { get; internal init; } = "";

    /// <summary>
    /// Names in the dict whose values were not read, and why: they are neither tensors nor plain data.
    /// </summary>
    public IReadOnlyDictionary<string, string> NotRead { get; internal init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>What the file tells beside its tensors; empty where that is nothing.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors of floating-point numbers (64, 32 or 16 bits, or bfloat16), as float32.</summary>
    public IReadOnlyList<TensorEntry> Tensors { get; }

    /// <summary>The tensors of integers (32 or 64 bits).</summary>
    public IReadOnlyList<IntTensorEntry> IntTensors { get; }

    /// <summary>Reads a whole file of either kind, telling which by its first bytes and never by its name.</summary>
    /// <param name="path">
    /// A safetensors file, or one of PyTorch's <c>torch.save</c> that holds one dict of tensors.
    /// </param>
    /// <exception cref="InvalidDataException">
    /// As for <see cref="ReadAll"/>; or the file holds several dicts of tensors.
    /// </exception>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read.</exception>
    public static TensorFile Read(string path) => Single(ReadAll(path));

    /// <summary>
    /// Reads every dict of tensors in a file: one of a safetensors file, one or more of a PyTorch file.
    /// </summary>
    /// <param name="path">A safetensors file, or one of PyTorch's <c>torch.save</c>.</param>
    /// <returns>The dicts, the outermost first; at least one.</returns>
    /// <exception cref="InvalidDataException">
    /// As for <see cref="SafeTensors.Read(string)"/> and <see cref="PyTorchFile.ReadAll"/>.
    /// </exception>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read.</exception>
    public static IReadOnlyList<TensorFile> ReadAll(string path)
    {
        using FileStream stream = Open(path);
        Span<byte> first = stackalloc byte[4];
        int count = stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        return PyTorchFile.HasSignature(first[..count]) ? PyTorchFile.ReadAll(stream, path) : [SafeTensors.Read(stream, path)];
    }

    /// <summary>The float tensor of that name.</summary>
    /// <exception cref="InvalidDataException">The file has no float tensor of that name.</exception>
    public TensorEntry this[string name] =>
        TryGet(name, out TensorEntry? tensor) ? tensor : throw Missing("float", name);

    /// <summary>Finds the float tensor of that name, if the file has one.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out TensorEntry? tensor) =>
        _tensors.TryGetValue(name, out tensor);

    /// <summary>The integer tensor of that name.</summary>
    /// <exception cref="InvalidDataException">The file has no integer tensor of that name.</exception>
    public IntTensorEntry Ints(string name) =>
        _intTensors.TryGetValue(name, out IntTensorEntry? tensor) ? tensor : throw Missing("integer", name);

    /// <summary>The only one of some dicts.</summary>
    /// <exception cref="InvalidDataException">There are several.</exception>
    internal static TensorFile Single(IReadOnlyList<TensorFile> dicts) => dicts is [var only]
        ? only
        : throw new InvalidDataException(
            $"{dicts[0]._source}: it holds {dicts.Count} dicts of tensors, not one; read them with TensorFile.ReadAll.");

    /// <summary>The same dict under other keys.</summary>
    internal TensorFile WithKey(string key) => new(this) { Key = key };

    /// <summary>Opens a file to read tensors from.</summary>
    /// <exception cref="InvalidDataException">It is a pipe or the like.</exception>
    internal static FileStream Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (stream.CanSeek) return stream;
        stream.Dispose();
        throw new InvalidDataException($"{path}: tensors are read from a file, not a pipe; copy it to one.");
    }

    private InvalidDataException Missing(string kind, string name) => NotRead.TryGetValue(name, out string? reason)
        ? new($"{_source}: '{name}' needs {reason}.")
        : new($"{_source}: there is no {kind} tensor '{name}'; is this the file of another model?");
}
