using System.Numerics;
using System.Text.Json.Serialization;
using Tessera.Quantization;
using Tessera.Tensors.Nn;
using static Tessera.InputException;

namespace Tessera.Models;

/// <summary>The sizes and the quantizer of a <see cref="VqVae"/>. The defaults are the reference notebook's.</summary>
public sealed record VqVaeOptions
{
    /// <summary>The largest value of <see cref="ResidualLayers"/>.</summary>
    internal const int MostResidualLayers = 100;

    private const int MaxCodebookLength = 1 << 30, UsualStride = 4;

    // Their pairs are compared in each update.
    private const int MostOrthogonalCodes = 4096;

    /// <summary>Channels of the images: 1 (grey) or 3 (red, green, blue).</summary>
    public int Channels { get; init; } = 3;

    /// <summary>
    /// Channels of the hidden layers, 2 to 8192: a multiple of half of <see cref="Stride"/>, and even. They are those
    /// of the lowest map; each map above has half of the one below.
    /// </summary>
    public int Hidden { get; init; } = 128;

    /// <summary>
    /// Pixels of a code in each direction: 2, 4, 8 or 16; if there are two levels, of one of the lower level. The
    /// encoder has a convolution that halves the map for each factor of two, the decoder a transposed one; the
    /// reference notebook's two make 4.
    /// </summary>
    [JsonIgnore]
    public int Stride { get; init; } = UsualStride;

    /// <summary>
    /// Groups of the group normalisation (Wu and He 2018) before each ReLU of the encoder and decoder; 0 for none, as
    /// in the reference notebook. They divide <see cref="ResidualHidden"/> and the channels of every map: those of the
    /// first are <c>2 Hidden / Stride</c>. The residual blocks are then those of He et al. 2016, whose skip connection
    /// carries x.
    /// </summary>
    public int GroupNorm { get; init; }

    /// <summary>
    /// Heads, a divisor of <see cref="Hidden"/>, of one block of self-attention over the codes' cells, after the
    /// encoder's residual blocks and before the decoder's; 0 for none, as in the reference notebook. Its time grows
    /// with the square of the number of cells.
    /// </summary>
    public int Attention { get; init; }

    /// <summary>Channels inside the residual blocks, 1 to 8192.</summary>
    public int ResidualHidden { get; init; } = 32;

    /// <summary>Residual blocks in each stack, 0 to 100.</summary>
    public int ResidualLayers { get; init; } = 2;

    /// <summary>Codes in the codebook (the paper's K), 1 to 2^20; <c>Codes * CodeDim</c> is at most 2^30.</summary>
    public int Codes { get; init; } = 512;

    /// <summary>
    /// Dimensions of the vectors that the decoder receives (the paper's D), 1 to 8192: those of all groups together.
    /// </summary>
    public int CodeDim { get; init; } = 64;

    /// <summary>
    /// Dimensions of the space in which codes are looked up, after a linear map (<see cref="ProjectedQuantizer"/>), 1
    /// to 8192; 0 for no map, or for a quantizer that needs its own number of dimensions, the maps to those.
    /// </summary>
    public int LookupDim { get; init; }

    /// <summary>The quantizer and its options.</summary>
    public QuantizerOptions Quantizer { get; init; } = new VectorQuantizerOptions();

    /// <summary>How many codes a cell has: by default one.</summary>
    // Null only if a config.json of a former version lacks it.
    public CellOptions Cell { get; init => field = value ?? new CellOptions(); } = new();

    /// <summary>
    /// Pixels of a cell in each direction: <see cref="Stride"/>, or twice that with <see cref="CellOptions.Top"/>.
    /// </summary>
    [JsonIgnore]
    public int PixelsPerCode => Cell.Top ? 2 * Stride : Stride;

    /// <summary>
    /// Numbers of a cell's vector: <see cref="CodeDim"/>, or with <see cref="CellOptions.Top"/> those of its five
    /// codes.
    /// </summary>
    [JsonIgnore]
    public int VectorDim => Cell.Top ? Cell.Codes * CodeDim : CodeDim;

