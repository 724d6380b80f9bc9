using System.Globalization;
using System.Numerics.Tensors;
using System.Text.RegularExpressions;
using Tessera.Files;
using Tessera.Quantization;
using Tessera.Tensors.IO;
using Shape = Tessera.Tensors.Shape;

namespace Tessera.Models;

/// <summary>
/// A quantizer of the PyTorch library vector-quantize-pytorch in a state dict: the tensors of one of its modules, by
/// the names that the module gives them. What no tensor shows (the measure of distance, the levels) the model says that
/// takes them.
/// </summary>
/// <remarks>
/// A group's tensors are behind <c>rvqs.G.</c>, or one of several heads in one tensor; those of a level behind
/// <c>layers.I.</c>.
/// </remarks>
internal sealed partial class LibraryQuantizer : StateDict
{
    private const string Table = "_codebook.embed", Mask = "mask", MapIn = "project_in.weight", Levels = "_levels";

    // The frozen codes and their map: the first name is that of newer versions.
    private static readonly (string Codes, string Map)[] FrozenNames =
        [("frozen_codebook", "code_transform.weight"), ("codebook", "codebook_to_codes.weight")];

    // Where the tensors of the first level may be behind the prefix.
    private static readonly string[] Places = ["", "layers.0.", "rvqs.0.layers.0.", "rvqs.0."];

    // Tensors that say nothing of what a code means.
    private static readonly string[] Spare =
    [
        "_codebook.initted", "_codebook.cluster_size", "_codebook.embed_avg", Mask, "zero", "codebook", Levels,
        "_basis", "implicit_codebook", "scales",
    ];

    private string _place = "";

    private LibraryQuantizer(string path, TensorFile file, string prefix) : base(path, file, prefix)
    {
    }

    /// <summary>Its dict's key and its prefix, joined by a dot; a dot for the file itself.</summary>
    public string Place => string.Join('.', ((string[])[File.Key, Prefix.TrimEnd('.')]).Where(part => part.Length > 0))
        is { Length: > 0 } place ? Printable.OneLine(place) : ModelOrigin.WholeFile;

    /// <summary>The dict that holds it.</summary>
    public TensorFile Dict => File;

    /// <inheritdoc/>
    protected override string MissingHint => "the model's quantizer needs it";

    private int Groups => _place.StartsWith("rvqs.", StringComparison.Ordinal) ? CountOf("rvqs.") : Heads;

    private int Depth => _place.EndsWith("layers.0.", StringComparison.Ordinal) ? CountOf(_place[..^2]) : 1;

    private int Heads => _place.Length == 0 && File.TryGet(Prefix + Table, out TensorEntry? table)
        && table.Shape is [int heads, _, _] ? heads : 1;

    /// <summary>The quantizers in a dict that may be of a model's kind, with the shortest prefix first.</summary>
    public static IEnumerable<LibraryQuantizer> AllIn(string path, TensorFile dict, QuantizerOptions kind)
    {
        string[] anchors = kind switch
        {
            SimVectorQuantizerOptions => [FrozenNames[0].Codes, FrozenNames[1].Map],
            CodebookOptions => [Table],
            BitOptions => [Mask],
            FiniteScalarQuantizerOptions => [MapIn],
            _ => [],
        };
        return NamesIn(dict)
            .Select(name => (Name: name, Anchor: anchors.FirstOrDefault(anchor => EndsIn(name, anchor))))
            .Where(found => found.Anchor is not null)
            .Select(found => Level().Replace(found.Name[..^found.Anchor!.Length], ""))
            .Distinct().OrderBy(prefix => prefix.Length)
            .Select(prefix => new LibraryQuantizer(path, dict, prefix));
    }

    /// <summary>The values of a model's quantizer.</summary>
    /// <param name="options">The model's options.</param>
    /// <param name="names">The quantizer's tensors: their names without the model's prefix, and their shapes.</param>
    /// <returns>The values of each tensor, in the same order.</returns>
    /// <exception cref="InputException">A tensor is missing, is left over, or does not fit.</exception>
    public float[][] ValuesFor(VqVaeOptions options, IReadOnlyList<(string Name, Shape Shape)> names)
    {
        HashSet<string> stored = [.. Names];
        string anchor = AnchorOf(options.Quantizer, stored);
        _place = Places.FirstOrDefault(place => stored.Contains(place + anchor)) ?? "";
        CheckKind(options);
        var read = new HashSet<string>(StringComparer.Ordinal);
        float[][] values = [.. names.Select(entry => ValuesOf(entry.Name, entry.Shape, options, read))];
        CheckLeftOver(options, read);
        return read.Count > 0 ? values : throw new InputException(
            $"{Source}: the codes of {options.Quantizer.Kind} follow from the model's options; without project_in and "
            + "project_out there is nothing to read");
    }

