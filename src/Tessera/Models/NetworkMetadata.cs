using System.Globalization;
using Tessera.Quantization;
using Tessera.Tensors.IO;

namespace Tessera.Models;

/// <summary>
/// What a model file says of a network that its tensors do not show: the groups of its normalisations and the heads of
/// its attention, in metadata entries that only such a network has.
/// </summary>
internal static class NetworkMetadata
{
    private const string GroupNormKey = "group_norm", AttentionKey = "attention";

    /// <summary>Adds the entries of a network.</summary>
    public static void Write(VqVaeOptions options, Dictionary<string, string> metadata)
    {
        Add(GroupNormKey, options.GroupNorm);
        Add(AttentionKey, options.Attention);

        void Add(string key, int number)
        {
            if (number > 0) metadata[key] = number.ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Checks that weights go to a network that uses them as theirs does.</summary>
    /// <param name="stored">The file.</param>
    /// <param name="options">The options of its network.</param>
    /// <param name="own">The options of the network that receives the weights.</param>
    /// <exception cref="InputException">A number that no tensor shows is another.</exception>
    public static void CheckSame(StoredTensors stored, VqVaeOptions options, VqVaeOptions own)
    {
        CheckQuantizer(stored, options, own);
        Check("groups of normalisation", options.GroupNorm, own.GroupNorm);
        Check("heads of attention", options.Attention, own.Attention);
        void Check(string what, int number, int ownNumber)
        {
            // Where one has none, a tensor is missing.
            if (number > 0 && ownNumber > 0 && number != ownNumber)
                throw new InputException(
                    $"{stored.Source}: its network has {number} {what}; the model's is {ownNumber}");
        }
    }

    /// <summary>Checks that codes mean in one network what they mean in the other.</summary>
    private static void CheckQuantizer(StoredTensors stored, VqVaeOptions options, VqVaeOptions own)
    {
        Check("quantizer is", options.Quantizer.Kind, own.Quantizer.Kind);
        Check("codes are", $"{options.Codes}", $"{own.Codes}");
        Check("levels are", LevelsOf(options), LevelsOf(own));
        Check("codes of a cell are", CellOf(options.Cell), CellOf(own.Cell));

        static string LevelsOf(VqVaeOptions options) => options.Quantizer is FiniteScalarQuantizerOptions rounded
            ? string.Join(", ", rounded.LevelsFor(options.Codes))
            : "none";

        static string CellOf(CellOptions cell) => cell.Top
            ? "those of two levels"
            : $"{cell.Depth} in each of {cell.Groups} groups" + (cell.SharedCodebook ? " with one codebook" : "");

        void Check(string what, string value, string ownValue)
        {
            if (value != ownValue)
                throw new InputException($"{stored.Source}: its {what} {value}; the model's {ownValue}");
        }
    }

    /// <summary>The options whose tensors are in a file, with the numbers of its metadata.</summary>
    /// <param name="stored">The file.</param>
    /// <param name="options">The options; where tensors show a part, its number is above 0.</param>
    /// <exception cref="InputException">A number that the network needs is missing, or is none.</exception>
    public static VqVaeOptions Read(StoredTensors stored, VqVaeOptions options)
    {
        return options with
        {
            GroupNorm = Find(GroupNormKey, options.GroupNorm, "group normalisation", "groups"),
            Attention = Find(AttentionKey, options.Attention, "self-attention", "heads"),
        };

        int Find(string key, int shown, string part, string what)
        {
            if (shown == 0) return 0;
            if (!stored.Metadata.TryGetValue(key, out string? text))
                throw new InputException(
                    $"{stored.Source}: the model has {part}, but the file's metadata does not say with how many "
                    + $"{what}; add an entry \"{key}\"");
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
                ? number
                : throw new InputException(
                    $"{stored.Source}: the metadata's \"{key}\" is no number of {what}: {Printable.OneLine(text)}");
        }
    }
}
