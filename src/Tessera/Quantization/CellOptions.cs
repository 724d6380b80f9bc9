using System.Text.Json.Serialization;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>How many codes a cell has, and how they share its vector: by default one.</summary>
public sealed record CellOptions
{
    /// <summary>The most codes of a cell.</summary>
    internal const int MostCodes = 64;

    /// <summary>
    /// The groups of dimensions, each with a quantizer of its own (<see cref="GroupedQuantizer"/>), 1 to 64.
    /// </summary>
    public int Groups { get; init; } = 1;

    /// <summary>
    /// The levels of a residual quantizer (<see cref="ResidualQuantizer"/>) in each group, 1 to 64; <see
    /// cref="Groups"/> times this is at most 64.
    /// </summary>
    public int Depth { get; init; } = 1;

    /// <summary>Whether the levels of a residual quantizer share one codebook.</summary>
    public bool SharedCodebook { get; init; }

    /// <summary>
    /// The probability that an update uses only the first levels of a residual quantizer, in [0, 1]; how many is drawn
    /// from 1 to all.
    /// </summary>
    public float LevelDropout { get; init; }

    /// <summary>Codes of a cell.</summary>
    [JsonIgnore]
    public int Codes => Groups * Depth;

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of its range; the message names it.</exception>
    public void Validate(QuantizerOptions quantizer)
    {
        ThrowUnless(Groups is >= 1 and <= MostCodes, nameof(Groups), $"must be 1 to {MostCodes}, not {Groups}");
        ThrowUnless(
            Depth is >= 1 and <= MostCodes && Codes <= MostCodes,
            nameof(Depth), $"must be 1 to {MostCodes / Groups} with {Groups} groups, not {Depth}");
        ThrowUnless(
            Depth == 1 || quantizer.HasResiduals,
            nameof(Depth), $"must be 1 with the quantizer {quantizer.Kind}: its vectors less their codes mean nothing");
        ThrowUnless(
            !SharedCodebook || Depth > 1 && quantizer is CodebookOptions,
            nameof(SharedCodebook), $"needs a quantizer with a codebook and a depth of 2 or more");
        ThrowUnless(
            LevelDropout == 0 || Depth > 1 && LevelDropout is > 0 and <= 1,
            nameof(LevelDropout), $"must be 0 (off) to 1, with a depth of 2 or more, not {LevelDropout}");
    }
}
