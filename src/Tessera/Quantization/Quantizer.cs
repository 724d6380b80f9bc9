using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Quantization;

/// <summary>
/// Replaces vectors by the nearest vectors of a codebook (van den Oord et al. 2017, equations 1 and 2). What differs
/// between quantizers is how the codebook is trained, and in what space it is looked up.
/// </summary>
public abstract class Quantizer : Module
{
    private readonly GradientEstimator _gradient;

    /// <summary>Creates the quantizer.</summary>
    /// <param name="options">What all quantizers have in common.</param>
    protected Quantizer(QuantizerOptions options)
    {
        Commitment = options.Commitment;
        _gradient = options.Gradient;
    }

    /// <summary>The codebook, <c>[codes, code dim]</c>: the paper's e.</summary>
    public abstract Tensor Codebook { get; }

    /// <summary>The commitment cost: the weight of what keeps the encoder near the codes it chose.</summary>
    public float Commitment { get; }

    /// <summary>Quantizes vectors.</summary>
    /// <param name="z">The encoder's output, <c>[batch, height, width, code dim]</c>: the paper's z_e(x).</param>
    /// <param name="training">Whether this is a training step, in which a codebook of running averages moves.</param>
    /// <exception cref="ArgumentException">The vectors have other dimensions than the codes.</exception>
    public abstract Quantized Quantize(Tensor z, bool training);

    /// <summary>The nearest code of each vector (equation 1), the lowest on a tie.</summary>
    /// <param name="z"><c>[..., code dim]</c>.</param>
    /// <returns>A code, 0 to K - 1, for each vector, in row-major order.</returns>
    /// <exception cref="ArgumentException">The vectors have other dimensions than the codes.</exception>
    public virtual int[] FindCodes(Tensor z) => FindNearest(z, Codebook);

    /// <summary>The vectors of codes (equation 2).</summary>
    /// <param name="codes">A code for each row of the result.</param>
    /// <param name="shape">The result's shape, <c>[..., code dim]</c>.</param>
    /// <param name="tape">Where it is computed; null for a tensor of its own.</param>
    /// <exception cref="ArgumentException">There are not as many codes as vectors, or the dimensions differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A code is not in the codebook.</exception>
    public virtual Tensor Lookup(ReadOnlyMemory<int> codes, Shape shape, Tape? tape) => Codebook.GatherRows(codes, shape, tape);

    /// <summary>Gives the codebook its first codes, as if each had just been chosen by as many vectors equal to it.</summary>
    /// <param name="codebook"><c>[codes, dimensions]</c> in the space of <see cref="Quantized.LookedUp"/>.</param>
    /// <param name="vectorsPerCode">How many vectors of a batch come to a code: batch x height x width / K.</param>
    public abstract void Start(ReadOnlySpan<float> codebook, double vectorsPerCode);

    /// <summary>Tells the quantizer of a run that is resumed how many training updates were made; a new one has made none.</summary>
    /// <param name="update">Updates made, at least 0.</param>
    public virtual void ResumeAt(long update)
    {
    }

    /// <summary>Puts codes that are hardly chosen any more where there are vectors, if the quantizer is told to.</summary>
    /// <param name="lookedUp">The batch's <see cref="Quantized.LookedUp"/>.</param>
    /// <param name="random">What decides which vectors they become.</param>
    /// <returns>How many codes were moved.</returns>
    public virtual int Revive(Tensor lookedUp, CounterRandom random) => 0;

    /// <summary>The number of the nearest row of a table for each vector.</summary>
    protected static int[] FindNearest(Tensor z, Tensor table)
    {
        int[] codes = new int[z.Shape.Rows];
        z.NearestRows(table, codes);
        return codes;
    }

    /// <summary>The codes' vectors e in place of z, with a gradient to z as <see cref="GradientEstimator"/> says.</summary>
    protected Tensor PassGradient(Tensor z, Tensor e) =>
        _gradient == GradientEstimator.Rotation ? z.RotateTo(e) : z.StraightThrough(e);
}

/// <summary>What a quantizer makes of a batch.</summary>
/// <param name="Vectors">The codes' vectors in the shape of the input; gradients pass to it.</param>
/// <param name="Loss">The quantizer's part of the loss, a scalar.</param>
/// <param name="Codes">The code of each vector, 0 to K - 1, in row-major order.</param>
/// <param name="LookedUp">The vectors in the space that the codebook lives in: what its codes are near to.</param>
public readonly record struct Quantized(Tensor Vectors, Tensor Loss, int[] Codes, Tensor LookedUp);
