using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Quantization;

/// <summary>
/// Looks codes up in fewer dimensions (factorized codes: Yu et al. 2022, section 3.2): a linear map takes the encoder's
/// vectors down before another quantizer, a second one takes its codes back up.
/// </summary>
public sealed class ProjectedQuantizer : Quantizer
{
    private readonly Conv2d _down;
    private readonly Conv2d _up;

    /// <summary>Creates the quantizer.</summary>
    /// <param name="codes">Codes in the codebook.</param>
    /// <param name="codeDim">Dimensions of the encoder's vectors, and of what is decoded.</param>
    /// <param name="lookupDim">Dimensions that codes are looked up in.</param>
    /// <param name="options">Those of the quantizer that looks them up.</param>
    /// <param name="initializer">Makes the first weights.</param>
    public ProjectedQuantizer(int codes, int codeDim, int lookupDim, QuantizerOptions options, Initializer initializer)
        : base(options)
    {
        _down = Child("_project_in", new Conv2d(codeDim, lookupDim, 1, initializer));
        Inner = Child("_quantizer", options.Create(codes, lookupDim, initializer));
        _up = Child("_project_out", new Conv2d(lookupDim, codeDim, 1, initializer));
    }

    /// <summary>What looks the codes up, behind the map down.</summary>
    public Quantizer Inner { get; }

    /// <summary>The codes as they are decoded, <c>[codes, code dim]</c>: behind the map up. Computed at each call.</summary>
    public override Tensor Codebook
    {
        get
        {
            Tensor codes = Inner.Codebook;
            Tensor map = _up.Forward(codes.Reshape([1, 1, codes.Shape[0], codes.Shape[1]]));
            return map.Reshape([codes.Shape[0], map.Shape.Last]);
        }
    }

    /// <inheritdoc/>
    public override Quantized Quantize(Tensor z, bool training)
    {
        Quantized inner = Inner.Quantize(_down.Forward(z), training);
        return inner with { Vectors = _up.Forward(inner.Vectors) };
    }

    /// <inheritdoc/>
    public override int[] FindCodes(Tensor z) => Inner.FindCodes(_down.Forward(z));

    /// <inheritdoc/>
    public override Tensor Lookup(ReadOnlyMemory<int> codes, Shape shape, Tape? tape)
    {
        if (shape.Last != _up.Weight.Shape[0])
            throw new ArgumentException($"The codes have {_up.Weight.Shape[0]} dimensions, not those of {shape}.", nameof(shape));
        Shape lookedUp = [.. shape.ToArray()[..^1], Inner.Codebook.Shape.Last];
        return _up.Forward(Inner.Lookup(codes, lookedUp, tape));
    }

    /// <inheritdoc/>
    public override void Start(ReadOnlySpan<float> codebook, double vectorsPerCode) => Inner.Start(codebook, vectorsPerCode);

    /// <inheritdoc/>
    public override void ResumeAt(long update) => Inner.ResumeAt(update);

    /// <inheritdoc/>
    public override int Revive(Tensor lookedUp, CounterRandom random) => Inner.Revive(lookedUp, random);
}
