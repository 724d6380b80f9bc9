using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Quantization;

/// <summary>
/// Replaces vectors by the nearest vectors of a codebook (van den Oord et al. 2017, equations 1 and 2). What differs
/// between quantizers is how the codebook is trained.
/// </summary>
public abstract class Quantizer : Module
{
    /// <summary>Creates the quantizer.</summary>
    /// <param name="commitment">The commitment cost (the paper's beta), at least 0.</param>
    protected Quantizer(float commitment) => Commitment = commitment;

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
    public int[] FindCodes(Tensor z)
    {
        int[] codes = new int[z.Shape.Rows];
        z.NearestRows(Codebook, codes);
        return codes;
    }

    /// <summary>The vectors of codes (equation 2).</summary>
    /// <param name="codes">A code for each row of the result.</param>
    /// <param name="shape">The result's shape, <c>[..., code dim]</c>.</param>
    /// <param name="tape">Where it is computed; null for a tensor of its own.</param>
    /// <exception cref="ArgumentException">There are not as many codes as vectors, or the dimensions differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A code is not in the codebook.</exception>
    public Tensor Lookup(ReadOnlyMemory<int> codes, Shape shape, Tape? tape) => Codebook.GatherRows(codes, shape, tape);
}

/// <summary>What a quantizer makes of a batch.</summary>
/// <param name="Vectors">The codes' vectors in the shape of the input; gradients pass straight through to it.</param>
/// <param name="Loss">The quantizer's part of the loss, a scalar.</param>
/// <param name="Codes">The code of each vector, 0 to K - 1, in row-major order.</param>
public readonly record struct Quantized(Tensor Vectors, Tensor Loss, int[] Codes);
