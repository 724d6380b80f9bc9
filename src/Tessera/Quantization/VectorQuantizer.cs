using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Nn;

namespace Tessera.Quantization;

/// <summary>The options of a <see cref="VectorQuantizer"/>: only the common ones.</summary>
public sealed record VectorQuantizerOptions : CodebookOptions
{
    internal const string KindName = "gradient";

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <inheritdoc/>
    public override string Summary => "trained by gradients";

    /// <inheritdoc/>
    public override Quantizer Create(int codes, int codeDim, Initializer initializer, int level = 0) =>
        new VectorQuantizer(codes, codeDim, this, initializer);
}

/// <summary>
/// The paper's quantizer, whose codebook is trained by gradients:
/// <c>loss = |sg[z] - e|^2 + commitment * |z - sg[e]|^2</c>, means over all elements (van den Oord et al. 2017,
/// equation 3; the reference notebook's <c>VectorQuantizer</c>).
/// </summary>
public sealed class VectorQuantizer : CodebookQuantizer
{
    private readonly Tensor _codebook;

    /// <summary>Creates the quantizer; its codebook starts uniform in [-1/codes, 1/codes).</summary>
    /// <param name="codes">Codes in the codebook.</param>
    /// <param name="codeDim">Dimensions of a code.</param>
    /// <param name="options">The quantizer's options.</param>
    /// <param name="initializer">Initializes the codebook.</param>
    public VectorQuantizer(int codes, int codeDim, VectorQuantizerOptions options, Initializer initializer)
        : base(options) =>
        _codebook = Parameter(
            "_embedding.weight", initializer.Uniform([codes, codeDim], 1f / codes), ParameterRoles.Table);

    /// <inheritdoc/>
    public override void Start(Tensor codebook, double vectorsPerCode) => _codebook.CopyFrom(codebook);

    /// <inheritdoc/>
    protected override Tensor Table(Tape? tape) => _codebook;
}
