using System.Text.Json.Serialization;
using Tessera.Tensors.Nn;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>
/// Selects a quantizer and its settings. Each quantizer has its own record; this one holds the common options.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(VectorQuantizerOptions), VectorQuantizerOptions.KindName)]
[JsonDerivedType(typeof(EmaVectorQuantizerOptions), EmaVectorQuantizerOptions.KindName)]
[JsonDerivedType(typeof(CosineVectorQuantizerOptions), CosineVectorQuantizerOptions.KindName)]
[JsonDerivedType(typeof(SimVectorQuantizerOptions), SimVectorQuantizerOptions.KindName)]
public abstract record QuantizerOptions
{
    /// <summary>The quantizer's name on the command line and in files.</summary>
    [JsonIgnore]
    public abstract string Kind { get; }

    /// <summary>A short description of its codebook: "trained by gradients".</summary>
    [JsonIgnore]
    public abstract string Summary { get; }

    /// <summary>
    /// The commitment cost (the paper's beta), at least 0: the weight of the loss term that keeps encoder outputs near
    /// their codes.
    /// </summary>
    public float Commitment { get; init; } = 0.25f;

    /// <summary>How the decoder's gradient passes to the encoder.</summary>
    public GradientEstimator Gradient { get; init; }

    /// <summary>The initialization of the codebook.</summary>
    public CodebookStart Start { get; init; }

    /// <summary>All quantizers, each with its default options.</summary>
    public static IReadOnlyList<QuantizerOptions> All { get; } =
    [
        new VectorQuantizerOptions(), new EmaVectorQuantizerOptions(), new CosineVectorQuantizerOptions(),
        new SimVectorQuantizerOptions(),
    ];

    /// <summary>The default options of a quantizer.</summary>
    /// <param name="kind">The name of the quantizer.</param>
    /// <exception cref="InputException">There is no quantizer of this name; the message lists all names.</exception>
    public static QuantizerOptions Find(string kind) =>
        All.FirstOrDefault(options => options.Kind == kind) ?? throw new InputException(
            $"there is no quantizer \"{kind}\"; "
            + $"choose one of {string.Join(", ", All.Select(options => options.Kind))}");

    /// <summary>Creates the quantizer with its initial codebook.</summary>
    /// <param name="codes">Codes in the codebook, at least 1.</param>
    /// <param name="codeDim">Dimensions of a code, at least 1.</param>
    /// <param name="initializer">Initializes the tensors.</param>
    public abstract Quantizer Create(int codes, int codeDim, Initializer initializer);

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of its range; the message names it.</exception>
    public virtual void Validate()
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

/// <summary>The JSON form of a quantizer's options in model files.</summary>
[JsonSourceGenerationOptions(
    UseStringEnumConverter = true, IgnoreReadOnlyProperties = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(QuantizerOptions))]
internal sealed partial class QuantizerJson : JsonSerializerContext;