    /// <summary>
    /// <see cref="Stride"/> in a config.json: null where a run is older than the option. The reader would set 0.
    /// </summary>
    [JsonInclude, JsonPropertyName("stride")]
    internal int? StoredStride
    {
        get => Stride;
        init => Stride = value ?? UsualStride;
    }

    /// <summary>The maps that the encoder makes, each of half the height and width of the one before.</summary>
    internal int Maps => BitOperations.Log2((uint)Stride);

    /// <summary>Creates the quantizer with its initial codebook.</summary>
    internal Quantizer CreateQuantizer(Initializer initializer)
    {
        return Cell.Top ? new TwoLevelQuantizer(this, CreateMapped, initializer) : CreateMapped();

        Quantizer CreateMapped() => HasMaps
            ? new ProjectedQuantizer(CodeDim, QuantizerDim, CreateCell, initializer)
            : CreateCell();

        Quantizer CreateCell() => Cell.Groups == 1 ? CreateGroup() : new GroupedQuantizer(Cell.Groups, CreateGroup);

        Quantizer CreateGroup() => Cell.Depth == 1
            ? CreateLevel(0)
            : new ResidualQuantizer(Cell, CreateLevel, initializer);

        Quantizer CreateLevel(int level) =>
            LevelOptions.Create(Codes, DimensionsOfCode, initializer, level);
    }

    /// <summary>Whether linear maps lead to the vectors that are quantized and back.</summary>
    internal bool HasMaps => LookupDim > 0 || QuantizerDim != CodeDim;

    /// <summary>
    /// Dimensions of one code: of those of all groups its group's part, behind the map if there is one.
    /// </summary>
    internal int DimensionsOfCode => QuantizerDim / Cell.Groups;

    /// <summary>
    /// The quantizer of a level. Levels that share a codebook add its term of orthogonality up: each has its part.
    /// </summary>
    private QuantizerOptions LevelOptions => Quantizer is CodebookOptions codebook && Cell.SharedCodebook
        ? codebook with { Orthogonality = codebook.Orthogonality / Cell.Depth }
        : Quantizer;

    /// <summary>
    /// Dimensions of the vectors that are quantized: those of a code, unless there is a map to others.
    /// </summary>
    private int QuantizerDim => LookupDim > 0 ? LookupDim : Cell.Groups * Quantizer.DimensionsFor(Codes) ?? CodeDim;

