using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Quantization;

/// <summary>
/// Looks codes up in a space of other, usually fewer, dimensions (factorized codes: Yu et al. 2022, section 3.2). A
/// linear map projects the encoder's vectors for an inner quantizer; a second one projects its codes back.
/// </summary>
public sealed class ProjectedQuantizer : Quantizer
{
    private readonly Conv2d _down;
    private readonly Conv2d _up;

    /// <summary>Creates the quantizer.</summary>
    /// <param name="codes">Codes in the codebook.</param>
    /// <param name="codeDim">Dimensions of the encoder's and the decoder's vectors.</param>
    /// <param name="lookupDim">Dimensions of the inner quantizer's codes.</param>
    /// <param name="options">The options of the inner quantizer.</param>
    /// <param name="initializer">Initializes the weights.</param>
    public ProjectedQuantizer(int codes, int codeDim, int lookupDim, QuantizerOptions options, Initializer initializer)
        : base(options)
    {
        _down = Child("_project_in", new Conv2d(codeDim, lookupDim, 1, initializer));
        Inner = Child("_quantizer", options.Create(codes, lookupDim, initializer));
        _up = Child("_project_out", new Conv2d(lookupDim, codeDim, 1, initializer));
    }

    /// <summary>The inner quantizer, which looks the codes up.</summary>
    public Quantizer Inner { get; }

    /// <inheritdoc/>
    public override Quantized Quantize(Tensor z, bool training)
    {
        Quantized inner = Inner.Quantize(_down.Forward(z), training);
        return inner with { Vectors = _up.Forward(inner.Vectors) };
    }

    /// <inheritdoc/>
    public override Indices FindCodes(Tensor z) => z.OnTape(x => Inner.FindCodes(_down.Forward(x)));

    /// <inheritdoc/>
    public override Tensor Lookup(Indices codes) => codes.OnTape(x => Project(Inner.Lookup(x)));

    /// <summary>The codes of the inner quantizer, projected back.</summary>
    /// <inheritdoc/>
    public override Tensor Codebook(Tape tape) => Project(Inner.Codebook(tape));

    /// <inheritdoc/>
    public override void Start(Tensor codebook, double vectorsPerCode) => Inner.Start(codebook, vectorsPerCode);

    /// <inheritdoc/>
    public override void SetUpdates(long update) => Inner.SetUpdates(update);

    /// <inheritdoc/>
    public override void Share(UpdateBlock block) => Inner.Share(block);

    /// <inheritdoc/>
    public override void Prepare() => Inner.Prepare();

    /// <inheritdoc/>
    public override int Revive(Tensor latents, CounterRandom random) => Inner.Revive(latents, random);

    /// <summary>Projects vectors <c>[..., lookup dim]</c> back to <c>[..., code dim]</c>.</summary>
    private Tensor Project(Tensor vectors)
    {
        Shape shape = vectors.Shape;
        Tensor map = _up.Forward(vectors.Reshape([1, 1, shape.Rows, shape.Last]));
        return map.Reshape([.. shape.ToArray()[..^1], map.Shape.Last]);
    }
}
