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
    /// <param name="codeDim">Dimensions of the encoder's and the decoder's vectors.</param>
    /// <param name="lookupDim">Dimensions of the inner quantizer's vectors.</param>
    /// <param name="create">Creates the inner quantizer.</param>
    /// <param name="initializer">Initializes the weights.</param>
    public ProjectedQuantizer(int codeDim, int lookupDim, Func<Quantizer> create, Initializer initializer)
    {
        _down = Child("_project_in", new Conv2d(codeDim, lookupDim, 1, initializer));
        Inner = Child("_quantizer", create());
        _up = Child("_project_out", new Conv2d(lookupDim, codeDim, 1, initializer));
    }

    /// <summary>The inner quantizer, which looks the codes up.</summary>
    public Quantizer Inner { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Quantizer> Levels => Inner.Levels;

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

    /// <summary>
    /// The codes of the inner quantizer, projected back. With several levels, each has its share of the bias.
    /// </summary>
    /// <inheritdoc/>
    public override Tensor Codebook(Tape tape)
    {
        Tensor inner = Inner.Codebook(tape);
        if (Levels.Count == 1) return Project(inner);
        Tensor linear = Project(inner, bias: false);
        return linear.Add(_up.Bias!.On(tape).Scale(1f / Levels.Count));
    }

    /// <inheritdoc/>
    public override void Start(Tensor codebook, double vectorsPerCode) => Inner.Start(codebook, vectorsPerCode);

    /// <inheritdoc/>
    public override void SetUpdates(long update, bool isSettled = false) =>
        Inner.SetUpdates(update, isSettled);

    /// <inheritdoc/>
    public override void Share(UpdateBlock block) => Inner.Share(block);

    /// <inheritdoc/>
    public override void Prepare(bool learns = true) => Inner.Prepare(learns);

    /// <inheritdoc/>
    public override int Revive(Tensor latents, CounterRandom random) => Inner.Revive(latents, random);

    /// <inheritdoc/>
    protected internal override bool HasRareCodes(int vectors) => Inner.HasRareCodes(vectors);

    /// <summary>Projects vectors <c>[..., lookup dim]</c> back to <c>[..., code dim]</c>.</summary>
    private Tensor Project(Tensor vectors, bool bias = true)
    {
        Shape shape = vectors.Shape;
        Tensor map = vectors.Reshape([1, 1, shape.Rows, shape.Last]).Conv2d(
            _up.Weight, bias ? _up.Bias : null, stride: 1, padding: 0);
        return map.Reshape([.. shape.ToArray()[..^1], map.Shape.Last]);
    }
}
