using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;

namespace Tessera.Quantization;

/// <summary>
/// The entropy terms of codes made of bits (Yu et al. 2023, equation 5):
/// <c>weight * (mean over vectors of H(p) - diversity * H(mean of p))</c>. The bits of a vector are independent given
/// u, each 1 with the probability <c>1 / (1 + exp(-sharpness u))</c>. The first term is exact. The second is the
/// entropy of the combinations of the bits of a group, at most <see cref="GroupBits"/>, added up over the groups: 12
/// bits are one group, 18 bits are two of 9. Bits that are balanced one by one would still agree with each other, and
/// most combinations stay unused.
/// </summary>
internal sealed class BitEntropy
{
    /// <summary>The most bits whose combinations are balanced together.</summary>
    public const int GroupBits = 12;

    private readonly EntropyWeights _weights;
    private readonly (int First, int Low, int High)[] _groups;
    // Of each number of bits, the logits of its combinations: [2^bits, bits]; null where there is no such half.
    private readonly Tensor?[] _signs = new Tensor?[GroupBits];

    /// <summary>Creates the terms.</summary>
    /// <param name="options">The weights.</param>
    /// <param name="bits">Bits of a code.</param>
    /// <param name="sharpness">The logit of a bit is this times the number.</param>
    /// <param name="workspace">Makes a tensor that the module owns, of a shape.</param>
    public BitEntropy(EntropyOptions options, int bits, float sharpness, Func<Shape, Tensor> workspace)
    {
        _weights = new EntropyWeights(options.Entropy, -options.Entropy * options.Diversity);
        int groups = (bits + GroupBits - 1) / GroupBits, first = 0;
        _groups = new (int, int, int)[groups];
        for (int i = 0; i < groups; i++)
        {
            int size = (bits - first) / (groups - i), low = size / 2;
            _groups[i] = (first, low, size - low);
            first += size;
            foreach (int half in (int[])[low, size - low])
                if (half > 0) _signs[half] ??= Signs(half, sharpness, workspace);
        }
    }

    /// <summary>The sum of the terms, a scalar.</summary>
    /// <param name="u">The vectors whose signs are the bits, <c>[..., bits]</c>.</param>
    public Tensor Of(Tensor u)
    {
        Tensor? sum = null;
        foreach ((int first, int low, int high) in _groups)
        {
            Tensor group = low == 0
                ? Probabilities(u, first, high).RowEntropy(_weights)
                : OfGroup(Probabilities(u, first, low), Probabilities(u, first + low, high));
            sum = sum?.Add(group) ?? group;
        }
        return sum!;
    }

    // The halves of a group's bits are independent given u: entropies add up, and the mean of the products of their
    // probabilities is that of all combinations.
    private Tensor OfGroup(Tensor low, Tensor high)
    {
        Tensor joint = low.MeanOuterProduct(high).MeanOverRanks();
        var rows = new EntropyWeights(_weights.Row, Mean: 0);
        return low.RowEntropy(rows).Add(high.RowEntropy(rows))
            .Add(joint.Reshape([1, joint.Shape.Length]).RowEntropy(new EntropyWeights(_weights.Mean, Mean: 0)));
    }

    private Tensor Probabilities(Tensor u, int first, int bits) =>
        u.Columns(first, bits).Linear(_signs[bits]!.On(u.Tape)).Softmax(temperature: 1);

    private static Tensor Signs(int bits, float sharpness, Func<Shape, Tensor> workspace)
    {
        Tensor signs = workspace([1 << bits, bits]);
        float[] logits = new float[bits << bits];
        for (int i = 0; i < logits.Length; i++)
            logits[i] = (i / bits >> i % bits & 1) == 1 ? sharpness / 2 : -sharpness / 2;
        signs.CopyFrom(logits);
        return signs;
    }
}
