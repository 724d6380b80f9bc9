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
    public override Quantizer Create(int codes, int codeDim, Initializer initializer, int level = 0) =>
        new CosineVectorQuantizer(codes, codeDim, this, initializer, level);
}

/// <summary>
/// Quantizes by cosine similarity: vectors and codes have length 1, so the nearest code has the largest cosine (Yu et
/// al., "Vector-quantized Image Modeling with Improved VQGAN", 2022, section 3.2). Codes are directions of running
/// averages (spherical k-means): with u = z / |z| and m the averages of u, <c>e[k] = m[k] / |m[k]|</c>. The loss is
/// <c>commitment * |u - sg[e]|^2</c>. The decoder receives unit vectors.
/// </summary>
public sealed class CosineVectorQuantizer : RunningAverageQuantizer
{
    private readonly float _length;

    /// <summary>Creates the quantizer; its codes start uniformly distributed on the unit sphere.</summary>
    /// <param name="codes">Codes in the codebook.</param>
    /// <param name="codeDim">Dimensions of a code.</param>
    /// <param name="options">The quantizer's options.</param>
    /// <param name="initializer">Initializes the codebook.</param>
    /// <param name="level">The level in a residual quantizer, from 0: codes have the length 2^-level.</param>
    public CosineVectorQuantizer(
        int codes, int codeDim, CosineVectorQuantizerOptions options, Initializer initializer, int level = 0)
        : base(codes, codeDim, options, initializer)
    {
        _length = MathF.ScaleB(1, -level);
        Start(Codes, vectorsPerCode: 1);
    }

    /// <summary>Normalizes the codes to their length first.</summary>
    /// <inheritdoc/>
    public override void Start(Tensor codebook, double vectorsPerCode)
    {
        using Tensor directions = codebook.NormalizeRows();
        SetLength(directions);
        base.Start(directions, vectorsPerCode);
    }

    /// <inheritdoc/>
    protected internal override Tensor ToLatents(Tensor z)
    {
        Tensor directions = z.NormalizeRows();
        return _length == 1 ? directions : directions.Scale(_length);
    }

    /// <inheritdoc/>
    protected override void Follow()
    {
        Sums.NormalizeRows(Codes);
        SetLength(Codes);
    }

    /// <summary>Gives rows of length 1 the length of the codes.</summary>
    private void SetLength(Tensor directions)
    {
        if (_length != 1)
            directions.Device.Scale(directions.Storage, _length, directions.Storage, accumulate: false);
    }
}
