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

    /// <inheritdoc/>
    public override void Validate()
    {
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
