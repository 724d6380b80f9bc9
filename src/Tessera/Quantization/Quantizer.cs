using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Quantization;

/// <summary>
/// Replaces vectors by the nearest vectors of a codebook (van den Oord et al. 2017, equations 1 and 2). Quantizers
/// differ in how the codebook is trained and in which space codes are looked up.
/// </summary>
public abstract class Quantizer : Module
{
    private readonly GradientEstimator _gradient;

    /// <summary>Creates the quantizer.</summary>
    /// <param name="options">The options that all quantizers share.</param>
    protected Quantizer(QuantizerOptions options)
    {
        Commitment = options.Commitment;
        _gradient = options.Gradient;
    }

    /// <summary>The codebook, <c>[codes, code dim]</c>: the paper's e.</summary>
    public abstract Tensor Codebook { get; }

    /// <summary>The commitment cost: the weight of the loss term that keeps encoder outputs near their codes.</summary>
    public float Commitment { get; }

    /// <summary>Quantizes vectors.</summary>
    /// <param name="z">The encoder's output, <c>[batch, height, width, code dim]</c>: the paper's z_e(x).</param>
    /// <param name="training">Whether this is a training step, in which running averages are updated.</param>
    /// <exception cref="ArgumentException">The dimensions of vectors and codes differ.</exception>
    public abstract Quantized Quantize(Tensor z, bool training);

    /// <summary>The nearest code of each vector (equation 1), the lowest on a tie.</summary>
    /// <param name="z"><c>[..., code dim]</c>.</param>
    /// <returns>A code, 0 to K - 1, for each vector, in row-major order.</returns>
    /// <exception cref="ArgumentException">The dimensions of vectors and codes differ.</exception>
    public virtual int[] FindCodes(Tensor z) => FindNearest(z, Codebook);

    /// <summary>The vectors of codes (equation 2).</summary>
    /// <param name="codes">A code for each row of the result.</param>
    /// <param name="shape">The result's shape, <c>[..., code dim]</c>.</param>
    /// <param name="tape">The tape to compute on; null for a separate tensor.</param>
    /// <exception cref="ArgumentException">
    /// The numbers of codes and vectors differ, or the dimensions differ.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A code is not in the codebook.</exception>
    public virtual Tensor Lookup(ReadOnlyMemory<int> codes, Shape shape, Tape? tape) =>
        Codebook.GatherRows(codes, shape, tape);

    /// <summary>
    /// Initializes the codebook, as if <paramref name="vectorsPerCode"/> vectors equal to each code had just chosen it.
    /// </summary>
    /// <param name="codebook"><c>[codes, dimensions]</c> in the space of <see cref="Quantized.Latents"/>.</param>
    /// <param name="vectorsPerCode">The even share of a batch's vectors: batch x height x width / K.</param>
    public abstract void Start(ReadOnlySpan<float> codebook, double vectorsPerCode);

    /// <summary>
    /// Sets the number of training updates made so far, for a resumed run; a new quantizer starts at 0.
    /// </summary>
    /// <param name="update">Updates made, at least 0.</param>
    public virtual void SetUpdates(long update)
    {
    }

    /// <summary>Moves rarely used codes onto vectors of the batch, if revival is on.</summary>
    /// <param name="latents">The batch's <see cref="Quantized.Latents"/>.</param>
    /// <param name="random">The random numbers that select the vectors.</param>
    /// <returns>The number of codes that were moved.</returns>
    public virtual int Revive(Tensor latents, CounterRandom random) => 0;

    /// <summary>The index of the nearest row of a table for each vector.</summary>
    protected static int[] FindNearest(Tensor z, Tensor table)
    {
        int[] codes = new int[z.Shape.Rows];
        z.NearestRows(table, codes);
        return codes;
    }

    /// <summary>
    /// Replaces z by the codes' vectors e, with the gradient to z by the <see cref="GradientEstimator"/>.
    /// </summary>
    protected Tensor PassGradient(Tensor z, Tensor e) =>
        _gradient == GradientEstimator.Rotation ? z.RotateTo(e) : z.StraightThrough(e);
}

/// <summary>The result of quantizing a batch.</summary>
/// <param name="Vectors">The codes' vectors, in the shape of the input; their gradient passes to the input.</param>
/// <param name="Loss">The quantizer's part of the loss, a scalar.</param>
/// <param name="Codes">The code of each vector, 0 to K - 1, in row-major order.</param>
/// <param name="Latents">The vectors in the space in which codes are looked up.</param>
public readonly record struct Quantized(Tensor Vectors, Tensor Loss, int[] Codes, Tensor Latents);
