using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Quantization;

/// <summary>
/// Replaces vectors by codes (van den Oord et al. 2017, equations 1 and 2). Quantizers differ in how codes are found
/// and in what is trained.
/// </summary>
public abstract class Quantizer : Module
{
    /// <summary>
    /// The quantizers that choose the codes of a cell, in the order of its codes: this one alone, unless it is made of
    /// others (<see cref="ResidualQuantizer"/>, <see cref="GroupedQuantizer"/>). A shared one occurs several times.
    /// With <see cref="CellOptions.Top"/> those of both levels: the lower one chooses four codes of a cell.
    /// </summary>
    public virtual IReadOnlyList<Quantizer> Levels => [this];

    /// <summary>The device of its tensors.</summary>
    internal virtual Device Device => State().First().Tensor.Device;

    /// <summary>
    /// Quantizes vectors. The results are on the vectors' tape; without a tape, the collector frees them and what lies
    /// between.
    /// </summary>
    /// <param name="z">The encoder's output, <c>[batch, height, width, code dim]</c>: the paper's z_e(x).</param>
    /// <param name="training">Whether this is a training step, in which running averages are updated.</param>
    /// <exception cref="ArgumentException">The dimensions of vectors and codes differ.</exception>
    public abstract Quantized Quantize(Tensor z, bool training);

    /// <summary>
    /// The code of each vector: of a codebook the nearest one (equation 1), the lowest on a tie; of several levels each
    /// level's own.
    /// </summary>
    /// <param name="z"><c>[..., code dim]</c>.</param>
    /// <returns>
    /// A code, 0 to K - 1, for each vector: the shape of z without its innermost size. With several levels the codes of
    /// a vector are innermost. They are on the tape of z; without a tape, the caller disposes them.
    /// </returns>
    /// <exception cref="ArgumentException">The dimensions of vectors and codes differ.</exception>
    public abstract Indices FindCodes(Tensor z);

    /// <summary>The vectors of codes, as the decoder receives them (equation 2).</summary>
    /// <param name="codes">Codes in any shape of rank 0 to 3; with several levels, these are innermost beside.</param>
    /// <returns>
    /// A vector for each code, or for the codes of all levels, with the code dim innermost, on the tape of the codes;
    /// without a tape, the caller disposes it.
    /// </returns>
    /// <exception cref="ArgumentException">A code may be none of the codebook.</exception>
    public abstract Tensor Lookup(Indices codes);

    /// <summary>
    /// The vectors of all codes, as the decoder receives them, <c>[codes, code dim]</c>: the paper's e. With several
    /// levels, those of one level after the other, <c>[levels * codes, code dim]</c>: the decoder receives the sum of
    /// one vector a level. Valid until the tape is reset.
    /// </summary>
    /// <param name="tape">The tape to compute on.</param>
    public abstract Tensor Codebook(Tape tape);

    /// <summary>
    /// Initializes the codebook, as if <paramref name="vectorsPerCode"/> vectors equal to each code had just chosen it.
    /// Quantizers without a codebook, and those of several levels, ignore it.
    /// </summary>
    /// <param name="codebook"><c>[codes, dimensions]</c> in the space of <see cref="QuantizedLevel.Latents"/>.</param>
    /// <param name="vectorsPerCode">The even share of a batch's vectors: batch x height x width / K.</param>
    public virtual void Start(Tensor codebook, double vectorsPerCode)
    {
    }

    /// <summary>
    /// Sets the number of training updates made so far, for a resumed run; a new quantizer starts at 0.
    /// </summary>
    /// <param name="update">Updates made, at least 0.</param>
    /// <param name="isSettled">Whether running averages were loaded from a trained model: their ramp has ended.</param>
    public virtual void SetUpdates(long update, bool isSettled = false)
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
    /// <param name="learns">Whether the codes learn in that step: not in a level that is left out.</param>
    public virtual void Prepare(bool learns = true)
    {
    }