    /// <summary>
    /// Checks every value. The upper limits are far beyond practical sizes and keep every weight tensor below 2^31
    /// elements.
    /// </summary>
    /// <exception cref="InputException">A value is out of its range; the message names it.</exception>
    public void Validate()
    {
        ThrowUnless(Channels is 1 or 3, nameof(Channels), $"must be 1 or 3, not {Channels}");
        ThrowUnless(Stride is 2 or 4 or 8 or 16, nameof(Stride), $"must be 2, 4, 8 or 16, not {Stride}");
        ThrowUnless(
            Hidden is >= 2 and <= 8192 && Hidden % 2 == 0,
            nameof(Hidden), $"must be an even number from 2 to 8192, not {Hidden}");
        ThrowUnless(
            Hidden % LeastHiddenAt(Stride) == 0,
            nameof(Hidden), $"must be a multiple of {LeastHiddenAt(Stride)} for a stride of {Stride}, not {Hidden}");
        ThrowUnless(
            ResidualHidden is >= 1 and <= 8192, nameof(ResidualHidden), $"must be 1 to 8192, not {ResidualHidden}");
        ThrowUnless(
            ResidualLayers is >= 0 and <= MostResidualLayers,
            nameof(ResidualLayers), $"must be 0 to {MostResidualLayers}, not {ResidualLayers}");
        ThrowUnless(Codes is >= 1 and <= 1 << 20, nameof(Codes), $"must be 1 to {1 << 20}, not {Codes}");
        ThrowUnless(CodeDim is >= 1 and <= 8192, nameof(CodeDim), $"must be 1 to 8192, not {CodeDim}");
        ThrowUnless(
            (long)Codes * CodeDim <= MaxCodebookLength,
            nameof(Codes), $"must be at most {MaxCodebookLength / CodeDim} with {CodeDim} dimensions, not {Codes}");
        ThrowUnless(
            LookupDim is >= 0 and <= 8192,
            nameof(LookupDim), $"must be 1 to 8192, or 0 for the dimensions of a code, not {LookupDim}");
        int mostCodes = MaxCodebookLength / Math.Max(LookupDim, 1);
        ThrowUnless(
            Codes <= mostCodes,
            nameof(Codes), $"must be at most {mostCodes} with {LookupDim} dimensions of the lookup, not {Codes}");
        ValidateNormalization();
        // Null only if a config.json lacks it.
        ThrowUnless(Quantizer is not null, nameof(Quantizer), $"is missing");
        Quantizer.Validate();
        ThrowUnless(
            Quantizer is not CodebookOptions { Orthogonality: > 0 } || Codes <= MostOrthogonalCodes,
            nameof(Codes), $"must be at most {MostOrthogonalCodes} with an orthogonality term, not {Codes}");
        if (Quantizer is CodebookOptions { Start: CodebookStart.KMeans } && Codes > KMeans.MostClusters)
            throw new InputException(
                $"k-means starts a codebook of at most {KMeans.MostClusters} codes, not {Codes}; start it at random")
            { Option = nameof(CodebookOptions.Start) };
        Cell.Validate(Quantizer);
        CheckDimensions();
    }

    /// <summary>Checks that the groups and the quantizer can divide the vectors.</summary>
    private void CheckDimensions()
    {
        if (Quantizer.DimensionsFor(Codes) is { } needed)
            ThrowUnless(
                LookupDim == 0,
                nameof(LookupDim), $"must be 0: {Codes} codes of this quantizer have {needed} dimensions");
        ThrowUnless(
            QuantizerDim % Cell.Groups == 0,
            nameof(CellOptions.Groups),
            $"must divide the {QuantizerDim} dimensions of the vectors; {Cell.Groups} does not");
        ThrowUnless(
            Cell.Depth <= Quantizer.MostLevelsFor(Codes),
            nameof(CellOptions.Depth),
            $"must be at most {Quantizer.MostLevelsFor(Codes)}, not {Cell.Depth}: float32 has no smaller steps");
    }

    /// <summary>The fewest hidden channels at a stride; other numbers are multiples of it.</summary>
    internal static int LeastHiddenAt(int stride) => Math.Max(stride / 2, 2);

    /// <summary>The most groups of group normalisation: all maps and blocks have a multiple of it.</summary>
    private int MostGroups
    {
        get
        {
            return Greatest(Hidden >> (Maps - 1), ResidualHidden);

            static int Greatest(int a, int b) => b == 0 ? a : Greatest(b, a % b);
        }
    }

    private void ValidateNormalization()
    {
        int most = MostGroups;
        ThrowUnless(
            GroupNorm == 0 || (GroupNorm > 0 && most % GroupNorm == 0),
            nameof(GroupNorm),
            $"must be 0 or a divisor of {most}, as the channels of all maps and blocks need it, not {GroupNorm}");
        ThrowUnless(
            Attention == 0 || (Attention > 0 && Hidden % Attention == 0),
            nameof(Attention), $"must be 0 or a divisor of the {Hidden} hidden channels, not {Attention}");
    }

    /// <summary>
    /// The sizes of another model with this model's quantizer options; if the two quantizers are of different kinds,
    /// with the other's.
    /// </summary>
    public VqVaeOptions WithSizesOf(VqVaeOptions other) => other with
    {
        Quantizer = Quantizer.Kind == other.Quantizer.Kind ? Quantizer : other.Quantizer,
    };
}
