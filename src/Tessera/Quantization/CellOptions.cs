using System.Text.Json.Serialization;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>How many codes a cell has, and how they share its vector: by default one.</summary>
public sealed record CellOptions
{
    /// <summary>The most codes of a cell.</summary>
    internal const int MostCodes = 64;

    /// <summary>The codes of the lower level in a cell with <see cref="Top"/>: 2 x 2.</summary>
    internal const int LowerCodes = 4;

    /// <summary>
    /// The groups of dimensions, each with a quantizer of its own (<see cref="GroupedQuantizer"/>), 1 to 64.
    /// </summary>
    public int Groups { get; init; } = 1;

    /// <summary>
    /// The levels of a residual quantizer (<see cref="ResidualQuantizer"/>) in each group, 1 to 64; <see
    /// cref="Groups"/> times this is at most 64.
    /// </summary>
    public int Depth { get; init; } = 1;

    /// <summary>
    /// Whether the levels of a residual quantizer share one codebook. Not of a <see cref="CosineVectorQuantizer"/>: its
    /// codes all have one length, and residuals get shorter.
    /// </summary>
    public bool SharedCodebook { get; init; }

    /// <summary>
    /// The probability that an update uses only the first levels of a residual quantizer, in [0, 1]; how many is drawn
    /// from 1 to all. Not with <see cref="SharedCodebook"/>, nor with <see
    /// cref="EmaVectorQuantizerOptions.KeepSmoothing"/>.
    /// </summary>
    public float LevelDropout { get; init; }

    /// <summary>
    /// Whether there is a second, top level of codes (VQ-VAE-2: Razavi et al. 2019), on which the others depend. A code
    /// of the top level stands for twice the height and width of one of the lower level, and a cell has five codes: the
    /// top one, then the four of the lower level row by row. Each level has a codebook. <see cref="Groups"/> and <see
    /// cref="Depth"/> are then 1.
    /// </summary>
    // Left out where it is false, so that files are what they were before this option.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Top { get; init; }

    /// <summary>Codes of a cell.</summary>
    [JsonIgnore]
    public int Codes => Top ? 1 + LowerCodes : Groups * Depth;

    /// <summary>
    /// Codebooks whose use is counted: with <see cref="Top"/> 2, else one for each of a cell's codes, even if they
    /// share one.
    /// </summary>
    [JsonIgnore]
    public int Codebooks => Top ? 2 : Codes;

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of its range; the message names it.</exception>
    public void Validate(QuantizerOptions quantizer)
    {
        ThrowUnless(Groups is >= 1 and <= MostCodes, nameof(Groups), $"must be 1 to {MostCodes}, not {Groups}");
        ThrowUnless(
            Depth is >= 1 and <= MostCodes && Groups * Depth <= MostCodes,
            nameof(Depth), $"must be 1 to {MostCodes / Groups} with {Groups} groups, not {Depth}");
        ThrowUnless(
            Depth == 1 || quantizer.HasResiduals,
            nameof(Depth), $"must be 1 with the quantizer {quantizer.Kind}: its vectors less their codes mean nothing");
        ThrowUnless(
            !SharedCodebook || Depth > 1 && quantizer is CodebookOptions,
            nameof(SharedCodebook), $"needs a quantizer with a codebook and a depth of 2 or more");
        ThrowUnless(
            !SharedCodebook || quantizer is not CosineVectorQuantizerOptions,
            nameof(SharedCodebook),
            $"must be off with {quantizer.Kind}: its codes have length 1, what they leave is shorter");
        ValidateDropout(quantizer);
        ThrowUnless(
            !Top || Groups * Depth == 1,
            nameof(Top), $"needs one group and a depth of 1, not {Groups} and {Depth}");
    }

    private void ValidateDropout(QuantizerOptions quantizer)
    {
        ThrowUnless(
            LevelDropout is >= 0 and <= 1, nameof(LevelDropout), $"must be 0 (off) to 1, not {LevelDropout}");
        if (LevelDropout == 0) return;
        ThrowUnless(Depth > 1, nameof(LevelDropout), $"needs a depth of 2 or more; {LevelDropout} was given");
        ThrowUnless(
            !SharedCodebook,
            nameof(LevelDropout), $"must be 0 with one codebook for all levels, which learns from all of them");
        if (quantizer is EmaVectorQuantizerOptions { KeepSmoothing: true })
            throw new InputException(
                "smoothing that changes the running sizes changes those of a level that is left out, too; smooth a "
                + "copy, or leave no level out")
            { Option = nameof(EmaVectorQuantizerOptions.KeepSmoothing) };
    }

    /// <summary>Checks a number of first levels that decode alone.</summary>
    /// <exception cref="InputException">There are no levels to leave out, or not so many.</exception>
    internal void CheckFirstLevels(int depth)
    {
        ThrowUnless(
            Depth > 1, nameof(Depth), $"needs a model with a depth of 2 or more, whose first codes decode alone");
        ThrowUnless(depth >= 1 && depth <= Depth, nameof(Depth), $"must be 1 to {Depth}, the model's, not {depth}");
    }

    /// <summary>The codebook of a place among a cell's codes.</summary>
    internal int CodebookOf(int place) => Top ? Math.Min(place, 1) : place;

    /// <summary>What a codebook is called where several are shown.</summary>
    internal string NameOf(int codebook)
    {
        if (Top) return codebook == 0 ? "top level" : "lower level";
        string level = $"level {codebook % Depth + 1}", group = $"group {codebook / Depth + 1}";
        return Groups == 1 ? level : Depth == 1 ? group : $"{group}, {level}";
    }

    /// <summary>The codebook that is number <paramref name="place"/> of the first levels of each group.</summary>
    /// <param name="place">The number, from 0.</param>
    /// <param name="depth">The first levels of a group, up to <see cref="Depth"/>.</param>
    internal int CodebookOfFirst(int place, int depth) => place / depth * Depth + place % depth;
}
