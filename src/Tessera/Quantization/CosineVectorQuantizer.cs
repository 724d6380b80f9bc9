using Tessera.Tensors;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Quantization;

/// <summary>The options of a <see cref="CosineVectorQuantizer"/>.</summary>
public sealed record CosineVectorQuantizerOptions : RunningAverageOptions
{
    internal const string KindName = "cosine";

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <inheritdoc/>
    public override string Summary => FormattableString.Invariant($"directions of running averages (decay {Decay})");

    /// <inheritdoc/>
    public override Quantizer Create(int codes, int codeDim, Initializer initializer) =>
        new CosineVectorQuantizer(codes, codeDim, this, initializer);
}

/// <summary>
/// Quantizes by cosine similarity: vectors and codes have length 1, so the nearest code has the largest cosine (Yu et
/// al., "Vector-quantized Image Modeling with Improved VQGAN", 2022, section 3.2). Codes are directions of running
/// averages (spherical k-means): with u = z / |z| and m the averages of u, <c>e[k] = m[k] / |m[k]|</c>. The loss is
/// <c>commitment * |u - sg[e]|^2</c>. The decoder receives unit vectors.
/// </summary>
public sealed class CosineVectorQuantizer : RunningAverageQuantizer
{
    /// <summary>Creates the quantizer; its codes start uniformly distributed on the unit sphere.</summary>
    /// <param name="codes">Codes in the codebook.</param>
    /// <param name="codeDim">Dimensions of a code.</param>
    /// <param name="options">The quantizer's options.</param>
    /// <param name="initializer">Initializes the codebook.</param>
    public CosineVectorQuantizer(int codes, int codeDim, CosineVectorQuantizerOptions options, Initializer initializer)
        : base(codes, codeDim, options, initializer) => Start(Codes, vectorsPerCode: 1);

    /// <summary>Normalizes the codes to length 1 first.</summary>
    /// <inheritdoc/>
    public override void Start(Tensor codebook, double vectorsPerCode)
    {
        using Tensor unit = codebook.NormalizeRows();
        base.Start(unit, vectorsPerCode);
    }

    /// <inheritdoc/>
    protected override Tensor ToLatents(Tensor z) => z.NormalizeRows();

    /// <inheritdoc/>
    protected override void Learn(Tensor latents, Indices codes)
    {
        MoveAverages(latents, codes);
        Sums.NormalizeRows(Codes);
    }
}
