using System.Text.Json.Serialization;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>
/// The options of quantizers that look codes up in a table (<see cref="CodebookQuantizer"/>). The probabilities of the
/// entropy terms, which are off by default, are <c>softmax(-|u - e|^2 / temperature)</c> over all codes.
/// </summary>
public abstract record CodebookOptions : EntropyOptions
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

    /// <summary>The temperature of the entropy terms, above 0: about the squared distance of near codes.</summary>
    [JsonIgnore]
    public float Temperature { get; init; } = 1;

    /// <summary><see cref="Temperature"/> in a file: null where it is older than the option.</summary>
    [JsonInclude, JsonPropertyName("temperature")]
    internal float? StoredTemperature
    {
        get => Temperature;
        init => Temperature = value ?? 1;
    }

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
        base.Validate();
        ThrowUnless(
            Temperature > 0 && float.IsFinite(Temperature),
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
