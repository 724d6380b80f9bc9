using Tessera.Tensors;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>The options of quantizers whose codes are running averages.</summary>
public abstract record RunningAverageOptions : QuantizerOptions
{
    /// <summary>How much of the running averages stays at each update, in (0, 1).</summary>
    public double Decay { get; init; } = 0.99;

    /// <summary>
    /// Whether the averages forget faster at first: at update t = 1, 2, ... the decay is at most (1 + t) / (10 + t), as in
    /// TensorFlow's <c>ExponentialMovingAverage</c> (<c>num_updates</c>). The encoder moves far in the first updates; with
    /// this its codes follow, and those it has left are soon seen to be dead. Averages that a run starts from
    /// (<c>TrainingOptions.Init</c>) are past it.
    /// </summary>
    public bool DecayRamp { get; init; }

    /// <summary>
    /// Codes whose running size is below this part of an even share (batch x height x width / K vectors) are moved
    /// (<see cref="Quantizer.Revive"/>), 0 to 1; 0 for never. A run looks for them every 10 updates until 95% of it is done.
    /// </summary>
    public double Revival { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        ThrowUnless(Decay is > 0 and < 1, $"decay must be above 0 and below 1, not {Decay}");
        ThrowUnless(Revival is >= 0 and <= 1, $"revival must be 0 (off) to 1, not {Revival}");
    }
}

/// <summary>
/// A quantizer whose codes are exponential moving averages of the vectors that chose them (van den Oord et al. 2017,
/// appendix A.1): <c>N[k] = decay * N[k] + (1 - decay) * n[k]</c>,
/// <c>m[k] = decay * m[k] + (1 - decay) * sum of z that chose k</c>. How codes follow from them is up to the quantizer.
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
    /// <param name="options">How it quantizes.</param>
    /// <param name="initializer">Makes the first codebook and sums.</param>
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

    /// <summary>How much of the averages stays at the update that is being made.</summary>
    private double Decay => _options.DecayRamp ? Math.Min(_options.Decay, (1.0 + _updates) / (10 + _updates)) : _options.Decay;

    /// <inheritdoc/>
    public override void ResumeAt(long update) => _updates = update;

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
    /// Puts each code whose running size is below <see cref="RunningAverageOptions.Revival"/> times an even share onto a
    /// vector of the batch, no two onto the same one, and gives it the statistics of an even share of such vectors; else its
    /// old sums would pull it back at once. (Dhariwal et al. 2020, "Jukebox", section 3.1, restarts codes by their running use.)
    /// </summary>
    /// <inheritdoc/>
    public override int Revive(Tensor lookedUp, CounterRandom random)
    {
        int rows = lookedUp.Shape.Rows, columns = lookedUp.Shape.Last;
        float[] sizes = ClusterSizes.ToArray();
        double share = (double)rows / sizes.Length;
        int[] dead = [.. Enumerable.Range(0, sizes.Length).Where(code => sizes[code] < _options.Revival * share).Take(rows)];
        if (dead.Length == 0) return 0;

        float[] vectors = lookedUp.ToArray(), codebook = Codebook.ToArray(), sums = Sums.ToArray();
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

    /// <summary>Moves the sizes by a batch.</summary>
    /// <param name="vectors">The vectors that were looked up; their sums are kept for <see cref="MoveSums"/>.</param>
    /// <param name="codes">The codes they chose.</param>
    protected void MoveSizes(Tensor vectors, int[] codes)
    {
        vectors.SumRowsByIndex(codes, _batchSums, _batchSizes);
        _updates++;
        ClusterSizes.MoveAverage(_batchSizes, Decay);
    }

    /// <summary>Moves the sums by the batch that the sizes were moved by.</summary>
    protected void MoveSums() => Sums.MoveAverage(_batchSums, Decay);
}
