using Tessera.Tensors;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Quantization;

/// <summary>
/// The quantizer whose codes are exponential moving averages of the vectors that chose them (van den Oord et al. 2017,
/// appendix A.1; the seed's <c>VectorQuantizerEMA</c>):
/// <c>N[k] = decay * N[k] + (1 - decay) * n[k]</c>, <c>m[k] = decay * m[k] + (1 - decay) * sum of z that chose k</c>,
/// <c>e[k] = m[k] / N[k]</c>. Its loss is the commitment term alone, <c>commitment * |z - sg[e]|^2</c>.
/// </summary>
/// <remarks>
/// As in the seed, the Laplace smoothing <c>(N[k] + epsilon) / (n + K epsilon) * n</c>, n being the sum of N, is kept and
/// not only used. How the averages start is <see cref="EmaStart"/>.
/// </remarks>
public sealed class EmaVectorQuantizer : Quantizer
{
    private const float Epsilon = 1e-5f;

    private readonly double _decay;
    private readonly Tensor _batchSizes;
    private readonly Tensor _batchSums;

    /// <summary>Creates the quantizer; its codebook starts standard normal.</summary>
    /// <param name="codes">Codes in the codebook.</param>
    /// <param name="codeDim">Dimensions of a code.</param>
    /// <param name="commitment">The commitment cost, at least 0.</param>
    /// <param name="decay">How much of the averages stays at each update, in (0, 1).</param>
    /// <param name="start">How the averages start.</param>
    /// <param name="initializer">Makes the first codebook and sums.</param>
    public EmaVectorQuantizer(
        int codes, int codeDim, float commitment, double decay, EmaStart start, Initializer initializer)
        : base(commitment)
    {
        _decay = decay;
        ClusterSizes = Buffer("_ema_cluster_size", initializer.Zeros([codes]));
        Sums = Buffer("_ema_w", initializer.Normal([codes, codeDim]));
        Codebook = Buffer("_embedding.weight", initializer.Normal([codes, codeDim]));
        if (start == EmaStart.Codebook)
        {
            ClusterSizes.Fill(1);
            Sums.CopyFrom(Codebook.ToArray());
        }
        _batchSizes = initializer.Zeros([codes]);
        _batchSums = initializer.Zeros([codes, codeDim]);
    }

    /// <inheritdoc/>
    public override Tensor Codebook { get; }

    /// <summary>The running number of vectors that chose each code, <c>[codes]</c>: N.</summary>
    public Tensor ClusterSizes { get; }

    /// <summary>The running sum of the vectors that chose each code, <c>[codes, code dim]</c>: m.</summary>
    public Tensor Sums { get; }

    /// <inheritdoc/>
    public override Quantized Quantize(Tensor z, bool training)
    {
        int[] codes = FindCodes(z);
        // Looked up before the update: what is decoded are the codes that were chosen.
        Tensor e = Lookup(codes, z.Shape, z.Tape);
        if (training) UpdateCodebook(z, codes);
        Tensor loss = e.MutualSquaredError(z, xWeight: 0, yWeight: Commitment);
        return new Quantized(z.StraightThrough(e), loss, codes);
    }

    private void UpdateCodebook(Tensor z, int[] codes)
    {
        z.SumRowsByIndex(codes, _batchSums, _batchSizes);
        ClusterSizes.MoveAverage(_batchSizes, _decay);
        Smooth(ClusterSizes);
        Sums.MoveAverage(_batchSums, _decay);
        Sums.DivideRows(ClusterSizes, Codebook);
    }

    private static void Smooth(Tensor clusterSizes)
    {
        float[] sizes = clusterSizes.ToArray();
        double total = 0;
        foreach (float size in sizes) total += size;
        for (int k = 0; k < sizes.Length; k++)
        {
            sizes[k] = (float)((sizes[k] + (double)Epsilon) / (total + sizes.Length * (double)Epsilon) * total);
        }
        clusterSizes.CopyFrom(sizes);
    }
}
