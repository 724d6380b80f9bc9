using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Quantization;

/// <summary>The options of a <see cref="SimVectorQuantizer"/>: only the common ones.</summary>
public sealed record SimVectorQuantizerOptions : QuantizerOptions
{
    internal const string KindName = "simvq";

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <inheritdoc/>
    public override string Summary => "frozen behind a linear map that is trained (SimVQ)";

    /// <inheritdoc/>
    public override Quantizer Create(int codes, int codeDim, Initializer initializer) =>
        new SimVectorQuantizer(codes, codeDim, this, initializer);
}

/// <summary>
/// SimVQ (Zhu et al., "Addressing Representation Collapse in Vector Quantized Models with One Linear Layer", 2024): the
/// codebook is <c>e = C W^T</c> with a frozen random C <c>[codes, code dim]</c> and one trained linear map W. The loss
/// is <c>|sg[z] - e|^2 + commitment * |z - sg[e]|^2</c>. A gradient step on W moves all codes, chosen or not, so none
/// is left behind.
/// </summary>
public sealed class SimVectorQuantizer : Quantizer
{
    private readonly Tensor _frozen;
    private readonly Conv2d _projection;

    /// <summary>
    /// Creates the quantizer; its frozen codes have independent normal elements of variance 1 / code dim.
    /// </summary>
    /// <param name="codes">Codes in the codebook.</param>
    /// <param name="codeDim">Dimensions of a code.</param>
    /// <param name="options">The quantizer's options.</param>
    /// <param name="initializer">Initializes the frozen codes and the map.</param>
    public SimVectorQuantizer(int codes, int codeDim, SimVectorQuantizerOptions options, Initializer initializer)
        : base(options)
    {
        float[] normal = initializer.Normal([codes, codeDim]).ToArray();
        for (int i = 0; i < normal.Length; i++) normal[i] /= MathF.Sqrt(codeDim);
        _frozen = Buffer("_embedding.weight", initializer.Zeros([codes, codeDim]));
        _frozen.CopyFrom(normal);
        _projection = Child("_embedding_proj", new Conv2d(codeDim, codeDim, 1, initializer, bias: false));
    }

    /// <summary>The codebook used for look-ups: the frozen codes after the linear map. Computed at each call.</summary>
    public override Tensor Codebook => Project(tape: null);

    /// <inheritdoc/>
    public override Quantized Quantize(Tensor z, bool training)
    {
        Tensor codebook = Project(z.Tape);
        int[] codes = FindNearest(z, codebook);
        Tensor e = codebook.GatherRows(codes, z.Shape, z.Tape);
        Tensor loss = e.MutualSquaredError(z, xWeight: 1, yWeight: Commitment);
        return new Quantized(PassGradient(z, e), loss, codes, z);
    }

    /// <summary>Sets the frozen codes and resets the map to the identity.</summary>
    /// <inheritdoc/>
    public override void Start(ReadOnlySpan<float> codebook, double vectorsPerCode)
    {
        _frozen.CopyFrom(codebook);
        int dimensions = _frozen.Shape.Last;
        float[] identity = new float[dimensions * dimensions];
        for (int i = 0; i < dimensions; i++) identity[i * dimensions + i] = 1;
        _projection.Weight.CopyFrom(identity);
    }

    private Tensor Project(Tape? tape)
    {
        (int codes, int dimensions) = (_frozen.Shape[0], _frozen.Shape[1]);
        // A 1x1 convolution over a map of one row is a matrix product.
        return _projection.Forward(_frozen.Reshape([1, 1, codes, dimensions], tape)).Reshape([codes, dimensions]);
    }
}
