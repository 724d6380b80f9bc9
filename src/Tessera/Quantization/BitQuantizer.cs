using System.Numerics;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>
/// The options of quantizers whose codes are the signs of numbers. The probabilities of the entropy terms are those of
/// the bits.
/// </summary>
public abstract record BitOptions : EntropyOptions
{
    /// <summary>Creates options with the default values.</summary>
    protected BitOptions() => Entropy = 0.02f;

    internal override bool HasTable => false;

    /// <summary>The bits of a code.</summary>
    /// <inheritdoc/>
    public override int? DimensionsFor(int codes)
    {
        ThrowUnless(
            BitOperations.IsPow2(codes) && codes >= 2, nameof(Models.VqVaeOptions.Codes),
            $"must be a power of two with this quantizer, such as 512, not {codes}");
        return BitOperations.Log2((uint)codes);
    }
}

/// <summary>
/// A quantizer whose codes are the signs of numbers u: <c>e = s sign(u)</c>, the first dimension being the lowest bit
/// of the code. Two entropy terms make each vector decided and the batch diverse:
/// <c>w (mean over vectors of H(p) - diversity H(mean of p))</c> with the probabilities p of the bits given u (Yu et
/// al. 2023, equation 5). p has independent bits, so the first term is exact; the second is computed bit by bit, as in
/// Zhao et al. 2024 (section 3.2), so that no tensor has a column a code. It balances each bit, not their combinations.
/// </summary>
public abstract class BitQuantizer : LevelQuantizer
{
    private readonly EntropyWeights _weights;

    /// <summary>Creates the quantizer.</summary>
    /// <param name="codes">Codes, a power of two.</param>
    /// <param name="options">The options.</param>
    /// <param name="size">The size of a dimension of a code: s.</param>
    /// <param name="sharpness">The logit of a bit is this times the number.</param>
    /// <param name="initializer">Names the device.</param>
    protected BitQuantizer(int codes, BitOptions options, float size, float sharpness, Initializer initializer)
        : base(codes, Grid(options.DimensionsFor(codes)!.Value, size), initializer) =>
        _weights = new EntropyWeights(options.Entropy, -options.Entropy * options.Diversity, sharpness);

    /// <inheritdoc/>
    protected override Tensor Loss(Tensor u, Tensor e, bool training) => u.BitEntropy(_weights);

    private static float[] Grid(int bits, float size) =>
    [
        .. Enumerable.Repeat(2f, bits), .. Enumerable.Repeat(1 / (2 * size), bits), .. Enumerable.Repeat(0.5f, bits),
    ];
}
