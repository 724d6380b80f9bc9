using System.Numerics.Tensors;
using Tessera.Tensors.IO;
using Tensor = Tessera.Tensors.Tensor;

namespace Tessera.Files;

/// <summary>
/// The state of a model or an optimizer in a file: the tensors of one dict whose names begin with a prefix, by the rest
/// of their names.
/// </summary>
internal class StateDict
{
    /// <summary>The name of the file with a model's state in a run folder or checkpoint.</summary>
    public const string ModelName = "model.safetensors";

    /// <summary>Takes a dict that was read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="file">The dict in it.</param>
    /// <param name="prefix">The prefix of the names.</param>
    protected StateDict(string path, TensorFile file, string prefix = "")
    {
        Path = path;
        File = file;
        Source = file.Key.Length == 0 ? path : $"{path} (key {Printable.OneLine(file.Key)})";
        Prefix = prefix;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The file and key, for messages.</summary>
    public string Source { get; }

    /// <summary>
    /// The prefix of the names in the file, such as <c>module.</c> (DataParallel) or <c>_orig_mod.</c>
    /// (torch.compile).
    /// </summary>
    public string Prefix { get; }

    /// <summary>The file's metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata => File.Metadata;

    /// <summary>The names of the tensors that have the prefix, without it.</summary>
    public IEnumerable<string> Names => NamesIn(File)
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .Select(name => name[Prefix.Length..]);

    /// <summary>The dict.</summary>
    protected TensorFile File { get; }

    /// <summary>The end of the message that a tensor is missing.</summary>
    protected virtual string MissingHint => "restore a copy";

    /// <summary>Reads a file that a run wrote, such as its optimizer's state.</summary>
    /// <exception cref="InputException">The file is missing or damaged, or holds several dicts of tensors.</exception>
    public static StateDict Read(string path) => new(path, Reading(path, () => TensorFile.Read(path)));

    /// <summary>Reads every dict of tensors in a file.</summary>
    /// <exception cref="InputException">The file is missing or damaged.</exception>
    public static IReadOnlyList<TensorFile> ReadDicts(string path) => Reading(path, () => TensorFile.ReadAll(path));

    /// <summary>The tensors of a dict whose names begin with a prefix.</summary>
    public static StateDict At(string path, TensorFile dict, string prefix) => new(path, dict, prefix);

    /// <summary>Copies tensors to file entries.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="half">
    /// Whether tensors are stored as F16, except those with values that F16 cannot hold, which then come first.
    /// </param>
    public static List<TensorEntry> Entries(
        IEnumerable<(string Name, Tensor Tensor)> tensors, bool half = false)
    {
        IEnumerable<TensorEntry> entries = tensors.Select(
            entry => new TensorEntry(entry.Name, entry.Tensor.Shape.ToArray(), entry.Tensor.ToArray()));
        return half
            // F32 first, so that every tensor begins at a multiple of its element's size.
            ? [.. entries.Select(entry => entry with { IsHalf = FitsHalf(entry) }).OrderBy(entry => entry.IsHalf)]
            : [.. entries];
    }

    /// <summary>Whether there is a tensor of that name, read or not.</summary>
    public bool Has(string name) => File.TryGet(Prefix + name, out _) || File.NotRead.ContainsKey(Prefix + name);

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="InputException">The tensor is missing, or its type was not read.</exception>
    public TensorEntry Find(string name)
    {
        if (File.TryGet(Prefix + name, out TensorEntry? entry)) return entry;
        if (File.NotRead.TryGetValue(Prefix + name, out string? reason))
            throw new InputException(
                $"{Source}: the tensor {FullName(name)} needs {reason}; "
                + $"save the state dict again, with torch.save(model.state_dict(), PATH)");
        throw new InputException($"{Source}: the tensor {FullName(name)} is missing; {MissingHint}");
    }

    /// <summary>Checks the shape of the tensor of that name.</summary>
    /// <exception cref="InputException">The tensor is missing or has another shape.</exception>
    public TensorEntry Check(string name, ReadOnlySpan<int> shape)
    {
        TensorEntry entry = Find(name);
        if (!entry.Shape.AsSpan().SequenceEqual(shape))
            throw new InputException(
                $"{Source}: the tensor {FullName(name)} has the shape [{string.Join(", ", entry.Shape)}]; "
                + $"the model's is [{string.Join(", ", shape.ToArray())}]");
        return entry;
    }

    /// <summary>Copies tensors from the file by name. If one of them is missing or wrong, none is changed.</summary>
    /// <exception cref="InputException">
    /// A tensor is missing, has another shape, or holds values that are not finite.
    /// </exception>
    public void CopyTo(IReadOnlyCollection<(string Name, Tensor Tensor)> tensors)
    {
        foreach ((string name, Tensor tensor) in tensors)
        {
            if (!TensorPrimitives.IsFiniteAll(Check(name, tensor.Shape.ToArray()).Values.Span))
                throw new InputException(
                    $"{Source}: the tensor {FullName(name)} holds values that are not finite numbers");
        }
        foreach ((string name, Tensor tensor) in tensors) tensor.CopyFrom(Find(name).Values.Span);
    }

    /// <summary>The same, if the file holds no other tensors.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="names">The names in the file that count; null for all.</param>
    /// <exception cref="InputException">As before, or the file holds another tensor.</exception>
    public void CopyAllTo(
        IReadOnlyCollection<(string Name, Tensor Tensor)> tensors, IEnumerable<string>? names = null)
    {
        if ((names ?? Names).Except(tensors.Select(entry => entry.Name)).FirstOrDefault() is { } odd)
        {
            // Report a missing tensor or a wrong shape first: it says more than an extra tensor.
            foreach ((string name, Tensor tensor) in tensors) Check(name, tensor.Shape.ToArray());
            throw new InputException($"{Source}: the model has no tensor {Printable.OneLine(odd)}");
        }
        CopyTo(tensors);
    }

    /// <summary>The names of a dict's tensors of any type that can be read.</summary>
    protected static IEnumerable<string> NamesIn(TensorFile dict) =>
        dict.Tensors.Select(tensor => tensor.Name).Concat(dict.IntTensors.Select(tensor => tensor.Name));

    /// <summary>Reads a file, with errors that name it.</summary>
    protected static T Reading<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException e)
        {
            throw new InputException(e.Message, e);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
    }

    private static bool FitsHalf(TensorEntry entry) =>
        MathF.Abs(TensorPrimitives.MaxMagnitude(entry.Values.Span)) <= (float)Half.MaxValue;

    /// <summary>A tensor's name in the file, for messages.</summary>
    protected string FullName(string name) => Printable.OneLine(Prefix + name);
}
