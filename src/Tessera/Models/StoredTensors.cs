using Tessera.Files;
using Tessera.Tensors.IO;

namespace Tessera.Models;

/// <summary>
/// The tensors of a model in a file of any origin: in which of its dicts, and behind which prefix, they are is found by
/// the names of the network's tensors.
/// </summary>
internal sealed class StoredTensors : StateDict
{
    // A tensor of every model: it identifies a model's dict and its prefix.
    private static readonly string Anchor = ModelSizes.FirstName;

    // A dict with more prefixes is refused untried: each try looks at all of the dict's names.
    private const int MostPrefixes = 8;

    private const string KeyOption = "key";

    private StoredTensors(string path, TensorFile file, string prefix = "") : base(path, file, prefix)
    {
    }

    /// <summary>The key of the dict in its file; <see cref="ModelOrigin.WholeFile"/> for the file itself.</summary>
    public string Key => KeyOf(File);

    /// <inheritdoc/>
    protected override string MissingHint => "it is no VQ-VAE with the reference notebook's names";

    /// <summary>Opens the dict that holds a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="key">The dict's key; null if only one dict fits.</param>
    /// <param name="fits">Throws an <see cref="InputException"/> if a dict does not hold a whole model.</param>
    /// <exception cref="InputException">
    /// The file is missing or damaged, holds no model, or holds several and no key is given.
    /// </exception>
    public static StoredTensors Open(string path, string? key, Action<StoredTensors> fits)
    {
        IReadOnlyList<TensorFile> dicts = ReadDicts(path);
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
        fitting = [.. fitting.Where(place => plain.Contains(place) || plain.All(other => other.File != place.File))];
        return fitting.Length switch
        {
            0 => places[0],
            1 => fitting[0],
            _ => throw Ambiguous(fitting),
        };
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

    /// <summary>The names in the file that are not among <paramref name="known"/>, with their prefix.</summary>
    public string[] NamesBeside(IEnumerable<string> known)
    {
        var all = known.Select(name => Prefix + name).ToHashSet(StringComparer.Ordinal);
        return [.. NamesIn(File).Concat(File.NotRead.Keys).Where(name => !all.Contains(name))];
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
        TensorFile[] dicts = [.. places.Select(place => place.File).Distinct()];
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
}
