using System.Numerics;
using Tessera.Tensors;
using Tessera.Tensors.Nn;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>
/// The options of quantizers whose codes are the signs of numbers. The probabilities of the entropy terms are those of
/// independent bits.
/// </summary>
public abstract record BitOptions : EntropyOptions
{
    /// <summary>Creates options with the default values.</summary>
    protected BitOptions() => Entropy = 0.05f;

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
/// <c>w (mean over vectors of H(p) - diversity H(mean of p))</c> with the probabilities p of the codes given u (Yu et
/// al. 2023, equation 5). p has independent bits, so the first term is exact. The second is that of the combinations
/// of up to 12 bits, added up over groups of bits, so that no tensor has a column a code.
/// </summary>
public abstract class BitQuantizer : LevelQuantizer
{
    private readonly BitEntropy? _entropy;

    /// <summary>Creates the quantizer.</summary>
    /// <param name="codes">Codes, a power of two.</param>
    /// <param name="options">The options.</param>
    /// <param name="size">The size of a dimension of a code: s.</param>
    /// <param name="sharpness">The logit of a bit is this times the number.</param>
    /// <param name="initializer">Names the device.</param>
    protected BitQuantizer(int codes, BitOptions options, float size, float sharpness, Initializer initializer)
        : base(codes, Grid(options.DimensionsFor(codes)!.Value, size), initializer) =>
        _entropy = options.Entropy == 0 ? null : new BitEntropy(
            options, options.DimensionsFor(codes)!.Value, sharpness, shape => Workspace(initializer.Zeros(shape)));

    /// <inheritdoc/>
    protected override Tensor Loss(Tensor u, Tensor e, bool training) =>
        training && _entropy is not null ? _entropy.Of(u) : NoLoss(u);

    private static float[] Grid(int bits, float size) =>
    [
        .. Enumerable.Repeat(2f, bits), .. Enumerable.Repeat(1 / (2 * size), bits), .. Enumerable.Repeat(0.5f, bits),
    ];
}
