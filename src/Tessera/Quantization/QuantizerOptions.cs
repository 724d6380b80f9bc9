using System.Text.Json.Serialization;
using Tessera.Tensors.Nn;

namespace Tessera.Quantization;

/// <summary>
/// Selects a quantizer and its settings. Each quantizer has its own record.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(VectorQuantizerOptions), VectorQuantizerOptions.KindName)]
[JsonDerivedType(typeof(EmaVectorQuantizerOptions), EmaVectorQuantizerOptions.KindName)]
[JsonDerivedType(typeof(CosineVectorQuantizerOptions), CosineVectorQuantizerOptions.KindName)]
[JsonDerivedType(typeof(SimVectorQuantizerOptions), SimVectorQuantizerOptions.KindName)]
[JsonDerivedType(typeof(FiniteScalarQuantizerOptions), FiniteScalarQuantizerOptions.KindName)]
[JsonDerivedType(typeof(LookupFreeQuantizerOptions), LookupFreeQuantizerOptions.KindName)]
[JsonDerivedType(typeof(BinarySphericalQuantizerOptions), BinarySphericalQuantizerOptions.KindName)]
[JsonDerivedType(typeof(GumbelQuantizerOptions), GumbelQuantizerOptions.KindName)]
public abstract record QuantizerOptions
{
    /// <summary>The quantizer's name on the command line and in files.</summary>
    [JsonIgnore]
    public abstract string Kind { get; }

    /// <summary>A short description of its codebook: "trained by gradients".</summary>
    [JsonIgnore]
    public abstract string Summary { get; }

    /// <summary>All quantizers, each with its default options.</summary>
    public static IReadOnlyList<QuantizerOptions> All { get; } =
    [
        new VectorQuantizerOptions(), new EmaVectorQuantizerOptions(), new CosineVectorQuantizerOptions(),
        new SimVectorQuantizerOptions(), new FiniteScalarQuantizerOptions(), new LookupFreeQuantizerOptions(),
        new BinarySphericalQuantizerOptions(), new GumbelQuantizerOptions(),
    ];

    /// <summary>The default options of a quantizer.</summary>
    /// <param name="kind">The name of the quantizer.</param>
    /// <exception cref="InputException">There is no quantizer of this name; the message lists all names.</exception>
    public static QuantizerOptions Find(string kind) =>
        All.FirstOrDefault(options => options.Kind == kind) ?? throw new InputException(
            $"there is no quantizer \"{kind}\"; "
            + $"choose one of {string.Join(", ", All.Select(options => options.Kind))}");

    /// <summary>
    /// Whether the levels of a residual quantizer can be of this kind: whether vectors less their codes can be
    /// quantized again.
    /// </summary>
    [JsonIgnore]
    public virtual bool HasResiduals => true;

    /// <summary>Whether its tensors show the number of codes; else a model file states it.</summary>
    internal virtual bool HasTable => true;

    /// <summary>The dimensions of its vectors, if they follow from the number of codes; else null.</summary>
    /// <param name="codes">Codes, at least 1.</param>
    /// <exception cref="InputException">It cannot have so many codes; the message says which it can.</exception>
    public virtual int? DimensionsFor(int codes) => null;

    /// <summary>The most levels of a residual quantizer of this kind.</summary>
    /// <param name="codes">Codes of a level.</param>
    internal virtual int MostLevelsFor(int codes) => CellOptions.MostCodes;

    /// <summary>Creates the quantizer with its initial codebook.</summary>
    /// <param name="codes">Codes in the codebook, at least 1.</param>
    /// <param name="codeDim">Dimensions of a code, at least 1.</param>
    /// <param name="initializer">Initializes the tensors.</param>
    /// <param name="level">
    /// The level in a residual quantizer, from 0: quantizers whose codes have a fixed size make them smaller at higher
    /// levels, as the residuals are.
    /// </param>
    public abstract Quantizer Create(int codes, int codeDim, Initializer initializer, int level = 0);

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of its range; the message names it.</exception>
    public abstract void Validate();
}

/// <summary>The JSON form of a quantizer's and a cell's options in model files.</summary>
[JsonSourceGenerationOptions(
    UseStringEnumConverter = true, IgnoreReadOnlyProperties = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(QuantizerOptions))]
[JsonSerializable(typeof(CellOptions))]
internal sealed partial class QuantizerJson : JsonSerializerContext;
