using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Quantization;

/// <summary>The options of a <see cref="SimVectorQuantizer"/>: only the common ones.</summary>
public sealed record SimVectorQuantizerOptions : CodebookOptions
{
    internal const string KindName = "simvq";

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <inheritdoc/>
    public override string Summary => "frozen behind a linear map that is trained (SimVQ)";

    /// <inheritdoc/>
    public override Quantizer Create(int codes, int codeDim, Initializer initializer, int level = 0) =>
        new SimVectorQuantizer(codes, codeDim, this, initializer);
}

/// <summary>
/// SimVQ (Zhu et al., "Addressing Representation Collapse in Vector Quantized Models with One Linear Layer", 2024): the
/// codebook is <c>e = C W^T</c> with a frozen random C <c>[codes, code dim]</c> and one trained linear map W. The loss
/// is <c>|sg[z] - e|^2 + commitment * |z - sg[e]|^2</c>. A gradient step on W moves all codes, chosen or not, so none
/// is left behind.
/// </summary>
public sealed class SimVectorQuantizer : CodebookQuantizer
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
        _frozen = Buffer("_embedding.weight", initializer.Normal([codes, codeDim]));
        using Tensor divisors = initializer.Zeros([codes]);
        divisors.Fill(MathF.Sqrt(codeDim));
        _frozen.DivideRows(divisors, _frozen);
        _projection = Child("_embedding_proj", new Conv2d(codeDim, codeDim, 1, initializer, bias: false));
    }

    /// <summary>Sets the frozen codes and resets the map to the identity.</summary>
    /// <inheritdoc/>
    public override void Start(Tensor codebook, double vectorsPerCode)
    {
        _frozen.CopyFrom(codebook);
        int dimensions = _frozen.Shape.Last;
        float[] identity = new float[dimensions * dimensions];
        for (int i = 0; i < dimensions; i++) identity[i * dimensions + i] = 1;
        _projection.Weight.CopyFrom(identity);
    }

    /// <summary>The frozen codes after the linear map.</summary>
    /// <inheritdoc/>
    protected override Tensor Table(Tape? tape)
    {
        (int codes, int dimensions) = (_frozen.Shape[0], _frozen.Shape[1]);
        // A 1x1 convolution over a map of one row is a matrix product.
        Tensor map = _projection.Forward(_frozen.On(tape).Reshape([1, 1, codes, dimensions]));
        return map.Reshape([codes, dimensions]);
    }
}
