using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;

namespace Tessera.Tensors.IO;

/// <summary>
/// The contents of a file of named tensors, or of one dict in it: the tensors in row-major order, and the metadata.
/// <see cref="SafeTensors"/> and <see cref="PyTorchFile"/> describe the formats.
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
    /// The path to the dict, its keys joined by dots: <c>model</c>, <c>optimizer.state.0</c>; empty if the file itself
    /// is the dict.
    /// </summary>
    public string Key { get; internal init; } = "";

    /// <summary>
    /// The names in the dict whose values were not read, with the reason for each: they are neither tensors nor plain
    /// data, or tensors of integers of more than 32 bits.
    /// </summary>
    public IReadOnlyDictionary<string, string> NotRead { get; internal init; } =
        ReadOnlyDictionary<string, string>.Empty;

    /// <summary>The metadata beside the tensors; may be empty.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors of floating-point numbers (64, 32 or 16 bits, or bfloat16), as float32.</summary>
    public IReadOnlyList<TensorEntry> Tensors { get; }

    /// <summary>The tensors of integers (32 or 64 bits).</summary>
    public IReadOnlyList<IntTensorEntry> IntTensors { get; }

    /// <summary>Reads a whole file of either format. The first bytes decide the format, not the file's name.</summary>
    /// <param name="path">A safetensors file, or a file of <c>torch.save</c> that holds one dict of tensors.</param>
    /// <exception cref="InvalidDataException">
    /// As for <see cref="ReadAll"/>; or the file holds several dicts of tensors.
    /// </exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read.</exception>
    public static TensorFile Read(string path) => Single(ReadAll(path));

    /// <summary>
    /// Reads every dict of tensors in a file: one in a safetensors file, one or more in a PyTorch file.
    /// </summary>
    /// <param name="path">A safetensors file, or a file of <c>torch.save</c>.</param>
    /// <returns>The dicts, outermost first; at least one.</returns>
    /// <exception cref="InvalidDataException">
    /// As for <see cref="SafeTensors.Read(string)"/> and <see cref="PyTorchFile.ReadAll"/>.
    /// </exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read.</exception>
    public static IReadOnlyList<TensorFile> ReadAll(string path)
    {
        using FileStream stream = Open(path);
        Span<byte> first = stackalloc byte[4];
        int count = stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        return PyTorchFile.HasSignature(first[..count])
            ? PyTorchFile.ReadAll(stream, path)
            : [SafeTensors.Read(stream, path)];
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

    /// <summary>The only dict of the list.</summary>
    /// <exception cref="InvalidDataException">There are several dicts.</exception>
    internal static TensorFile Single(IReadOnlyList<TensorFile> dicts) => dicts is [var only]
        ? only
        : throw new InvalidDataException(
            $"{dicts[0]._source}: it holds {dicts.Count} dicts of tensors, not one; read them with TensorFile.ReadAll");

    /// <summary>The same dict under another path.</summary>
    internal TensorFile WithKey(string key) => new(this) { Key = key };

    /// <summary>Opens a file to read tensors from.</summary>
    /// <exception cref="InvalidDataException">The file cannot seek, such as a pipe.</exception>
    internal static FileStream Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (stream.CanSeek) return stream;
        stream.Dispose();
        throw new InvalidDataException($"{path}: tensors cannot be read from a pipe; copy it to a file");
    }

    private InvalidDataException Missing(string kind, string name) => NotRead.TryGetValue(name, out string? reason)
        ? new($"{_source}: '{name}' needs {reason}")
        : new($"{_source}: there is no {kind} tensor '{name}'; is this the file of another model?");
}
