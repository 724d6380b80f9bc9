using System.Text.Json.Serialization;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>The options of quantizers that look codes up in a table (<see cref="CodebookQuantizer"/>).</summary>
public abstract record CodebookOptions : QuantizerOptions
{
    /// <summary>
    /// The commitment cost (the paper's beta), at least 0: the weight of the loss term that keeps encoder outputs near
    /// their codes.
    /// </summary>
    public float Commitment { get; init; } = 0.25f;

    /// <summary>How the decoder's gradient passes to the encoder.</summary>
    public GradientEstimator Gradient { get; init; }

    /// <summary>The initialization of the codebook.</summary>
    public CodebookStart Start { get; init; }

    /// <summary>
    /// The weight of entropy terms, at least 0; 0 for none. With <c>p = softmax(-|u - e|^2 / temperature)</c> over all
    /// codes, the loss gets <c>weight * (mean over vectors of H(p) - diversity * H(mean of p))</c> (Yu et al. 2023,
    /// equation 5): each vector comes near one code, and the batch uses many.
    /// </summary>
    public float Entropy { get; init; }

    /// <summary>The weight of the batch's entropy beside that of each vector, at least 0.</summary>
    [JsonIgnore]
    public float Diversity { get; init; } = 1;

    /// <summary><see cref="Diversity"/> in a file: null where it is older than the option.</summary>
    [JsonInclude, JsonPropertyName("diversity")]
    internal float? StoredDiversity
    {
        get => Diversity;
        init => Diversity = value ?? 1;
    }

    /// <summary>The temperature of the entropy terms, above 0: about the squared distance of near codes.</summary>
    // 0 only where a file is older than the option.
    public float Temperature { get; init => field = value == 0 ? 1 : value; } = 1;

    /// <summary>
    /// The weight of the term that keeps codes apart in angle, at least 0; 0 for none. With ^ for length 1, it is
    /// <c>weight * (sum over pairs of (e^[i] . e^[j])^2 / K^2 - 1 / K)</c> (Shin et al. 2021, "Translation-equivariant
    /// image quantizer for bi-directional image-text generation", section 3.2). It needs codes that gradients train.
    /// </summary>
    public float Orthogonality { get; init; }

    /// <summary>Whether gradients train the codes.</summary>
    [JsonIgnore]
    public virtual bool LearnsByGradient => true;

    /// <inheritdoc/>
    public override void Validate()
    {
        ThrowUnless(
            Entropy >= 0 && float.IsFinite(Entropy), nameof(Entropy), $"must be a number of at least 0, not {Entropy}");
        ThrowUnless(
            Entropy == 0 || Diversity >= 0 && float.IsFinite(Diversity),
            nameof(Diversity), $"must be a number of at least 0, not {Diversity}");
        ThrowUnless(
            Entropy == 0 || Temperature > 0 && float.IsFinite(Temperature),
            nameof(Temperature), $"must be a number above 0, not {Temperature}");
        ThrowUnless(
            Orthogonality == 0 || Orthogonality > 0 && float.IsFinite(Orthogonality) && LearnsByGradient,
            nameof(Orthogonality),
            $"must be a number of at least 0, and 0 for codes that are running averages, not {Orthogonality}");
        ThrowUnless(
            Commitment >= 0 && float.IsFinite(Commitment),
            nameof(Commitment), $"must be a number of at least 0, not {Commitment}");
        ThrowUnless(
            Enum.IsDefined(Gradient),
            nameof(Gradient),
            $"must be one of {string.Join(", ", Enum.GetNames<GradientEstimator>())}, not {Gradient}");
        ThrowUnless(
            Enum.IsDefined(Start),
            nameof(Start), $"must be one of {string.Join(", ", Enum.GetNames<CodebookStart>())}, not {Start}");
    }
}
