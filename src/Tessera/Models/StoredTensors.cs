using System.Globalization;
using Tessera.Files;
using Tessera.Tensors;
using Tessera.Tensors.IO;

namespace Tessera.Models;

/// <summary>
/// The tensors of a model in a file: one dict of the file, with the common prefix of all names removed.
/// </summary>
internal sealed class StoredTensors
{
    // A tensor of every model: it identifies a model's dict and its prefix.
    private const string Anchor = "_encoder._conv_1.weight";

    private readonly TensorFile _file;

    private StoredTensors(string path, TensorFile file, bool isModel = true)
    {
        Path = path;
        _file = file;
        Key = KeyOf(file);
        Source = file.Key.Length == 0 ? path : $"{path} (key {file.Key})";
        Prefix = isModel ? FindPrefix() : "";
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The key of the dict in it; <see cref="ModelOrigin.WholeFile"/> for the file itself.</summary>
    public string Key { get; }

    /// <summary>The file and key, for messages.</summary>
    public string Source { get; }

    /// <summary>The common prefix of all names in the file.</summary>
    public string Prefix { get; }

    /// <summary>The file's metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _file.Metadata;

    /// <summary>The names of all tensors, without the prefix.</summary>
    public IEnumerable<string> Names => NamesIn(_file).Select(name => name[Prefix.Length..]);

    /// <summary>
    /// Opens a file that a run wrote, such as its optimizer state. No prefix is removed from the names.
    /// </summary>
    /// <exception cref="InputException">The file is missing or damaged, or holds several dicts of tensors.</exception>
    public static StoredTensors OpenPlain(string path) =>
        new(path, Reading(path, () => TensorFile.Read(path)), isModel: false);

    /// <summary>Opens the dict that holds a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="key">The dict's key; null if only one dict fits.</param>
    /// <param name="fits">Throws an <see cref="InputException"/> if a dict does not hold a whole model.</param>
    /// <exception cref="InputException">
    /// The file is missing or damaged, holds no model, or holds several and no key is given.
    /// </exception>
    public static StoredTensors Open(string path, string? key, Action<StoredTensors> fits)
    {
        IReadOnlyList<TensorFile> dicts = Reading(path, () => TensorFile.ReadAll(path));
        TensorFile[] likely = [.. dicts.Where(HasAnchor)];
        if (key is not null) return new StoredTensors(path, WithKey(path, key, dicts, likely));
        // The same dict under several keys counts once.
        likely = [.. likely.DistinctBy(dict => dict.Tensors)];
        if (likely is [var only]) return new StoredTensors(path, only);
        if (likely.Length == 0)
        {
            if (dicts is [var other]) return new StoredTensors(path, other);
            throw new InputException(
                $"{path}: none of its dicts ({Keys(dicts)}) has the tensor {Anchor}; "
                + "it is no VQ-VAE with the seed's names");
        }
        TensorFile[] fitting = [.. likely.Where(dict => Fits(path, dict, fits))];
        return fitting.Length switch
        {
            0 => new StoredTensors(path, likely[0]),
            1 => new StoredTensors(path, fitting[0]),
            _ => throw new InputException(
                $"{path}: several of its dicts hold a model ({Keys(fitting)}); choose one with --key NAME"),
        };
    }

    /// <summary>Whether a tensor's name begins with <paramref name="start"/>.</summary>
    public bool HasAny(string start) => Names.Any(name => name.StartsWith(start, StringComparison.Ordinal));

    /// <summary>
    /// One more than the highest number that follows <paramref name="start"/> in a name; 0 if there is none.
    /// </summary>
    public int CountNumbered(string start) => Names
        .Where(name => name.StartsWith(start, StringComparison.Ordinal))
        .Select(name => name[start.Length..].Split('.')[0])
        .Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? Math.Min(number, int.MaxValue - 1) + 1
            : 0)
        .DefaultIfEmpty().Max();

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="InputException">The tensor is missing, or its type was not read.</exception>
    public TensorEntry Find(string name)
    {
        if (_file.TryGet(Prefix + name, out TensorEntry? entry)) return entry;
        if (_file.NotRead.TryGetValue(Prefix + name, out string? reason))
            throw new InputException(
                $"{Source}: the tensor {Prefix}{name} needs {reason}; "
                + $"save the state dict again, with torch.save(model.state_dict(), PATH)");
        string[] names = [.. NamesIn(_file)];
        if (Prefix.Length == 0 && PrefixOf(names.FirstOrDefault(IsAnchor)) is { Length: > 0 } partial)
            throw new InputException(
                $"{Source}: only {names.Count(other => other.StartsWith(partial, StringComparison.Ordinal))} "
                + $"of its {names.Length} tensors begin with {partial}, and a prefix is removed only if all have it; "
                + "save the state dict of the inner model alone");
        throw new InputException($"{Source}: the tensor {name} is missing; it is no VQ-VAE with the seed's names");
    }