    private void CheckKind(VqVaeOptions options)
    {
        CellOptions cell = options.Cell;
        // The groups of the others are parts of their maps.
        int groups = options.Quantizer is CodebookOptions ? Groups : cell.Groups;
        if ((groups, Depth) != (cell.Groups, cell.Depth))
            throw new InputException(
                $"{Source}: the quantizer {Place} has a depth of {Depth} in {Groups} groups; the model's has "
                + $"{cell.Depth} in {cell.Groups}");
        if (cell.Depth > 1 && options.Quantizer is CosineVectorQuantizerOptions or FiniteScalarQuantizerOptions)
            throw new InputException(
                $"{Source}: residual levels of {options.Quantizer.Kind} are of another length in "
                + "vector-quantize-pytorch; only models with a depth of 1 can take them");
        if (options.Quantizer is FiniteScalarQuantizerOptions scalar && scalar.LevelsFor(options.Codes).Contains(2))
            throw new InputException(
                $"{Source}: a dimension of two levels is cut at -3.8 by vector-quantize-pytorch and at 0 here; only "
                + "models with 3 or more levels a dimension can take its maps");
        if (Names.FirstOrDefault(name => EndsIn(name, "initted")) is { } started
            && File.TryGet(Prefix + started, out TensorEntry? flag) && flag.Values.Span is [0])
            throw new InputException(
                $"{Source}: the quantizer {Place} has never seen a vector: its codebook has not begun");
        if (options.Quantizer is BitOptions && Ints(_place + Mask) is { } bits
            && bits.Length != options.Quantizer.DimensionsFor(options.Codes))
            throw new InputException(
                $"{Source}: the quantizer {Place} has {bits.Length} bits, 2^{bits.Length} codes; the model has "
                + $"{options.Codes}");
        if (options.Quantizer is FiniteScalarQuantizerOptions rounded && Ints(Levels) is { } levels
            && !levels.SequenceEqual(rounded.LevelsFor(options.Codes)))
            throw new InputException(
                $"{Source}: the quantizer {Place} has the levels {string.Join(", ", levels)}; the model's are "
                + string.Join(", ", rounded.LevelsFor(options.Codes)));
    }

    private int[]? Ints(string name) =>
        File.IntTensors.FirstOrDefault(tensor => tensor.Name == Prefix + name)?.Values.ToArray();

    private float[] ValuesOf(string name, Shape shape, VqVaeOptions options, HashSet<string> read)
    {
        Match place = OwnName().Match(name);
        int group = Number(place.Groups[1]), level = Number(place.Groups[2]);
        string leaf = place.Groups[3].Value;
        (string codes, string map) = FrozenNames.FirstOrDefault(names => Has(_place + names.Map), FrozenNames[0]);
        string? own = leaf switch
        {
            "_embedding.weight" => options.Quantizer is SimVectorQuantizerOptions ? codes : Table,
            "_embedding_proj.weight" => map,
            "_ema_cluster_size" => "_codebook.cluster_size",
            "_ema_w" => "_codebook.embed_avg",
            _ => null,
        };
        string source = own is null
            ? leaf[1..]
            : _place.Replace("rvqs.0", $"rvqs.{group}", StringComparison.Ordinal)
                .Replace("layers.0", $"layers.{level}", StringComparison.Ordinal) + own;
        // The maps of the library may have no bias.
        if (own is null && EndsIn(leaf, "bias") && !Has(source)) return new float[shape.Length];
        read.Add(source);
        float[] values = Part(source, shape, own is null ? 0 : group);
        if (options.Quantizer is CodebookOptions and not SimVectorQuantizerOptions && own == Table)
            CheckLengths(source, values, shape.Last, options.Quantizer is CosineVectorQuantizerOptions);
        // The library's first bit is the highest of a code, the first one here the lowest.
        return options.Quantizer is BitOptions && source != "project_out.bias"
            ? ReverseBits(values, options.Quantizer.DimensionsFor(options.Codes)!.Value, source == MapIn ? shape[1] : 1)
            : values;
    }

