using System.Text.Json.Serialization;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>
/// The options of quantizers whose loss can have entropy terms: with the probabilities p of the codes of a vector,
/// <c>weight * (mean over vectors of H(p) - diversity * H(mean of p))</c> (Yu et al. 2023, equation 5). Each vector
/// comes near one code, and the batch uses many. Derived classes say what p is.
/// </summary>
public abstract record EntropyOptions : QuantizerOptions
{
    /// <summary>The weight of the terms, at least 0; 0 for none.</summary>
    public float Entropy { get; init; }

    /// <summary>
    /// The weight of the batch's entropy beside that of each vector, at least 0: larger values spread the codes
    /// further.
    /// </summary>
    [JsonIgnore]
    public float Diversity { get; init; } = 1;

    /// <summary><see cref="Diversity"/> in a file: null where it is older than the option.</summary>
    [JsonInclude, JsonPropertyName("diversity")]
    internal float? StoredDiversity
    {
        get => Diversity;
        init => Diversity = value ?? 1;
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        ThrowUnless(
            Entropy >= 0 && float.IsFinite(Entropy), nameof(Entropy), $"must be a number of at least 0, not {Entropy}");
        ThrowUnless(
            Diversity >= 0 && float.IsFinite(Diversity),
            nameof(Diversity), $"must be a number of at least 0, not {Diversity}");
    }
}