    /// <summary>Moves rarely used codes onto vectors of the batch, if revival is on.</summary>
    /// <param name="latents">The batch's <see cref="QuantizedLevel.Latents"/>.</param>
    /// <param name="random">The random numbers that select the vectors.</param>
    /// <returns>The number of codes that were moved.</returns>
    public virtual int Revive(Tensor latents, CounterRandom random) => 0;

    /// <summary>Whether <see cref="Revive"/> would move a code onto a vector of a batch.</summary>
    /// <param name="vectors">The vectors of the batch.</param>
    protected internal virtual bool HasRareCodes(int vectors) => false;

    /// <summary>A copy of <see cref="Codebook"/> without a tape, which the caller disposes.</summary>
    public Tensor CopyCodebook()
    {
        using var tape = new Tape(Device, recording: false);
        return Codebook(tape).Clone();
    }

    /// <summary>The vectors in the space in which codes are found: u.</summary>
    /// <param name="z"><c>[..., code dim]</c>.</param>
    protected internal virtual Tensor ToLatents(Tensor z) => z;

    /// <summary>The code of each vector of <see cref="ToLatents"/>.</summary>
    /// <param name="u">The vectors, on a tape.</param>
    protected internal virtual Indices FindIn(Tensor u) => FindCodes(u);

    /// <summary>Quantizes vectors.</summary>
    /// <param name="z"><c>[batch, height, width, code dim]</c>.</param>
    /// <param name="training">Whether this is a training step.</param>
    /// <param name="learns">
    /// Whether running averages are updated: not where levels that share them learn together.
    /// </param>
    internal virtual Quantized Quantize(Tensor z, bool training, bool learns) => Quantize(z, training);

    /// <summary>The value of vectors of codes; the gradient passes to the vectors that were quantized.</summary>
    /// <param name="u">The vectors that were quantized, which get the gradient.</param>
    /// <param name="vectors">The codes' vectors; get no gradient.</param>
    protected internal virtual Tensor PassGradient(Tensor u, Tensor vectors) => u.StraightThrough(vectors);

    /// <summary>Codebooks of one shape one after the other.</summary>
    private protected static Tensor JoinRows(params Tensor[] books)
    {
        (int rows, int columns) = (books[0].Shape[0], books[0].Shape[1]);
        // Books side by side, each as one row, are books one after the other.
        return TensorOperations.JoinColumns([.. books.Select(book => book.Reshape([1, rows * columns]))])
            .Reshape([books.Length * rows, columns]);
    }
}

/// <summary>The result of quantizing a batch.</summary>
/// <param name="Vectors">
/// The codes' vectors, in the shape of the input; their gradient passes to the input. With <see
/// cref="CellOptions.Top"/> both levels' vectors as the decoder receives them, <c>[batch, 2 height, 2 width, 2 code
/// dim]</c>.
/// </param>
/// <param name="Loss">The quantizer's part of the loss, a scalar.</param>
/// <param name="Codes">
/// The code of each vector, 0 to K - 1: <c>[batch, height, width]</c>; with several levels, <c>[batch, height, width,
/// levels]</c>.
/// </param>
/// <param name="Levels">The codes of each level.</param>
public readonly record struct Quantized(
    Tensor Vectors, Tensor Loss, Indices Codes, IReadOnlyList<QuantizedLevel> Levels)
{
    /// <summary>The result of a quantizer of one level.</summary>
    public Quantized(Tensor vectors, Tensor loss, Indices codes, Tensor latents)
        : this(vectors, loss, codes, [new QuantizedLevel(codes, latents)])
    {
    }
}

/// <summary>One level of codes.</summary>
/// <param name="Codes">The code of each vector, 0 to K - 1: <c>[batch, height, width]</c>.</param>
/// <param name="Latents">The vectors in the space in which this level looks codes up.</param>
public readonly record struct QuantizedLevel(Indices Codes, Tensor Latents);
