using Tessera.Tensors;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>The options of a <see cref="BinarySphericalQuantizer"/>.</summary>
public sealed record BinarySphericalQuantizerOptions : BitOptions
{
    internal const string KindName = "bsq";

    /// <summary>The temperature of the bits' probabilities, above 0.</summary>
    public float Temperature { get; init; } = 0.1f;

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <inheritdoc/>
    public override string Summary => "signs on the unit sphere (BSQ)";

    /// <inheritdoc/>
    public override Quantizer Create(int codes, int codeDim, Initializer initializer, int level = 0) =>
        new BinarySphericalQuantizer(codes, this, initializer, level);

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        ThrowUnless(
            Temperature > 0 && float.IsFinite(Temperature),
            nameof(Temperature), $"must be a number above 0, not {Temperature}");
    }
}

/// <summary>
/// BSQ, binary spherical quantization (Zhao, Xiong, Kraehenbuehl, "Image and Video Tokenization with Binary Spherical
/// Quantization", 2024, section 3): with d bits, <c>u = z / |z|</c> and <c>e = sign(u) / sqrt(d)</c>, both of length 1.
/// The loss is the entropy terms of <see cref="BitQuantizer"/> alone, with the logit <c>2 u / (sqrt(d) temperature)</c>
/// of each bit: the distance of u and e is bounded, so no term has to keep them together.
/// </summary>
public sealed class BinarySphericalQuantizer : BitQuantizer
{
    private readonly float _length;

    /// <summary>Creates the quantizer.</summary>
    /// <param name="codes">Codes, a power of two.</param>
    /// <param name="options">The quantizer's options.</param>
    /// <param name="initializer">Names the device.</param>
    /// <param name="level">The level in a residual quantizer, from 0: codes have the length 2^-level.</param>
    public BinarySphericalQuantizer(
        int codes, BinarySphericalQuantizerOptions options, Initializer initializer, int level = 0)
        : base(codes, options, Size(options, codes, level), Sharpness(options, codes, level), initializer) =>
        _length = MathF.ScaleB(1, -level);

    /// <inheritdoc/>
    protected internal override Tensor ToLatents(Tensor z)
    {
        Tensor directions = z.NormalizeRows();
        return _length == 1 ? directions : directions.Scale(_length);
    }

    private static float Size(BinarySphericalQuantizerOptions options, int codes, int level) =>
        MathF.ScaleB(1, -level) / MathF.Sqrt(options.DimensionsFor(codes)!.Value);

    // The latents have the length 2^-level, which the logits must not depend on.
    private static float Sharpness(BinarySphericalQuantizerOptions options, int codes, int level) =>
        MathF.ScaleB(2, level) / (MathF.Sqrt(options.DimensionsFor(codes)!.Value) * options.Temperature);
}
