using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Random;

namespace Tessera.Quantization;

/// <summary>
/// Replaces vectors by codes (van den Oord et al. 2017, equations 1 and 2). Quantizers differ in how codes are found
/// and in what is trained.
/// </summary>
public abstract class Quantizer : Module
{
    /// <summary>Creates the quantizer.</summary>
    /// <param name="options">The options that all quantizers share.</param>
    protected Quantizer(QuantizerOptions options) => Commitment = options.Commitment;

    /// <summary>The commitment cost: the weight of the loss term that keeps encoder outputs near their codes.</summary>
    public float Commitment { get; }

    /// <summary>
    /// Quantizes vectors. The results are on the vectors' tape; without a tape, the collector frees them and what lies
    /// between.
    /// </summary>
    /// <param name="z">The encoder's output, <c>[batch, height, width, code dim]</c>: the paper's z_e(x).</param>
    /// <param name="training">Whether this is a training step, in which running averages are updated.</param>
    /// <exception cref="ArgumentException">The dimensions of vectors and codes differ.</exception>
    public abstract Quantized Quantize(Tensor z, bool training);

    /// <summary>The nearest code of each vector (equation 1), the lowest on a tie.</summary>
    /// <param name="z"><c>[..., code dim]</c>.</param>
    /// <returns>
    /// A code, 0 to K - 1, for each vector: the shape of z without its innermost size. They are on the tape of z;
    /// without a tape, the caller disposes them.
    /// </returns>
    /// <exception cref="ArgumentException">The dimensions of vectors and codes differ.</exception>
    public abstract Indices FindCodes(Tensor z);

    /// <summary>The vectors of codes, as the decoder receives them (equation 2).</summary>
    /// <param name="codes">Codes in any shape of rank 0 to 3.</param>
    /// <returns>
    /// The shape of the codes with the code dim innermost, on their tape; without a tape, the caller disposes it.
    /// </returns>
    /// <exception cref="ArgumentException">A code may be none of the codebook.</exception>
    public abstract Tensor Lookup(Indices codes);

    /// <summary>
    /// The vectors of all codes, as the decoder receives them, <c>[codes, code dim]</c>: the paper's e. Valid until the
    /// tape is reset.
    /// </summary>
    /// <param name="tape">The tape to compute on.</param>
    public abstract Tensor Codebook(Tape tape);

    /// <summary>
    /// Initializes the codebook, as if <paramref name="vectorsPerCode"/> vectors equal to each code had just chosen it.
    /// </summary>
    /// <param name="codebook"><c>[codes, dimensions]</c> in the space of <see cref="Quantized.Latents"/>.</param>
    /// <param name="vectorsPerCode">The even share of a batch's vectors: batch x height x width / K.</param>
    public abstract void Start(Tensor codebook, double vectorsPerCode);

    /// <summary>
    /// Sets the number of training updates made so far, for a resumed run; a new quantizer starts at 0.
    /// </summary>
    /// <param name="update">Updates made, at least 0.</param>
    public virtual void SetUpdates(long update)
    {
    }

    /// <summary>
    /// Puts what changes from update to update into a block. <see cref="Prepare"/> must then be called before each
    /// training step, and the block uploaded.
    /// </summary>
    public virtual void Share(UpdateBlock block)
    {
    }

    /// <summary>Sets the numbers of the next training step in the shared block.</summary>
    public virtual void Prepare()
    {
    }

    /// <summary>Moves rarely used codes onto vectors of the batch, if revival is on.</summary>
    /// <param name="latents">The batch's <see cref="Quantized.Latents"/>.</param>
    /// <param name="random">The random numbers that select the vectors.</param>
    /// <returns>The number of codes that were moved.</returns>
    public virtual int Revive(Tensor latents, CounterRandom random) => 0;

    /// <summary>A copy of <see cref="Codebook"/> without a tape, which the caller disposes.</summary>
    public Tensor CopyCodebook()
    {
        using var tape = new Tape(State().Select(entry => entry.Tensor.Device).FirstOrDefault(), recording: false);
        return Codebook(tape).Clone();
    }
}

/// <summary>The result of quantizing a batch.</summary>
/// <param name="Vectors">The codes' vectors, in the shape of the input; their gradient passes to the input.</param>
/// <param name="Loss">The quantizer's part of the loss, a scalar.</param>
/// <param name="Codes">The code of each vector, 0 to K - 1: <c>[batch, height, width]</c>.</param>
/// <param name="Latents">The vectors in the space in which codes are looked up.</param>
public readonly record struct Quantized(Tensor Vectors, Tensor Loss, Indices Codes, Tensor Latents);
