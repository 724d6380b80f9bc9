using System.Text.Json.Serialization;
using Tessera.Tensors.Nn;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>
/// Which quantizer a model has and how it learns: a record for each, beside the quantizer that it makes. What all have
/// in common is here.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(VectorQuantizerOptions), VectorQuantizerOptions.KindName)]
[JsonDerivedType(typeof(EmaVectorQuantizerOptions), EmaVectorQuantizerOptions.KindName)]
[JsonDerivedType(typeof(CosineVectorQuantizerOptions), CosineVectorQuantizerOptions.KindName)]
[JsonDerivedType(typeof(SimVectorQuantizerOptions), SimVectorQuantizerOptions.KindName)]
public abstract record QuantizerOptions
{
    /// <summary>What the quantizer is called on the command line and in files.</summary>
    [JsonIgnore]
    public abstract string Kind { get; }

    /// <summary>A few words for people on its codebook: "trained by gradients".</summary>
    [JsonIgnore]
    public abstract string Summary { get; }

    /// <summary>The commitment cost (the paper's beta), at least 0: what keeps the encoder near the codes it chose.</summary>
    public float Commitment { get; init; } = 0.25f;

    /// <summary>How the decoder's gradient gets past the choice of a code.</summary>
    public GradientEstimator Gradient { get; init; }

    /// <summary>Where the codebook starts.</summary>
    public CodebookStart Start { get; init; }

    /// <summary>The quantizers there are, each with its usual options.</summary>
    public static IReadOnlyList<QuantizerOptions> All { get; } =
    [
        new VectorQuantizerOptions(), new EmaVectorQuantizerOptions(), new CosineVectorQuantizerOptions(),
        new SimVectorQuantizerOptions(),
    ];

    /// <summary>The usual options of a quantizer.</summary>
    /// <param name="kind">What it is called.</param>
    /// <exception cref="InputException">There is none of this name; the message lists those there are.</exception>
    public static QuantizerOptions Find(string kind) =>
        All.FirstOrDefault(options => options.Kind == kind) ?? throw new InputException(
            $"there is no quantizer \"{kind}\"; choose one of {string.Join(", ", All.Select(options => options.Kind))}");

    /// <summary>Makes the quantizer, with its first codebook.</summary>
    /// <param name="codes">Codes in the codebook, at least 1.</param>
    /// <param name="codeDim">Dimensions of a code, at least 1.</param>
    /// <param name="initializer">Makes the first values.</param>
    public abstract Quantizer Create(int codes, int codeDim, Initializer initializer);

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of its range; the message names it.</exception>
    public virtual void Validate()
    {
        ThrowUnless(Commitment >= 0 && float.IsFinite(Commitment), $"commitment must be a number of at least 0, not {Commitment}");
        ThrowUnless(Enum.IsDefined(Gradient), $"gradient must be one of {string.Join(", ", Enum.GetNames<GradientEstimator>())}, not {Gradient}");
        ThrowUnless(Enum.IsDefined(Start), $"codebook-start must be one of {string.Join(", ", Enum.GetNames<CodebookStart>())}, not {Start}");
    }
}

/// <summary>The JSON of a quantizer's options, as model files carry it.</summary>
[JsonSourceGenerationOptions(
    UseStringEnumConverter = true, IgnoreReadOnlyProperties = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(QuantizerOptions))]
internal sealed partial class QuantizerJson : JsonSerializerContext;
