using System.Numerics.Tensors;
using Tessera.Files;
using Tessera.Tensors.IO;
using Tensor = Tessera.Tensors.Tensor;

namespace Tessera.Models;

/// <summary>
/// The tensors of a model in a file: those of one dict whose names begin with the model's prefix, without that prefix.
/// </summary>
internal sealed class StoredTensors
{
    // A tensor of every model: it identifies a model's dict and its prefix.
    private static readonly string Anchor = ModelSizes.FirstName;

    // A dict with more prefixes is refused untried: each try looks at all of the dict's names.
    private const int MostPrefixes = 8;

    private const string KeyOption = "key";

    private readonly TensorFile _file;

    private StoredTensors(string path, TensorFile file, string prefix = "")
    {
        Path = path;
        _file = file;
        Key = KeyOf(file);
        Source = file.Key.Length == 0 ? path : $"{path} (key {Key})";
        Prefix = prefix;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The key of the dict in it; <see cref="ModelOrigin.WholeFile"/> for the file itself.</summary>
    public string Key { get; }

    /// <summary>The file and key, for messages.</summary>
    public string Source { get; }

    /// <summary>
    /// The prefix of the model's names in the file, such as <c>module.</c> (DataParallel) or <c>_orig_mod.</c>
    /// (torch.compile).
    /// </summary>
    public string Prefix { get; }

    /// <summary>The file's metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _file.Metadata;

    /// <summary>The names of the tensors that have the prefix, without it.</summary>
    public IEnumerable<string> Names => NamesIn(_file)
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .Select(name => name[Prefix.Length..]);

    /// <summary>
    /// Opens a file that a run wrote, such as its optimizer state. No prefix is removed from the names.
    /// </summary>
    /// <exception cref="InputException">The file is missing or damaged, or holds several dicts of tensors.</exception>
    public static StoredTensors OpenPlain(string path) =>
        new(path, Reading(path, () => TensorFile.Read(path)));

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
        TensorFile[] likely = [.. dicts.Where(dict => PrefixesIn(dict).Any())];
        if (key is not null) dicts = likely = [WithKey(path, key, dicts, likely)];
        // The same dict under several keys counts once.
        StoredTensors[] places =
        [
            .. likely.DistinctBy(dict => dict.Tensors)
                .SelectMany(dict => PrefixesIn(dict).Select(prefix => new StoredTensors(path, dict, prefix))),
        ];
        if (places.Length == 0)
        {
            if (dicts is [var other]) return new StoredTensors(path, other);
            throw new InputException(
                $"{path}: none of its dicts ({Keys(dicts)}) has the tensor {Anchor}; "
                + "it is no VQ-VAE with the reference notebook's names");
        }
        bool isTried = places.Length > 1 && likely.All(dict => PrefixesIn(dict).Count() <= MostPrefixes);
        StoredTensors[] fitting = isTried ? [.. places.Where(place => Fits(place, fits))] : places;
        // A model without a prefix goes before others in its dict: its names are the reference notebook's.
        StoredTensors[] plain = [.. fitting.Where(place => place.Prefix.Length == 0)];
        fitting = [.. fitting.Where(place => plain.Contains(place) || plain.All(other => other._file != place._file))];
        return fitting.Length switch
        {
            0 => places[0],
            1 => fitting[0],
            _ => throw Ambiguous(fitting),
        };
    }

    /// <summary>Whether there is a tensor of that name, read or not.</summary>
    public bool Has(string name) => _file.TryGet(Prefix + name, out _) || _file.NotRead.ContainsKey(Prefix + name);

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="InputException">The tensor is missing, or its type was not read.</exception>
    public TensorEntry Find(string name)
    {
        if (_file.TryGet(Prefix + name, out TensorEntry? entry)) return entry;
        if (_file.NotRead.TryGetValue(Prefix + name, out string? reason))
            throw new InputException(
                $"{Source}: the tensor {FullName(name)} needs {reason}; "
                + $"save the state dict again, with torch.save(model.state_dict(), PATH)");
        throw new InputException(
            $"{Source}: the tensor {FullName(name)} is missing; it is no VQ-VAE with the reference notebook's names");
    }

