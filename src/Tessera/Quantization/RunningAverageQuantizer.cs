using Tessera.Tensors;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>The options of quantizers whose codes are running averages.</summary>
public abstract record RunningAverageOptions : QuantizerOptions
{
    /// <summary>The decay of the running averages at each update, in (0, 1).</summary>
    public double Decay { get; init; } = 0.99;

    /// <summary>
    /// Whether the decay is lower in early updates: at update t = 1, 2, ... it is at most (1 + t) / (10 + t), as in
    /// TensorFlow's <c>ExponentialMovingAverage</c> (<c>num_updates</c>). The encoder changes quickly at first; with
    /// the ramp, codes follow it, and unused codes are soon recognised. Averages loaded from a model
    /// (<c>TrainingOptions.Init</c>) skip the ramp.
    /// </summary>
    public bool DecayRamp { get; init; }

    /// <summary>
    /// The revival threshold, 0 to 1; 0 turns revival off. Codes whose running size is below this fraction of an even
    /// share (batch x height x width / K vectors) are moved (<see cref="Quantizer.Revive"/>). A run checks every 10
    /// updates until 95% of it is done.
    /// </summary>
    public double Revival { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        ThrowUnless(Decay is > 0 and < 1, "decay", $"must be above 0 and below 1, not {Decay}");
        ThrowUnless(Revival is >= 0 and <= 1, "revival", $"must be 0 (off) to 1, not {Revival}");
    }
}

/// <summary>
/// A quantizer whose codes follow from exponential moving averages of the vectors assigned to them (van den Oord et al.
/// 2017, appendix A.1): <c>N[k] = decay * N[k] + (1 - decay) * n[k]</c>,
/// <c>m[k] = decay * m[k] + (1 - decay) * sum of z that chose k</c>. Derived classes define how the codes follow from N
/// and m.
/// </summary>
public abstract class RunningAverageQuantizer : Quantizer
{
    private readonly RunningAverageOptions _options;
    private readonly Tensor _batchSizes;
    private readonly Tensor _batchSums;
    private long _updates;

    /// <summary>Creates the quantizer: codebook and sums standard normal, sizes 0.</summary>
    /// <param name="codes">Codes in the codebook.</param>
    /// <param name="codeDim">Dimensions of a code.</param>
    /// <param name="options">The quantizer's options.</param>
    /// <param name="initializer">Initializes the codebook and the sums.</param>
    protected RunningAverageQuantizer(int codes, int codeDim, RunningAverageOptions options, Initializer initializer)
        : base(options)
    {
        _options = options;
        ClusterSizes = Buffer("_ema_cluster_size", initializer.Zeros([codes]));
        Sums = Buffer("_ema_w", initializer.Normal([codes, codeDim]));
        Codebook = Buffer("_embedding.weight", initializer.Normal([codes, codeDim]));
        _batchSizes = initializer.Zeros([codes]);
        _batchSums = initializer.Zeros([codes, codeDim]);
    }

    /// <inheritdoc/>
    public sealed override Tensor Codebook { get; }

    /// <summary>The running number of vectors that chose each code, <c>[codes]</c>: N.</summary>
    public Tensor ClusterSizes { get; }

    /// <summary>The running sum of the vectors that chose each code, <c>[codes, code dim]</c>: m.</summary>
    public Tensor Sums { get; }

    /// <summary>The decay of the current update.</summary>
    private double Decay => _options.DecayRamp
        ? Math.Min(_options.Decay, (1.0 + _updates) / (10 + _updates))
        : _options.Decay;

    /// <inheritdoc/>
    public override void SetUpdates(long update) => _updates = update;

    /// <inheritdoc/>
    public override void Start(ReadOnlySpan<float> codebook, double vectorsPerCode)
    {
        Codebook.CopyFrom(codebook);
        ClusterSizes.Fill((float)vectorsPerCode);
        float[] sums = codebook.ToArray();
        for (int i = 0; i < sums.Length; i++) sums[i] = (float)(sums[i] * vectorsPerCode);
        Sums.CopyFrom(sums);
    }

    /// <summary>
    /// Moves each code whose running size is below <see cref="RunningAverageOptions.Revival"/> times an even share onto
    /// a different vector of the batch. The code also gets the statistics of an even share of such vectors; otherwise
    /// its old sums would pull it back at once. (Dhariwal et al. 2020, "Jukebox", section 3.1, restarts codes by their
    /// running use.)
    /// </summary>
    /// <inheritdoc/>
    public override int Revive(Tensor latents, CounterRandom random)
    {
        int rows = latents.Shape.Rows, columns = latents.Shape.Last;
        float[] sizes = ClusterSizes.ToArray();
        double share = (double)rows / sizes.Length;
        int[] dead =
        [
            .. Enumerable.Range(0, sizes.Length).Where(code => sizes[code] < _options.Revival * share).Take(rows),
        ];
        if (dead.Length == 0) return 0;

        float[] vectors = latents.ToArray(), codebook = Codebook.ToArray(), sums = Sums.ToArray();
        int[] order = random.Permutation(rows);
        for (int i = 0; i < dead.Length; i++)
        {
            sizes[dead[i]] = (float)share;
            for (int column = 0; column < columns; column++)
            {
                float value = vectors[order[i] * columns + column];
                codebook[dead[i] * columns + column] = value;
                sums[dead[i] * columns + column] = (float)(value * share);
            }
        }
        ClusterSizes.CopyFrom(sizes);
        Codebook.CopyFrom(codebook);
        Sums.CopyFrom(sums);
        return dead.Length;
    }

    /// <summary>Updates the running sizes with a batch.</summary>
    /// <param name="vectors">The vectors that were looked up; their sums are stored for <see cref="MoveSums"/>.</param>
    /// <param name="codes">The code of each vector.</param>
    protected void MoveSizes(Tensor vectors, int[] codes)
    {
        vectors.SumRowsByIndex(codes, _batchSums, _batchSizes);
        _updates++;
        ClusterSizes.MoveAverage(_batchSizes, Decay);
    }

    /// <summary>Updates the running sums with the batch of the last <see cref="MoveSizes"/>.</summary>
    protected void MoveSums() => Sums.MoveAverage(_batchSums, Decay);
}