    /// <summary>The shape of the tensor of that name, which must have the given rank.</summary>
    /// <exception cref="InputException">The tensor is missing or has another rank.</exception>
    public int[] Sizes(string name, int rank)
    {
        int[] sizes = Find(name).Shape;
        return sizes.Length == rank
            ? sizes
            : throw new InputException(
                $"{Source}: the tensor {name} has {sizes.Length} dimensions; a VQ-VAE's has {rank}");
    }

    /// <summary>Checks the shape of the tensor of that name.</summary>
    /// <exception cref="InputException">The tensor is missing or has another shape.</exception>
    public TensorEntry Check(string name, ReadOnlySpan<int> shape)
    {
        TensorEntry entry = Find(name);
        if (!entry.Shape.AsSpan().SequenceEqual(shape))
            throw new InputException(
                $"{Source}: the tensor {name} has the shape [{string.Join(", ", entry.Shape)}]; "
                + $"the model's is [{string.Join(", ", shape.ToArray())}]");
        return entry;
    }

    /// <summary>Reads tensors by name. If one of them is missing or wrong, none is changed.</summary>
    /// <exception cref="InputException">
    /// A tensor is missing, has another shape, or holds values that are not finite.
    /// </exception>
    public void ReadInto(IReadOnlyCollection<(string Name, Tensor Tensor)> tensors)
    {
        foreach ((string name, Tensor tensor) in tensors)
        {
            if (!ModelFile.AreFinite(Check(name, tensor.Shape.ToArray()).Values.Span))
                throw new InputException($"{Source}: the tensor {name} holds values that are not finite numbers");
        }
        foreach ((string name, Tensor tensor) in tensors) tensor.CopyFrom(Find(name).Values.Span);
    }

    /// <summary>The names in the file that are not among <paramref name="known"/>, with their prefix.</summary>
    public string[] NamesBeside(IEnumerable<string> known)
    {
        var all = known.Select(name => Prefix + name).ToHashSet(StringComparer.Ordinal);
        return [.. NamesIn(_file).Concat(_file.NotRead.Keys).Where(name => !all.Contains(name))];
    }

    private static TensorFile WithKey(string path, string key, IReadOnlyList<TensorFile> dicts, TensorFile[] likely) =>
        dicts.FirstOrDefault(dict => KeyOf(dict) == key) ?? throw new InputException(
            dicts is [{ Key.Length: 0 }]
                ? $"{path} is one state dict: it has no key {key}; leave --key out"
                : $"{path} has no dict of tensors under the key {key}; "
                    + $"it has {Keys(likely.Length > 0 ? likely : dicts)}");

    private static bool Fits(string path, TensorFile dict, Action<StoredTensors> fits)
    {
        try
        {
            fits(new StoredTensors(path, dict));
            return true;
        }
        catch (InputException)
        {
            return false;
        }
    }

    private static string KeyOf(TensorFile dict) => dict.Key.Length == 0 ? ModelOrigin.WholeFile : dict.Key;

    private static string Keys(IReadOnlyList<TensorFile> dicts)
    {
        const int Named = 8;
        return string.Join(", ", dicts.Take(Named).Select(KeyOf))
            + (dicts.Count > Named ? $" and {dicts.Count - Named} more" : "");
    }

    private static bool HasAnchor(TensorFile dict) => NamesIn(dict).Concat(dict.NotRead.Keys).Any(IsAnchor);

    private static bool IsAnchor(string name) =>
        name == Anchor || (name.EndsWith(Anchor, StringComparison.Ordinal) && name[^(Anchor.Length + 1)] == '.');

    private static string PrefixOf(string? anchor) => anchor is null ? "" : anchor[..^Anchor.Length];

    private static IEnumerable<string> NamesIn(TensorFile dict) =>
        dict.Tensors.Select(tensor => tensor.Name).Concat(dict.IntTensors.Select(tensor => tensor.Name));

    /// <summary>
    /// Finds a prefix such as <c>module.</c> (DataParallel) or <c>_orig_mod.</c> (torch.compile), if all names begin
    /// with it.
    /// </summary>
    private string FindPrefix()
    {
        string prefix = PrefixOf(NamesIn(_file).Concat(_file.NotRead.Keys).FirstOrDefault(IsAnchor));
        return NamesIn(_file).All(name => name.StartsWith(prefix, StringComparison.Ordinal)) ? prefix : "";
    }

    private static T Reading<T>(string path, Func<T> read)
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
}