    /// <summary>The shape of the tensor of that name, which must have the given rank.</summary>
    /// <exception cref="InputException">The tensor is missing or has another rank.</exception>
    public int[] Sizes(string name, int rank)
    {
        int[] sizes = Find(name).Shape;
        return sizes.Length == rank
            ? sizes
            : throw new InputException(
                $"{Source}: the tensor {FullName(name)} has {sizes.Length} dimensions; a VQ-VAE's has {rank}");
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

    /// <summary>Reads tensors by name. If one of them is missing or wrong, none is changed.</summary>
    /// <exception cref="InputException">
    /// A tensor is missing, has another shape, or holds values that are not finite.
    /// </exception>
    public void ReadInto(IReadOnlyCollection<(string Name, Tensor Tensor)> tensors)
    {
        foreach ((string name, Tensor tensor) in tensors)
        {
            if (!TensorPrimitives.IsFiniteAll(Check(name, tensor.Shape.ToArray()).Values.Span))
                throw new InputException(
                    $"{Source}: the tensor {FullName(name)} holds values that are not finite numbers");
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
                ? $"{path} is one state dict: it has no key {key}; leave the key out"
                : $"{path} has no dict of tensors under the key {key}; "
                    + $"it has {Keys(likely.Length > 0 ? likely : dicts)}")
        { Option = KeyOption, Value = dicts is [{ Key.Length: 0 }] ? key : null };

    private static bool Fits(StoredTensors place, Action<StoredTensors> fits)
    {
        try
        {
            fits(place);
            return true;
        }
        catch (InputException)
        {
            return false;
        }
    }

    private static InputException Ambiguous(StoredTensors[] places)
    {
        TensorFile[] dicts = [.. places.Select(place => place._file).Distinct()];
        if (dicts.Length > 1)
            return new InputException(
                $"{places[0].Path}: several of its dicts hold a model ({Keys(dicts)}); choose one by its key")
            { Option = KeyOption };
        string prefixes = List(places, place => Printable.OneLine(place.Prefix));
        return new InputException(
            $"{places[0].Source}: its tensors form several models, with the prefixes {prefixes}; "
            + "save the state dict of one model alone");
    }

    /// <summary>A dict's key as it is shown, and as the user gives it.</summary>
    private static string KeyOf(TensorFile dict) =>
        dict.Key.Length == 0 ? ModelOrigin.WholeFile : Printable.OneLine(dict.Key);

    private static string Keys(IReadOnlyList<TensorFile> dicts) => List(dicts, KeyOf);

    private static string List<T>(IReadOnlyList<T> items, Func<T, string> text)
    {
        const int Named = 8;
        return string.Join(", ", items.Take(Named).Select(text))
            + (items.Count > Named ? $" and {items.Count - Named} more" : "");
    }

    /// <summary>The prefixes with which a dict has the anchor.</summary>
    private static IEnumerable<string> PrefixesIn(TensorFile dict) =>
        NamesIn(dict).Concat(dict.NotRead.Keys).Where(IsAnchor).Select(name => name[..^Anchor.Length]).Distinct();

    private static bool IsAnchor(string name) =>
        name == Anchor || (name.EndsWith(Anchor, StringComparison.Ordinal) && name[^(Anchor.Length + 1)] == '.');

    private static IEnumerable<string> NamesIn(TensorFile dict) =>
        dict.Tensors.Select(tensor => tensor.Name).Concat(dict.IntTensors.Select(tensor => tensor.Name));

    /// <summary>A tensor's name in the file, for messages.</summary>
    private string FullName(string name) => Printable.OneLine(Prefix + name);

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