    /// <summary>A tensor of the file as one of the model's, of one of its heads.</summary>
    private float[] Part(string source, Shape shape, int group)
    {
        TensorEntry entry = Find(source);
        // A linear map is a 1x1 convolution.
        int[] own = shape.Rank == 4 ? shape.ToArray()[..2] : shape.ToArray();
        bool isWhole = entry.Shape.SequenceEqual(own);
        int heads = _place.Length == 0 ? Heads : 1;
        if (!(isWhole && heads == 1) && !entry.Shape.SequenceEqual([heads, .. own]))
            throw new InputException(
                $"{Source}: the tensor {FullName(source)} has the shape [{string.Join(", ", entry.Shape)}]; "
                + $"the model needs [{string.Join(", ", own)}]{(heads > 1 ? $" in each of {heads} heads" : "")}");
        ReadOnlyMemory<float> part = isWhole || heads == 1 ? entry.Values
            : entry.Values.Slice(group * shape.Length, shape.Length);
        return TensorPrimitives.IsFiniteAll(part.Span)
            ? part.ToArray()
            : throw new InputException(
                $"{Source}: the tensor {FullName(source)} holds values that are not finite numbers");
    }

    /// <summary>Only codes of a quantizer by cosine all have length 1.</summary>
    private void CheckLengths(string source, float[] table, int dimensions, bool isCosine)
    {
        const float Tolerance = 1e-3f;
        bool areOne = table.Chunk(dimensions).All(code => MathF.Abs(TensorPrimitives.Norm(code) - 1) < Tolerance);
        if (areOne && !isCosine && dimensions > 1)
            throw new InputException(
                $"{Source}: the codes of {FullName(source)} have length 1 (use_cosine_sim); they need a model with the "
                + $"quantizer {CosineVectorQuantizerOptions.KindName}");
        if (!areOne && isCosine)
            throw new InputException(
                $"{Source}: the codes of {FullName(source)} do not have length 1; they need a model with the quantizer "
                + $"{EmaVectorQuantizerOptions.KindName}, not {CosineVectorQuantizerOptions.KindName}");
    }

    /// <summary>
    /// Refuses a quantizer with parts that the model's does not have: its codes would mean something else.
    /// </summary>
    private void CheckLeftOver(VqVaeOptions options, HashSet<string> read)
    {
        foreach (string name in Names.Where(name => !read.Contains(name)))
        {
            string leaf = FirstLevel().Replace(name, "");
            if (options.Cell.SharedCodebook && IsCopyOfFirst(name)) continue;
            if (!Spare.Contains(leaf))
                throw new InputException(
                    $"{Source}: the model's quantizer has no place for the tensor {FullName(name)}");
        }
    }

    /// <summary>Whether a tensor of a further level is that of the first: they share one.</summary>
    private bool IsCopyOfFirst(string name) =>
        LevelNumber().Replace(name, "${1}layers.0.") is { } firstName && firstName != name
        && File.TryGet(Prefix + name, out TensorEntry? entry)
        && File.TryGet(Prefix + firstName, out TensorEntry? first)
        && entry.Values.Span.SequenceEqual(first.Values.Span);

    private int CountOf(string list)
    {
        int count = 0;
        // More than a model can have need no count.
        while (count <= CellOptions.MostCodes
            && Names.Any(name => name.StartsWith($"{list}{count}.", StringComparison.Ordinal))) count++;
        return count;
    }

    private static string AnchorOf(QuantizerOptions kind, HashSet<string> names) => kind switch
    {
        SimVectorQuantizerOptions => Places.Any(place => names.Contains(place + FrozenNames[1].Map))
            ? FrozenNames[1].Map
            : FrozenNames[0].Codes,
        CodebookOptions => Table,
        BitOptions => Mask,
        _ => MapIn,
    };

    private static bool EndsIn(string name, string end) => name == end
        || name.EndsWith(end, StringComparison.Ordinal) && name[^(end.Length + 1)] == '.';

    private static int Number(Group digits) =>
        digits.Success ? int.Parse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0;

    /// <summary>Rows of a size in reverse order within each code's bits.</summary>
    private static float[] ReverseBits(float[] values, int bits, int size)
    {
        float[] result = new float[values.Length];
        for (int row = 0; row < values.Length / size; row++)
        {
            int first = row / bits * bits, other = first + bits - 1 - row % bits;
            values.AsSpan(other * size, size).CopyTo(result.AsSpan(row * size));
        }
        return result;
    }

    [GeneratedRegex(@"(rvqs\.\d{1,4}\.)?(layers\.\d{1,4}\.)?$", RegexOptions.RightToLeft)]
    private static partial Regex Level();

    [GeneratedRegex(@"^(rvqs\.\d{1,4}\.)?(layers\.\d{1,4}\.)?")]
    private static partial Regex FirstLevel();

    [GeneratedRegex(@"^(rvqs\.\d{1,4}\.)?layers\.\d{1,4}\.")]
    private static partial Regex LevelNumber();

    [GeneratedRegex(@"^(?:_quantizer\.)?(?:_groups\.(\d+)\.)?(?:_levels\.(\d+)\.)?(.+)$")]
    private static partial Regex OwnName();
}
