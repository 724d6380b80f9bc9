using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;
using static Tessera.InputException;

namespace Tessera.Quantization;

/// <summary>The options of quantizers whose codes are running averages.</summary>
public abstract record RunningAverageOptions : CodebookOptions
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
    public sealed override bool LearnsByGradient => false;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        ThrowUnless(Decay is > 0 and < 1, nameof(Decay), $"must be above 0 and below 1, not {Decay}");
        ThrowUnless(Revival is >= 0 and <= 1, nameof(Revival), $"must be 0 (off) to 1, not {Revival}");
    }
}

/// <summary>
/// A quantizer whose codes follow from exponential moving averages of the vectors assigned to them (van den Oord et al.
/// 2017, appendix A.1): <c>N[k] = decay * N[k] + (1 - decay) * n[k]</c>,
/// <c>m[k] = decay * m[k] + (1 - decay) * sum of z that chose k</c>. Derived classes define how the codes follow from N
/// and m.
/// </summary>
public abstract class RunningAverageQuantizer : CodebookQuantizer
{
    // An update number so high that the decay ramp has ended.
    private const long AfterRamp = 1L << 60;

    private readonly RunningAverageOptions _options;
    private readonly Tensor _batchSizes;
    private readonly Tensor _batchSums;
    private UpdateBlock? _block;
    private Number _keep, _add;
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
        Codes = Buffer("_embedding.weight", initializer.Normal([codes, codeDim]));
        _batchSizes = Workspace(initializer.Zeros([codes]));
        _batchSums = Workspace(initializer.Zeros([codes, codeDim]));
    }

    /// <summary>The running number of vectors that chose each code, <c>[codes]</c>: N.</summary>
    public Tensor ClusterSizes { get; }

    /// <summary>The running sum of the vectors that chose each code, <c>[codes, code dim]</c>: m.</summary>
    public Tensor Sums { get; }

    /// <summary>The codes, <c>[codes, code dim]</c>: e.</summary>
    protected Tensor Codes { get; }

    /// <inheritdoc/>
    protected sealed override float CodebookWeight => 0;

    /// <inheritdoc/>
    public override void SetUpdates(long update, bool isSettled = false) =>
        _updates = isSettled ? AfterRamp + update : update;

    /// <inheritdoc/>
    public override void Share(UpdateBlock block)
    {
        _block = block;
        (_keep, _add) = (block.ReserveNumber(), block.ReserveNumber());
    }

    /// <inheritdoc/>
    public override void Prepare(bool learns = true)
    {
        if (_block is null) return;
        double decay = NextDecay();
        _block.Set(_keep, learns ? (float)decay : 1);
        _block.Set(_add, learns ? (float)(1 - decay) : 0);
    }

    /// <inheritdoc/>
    public override void Start(Tensor codebook, double vectorsPerCode)
    {
        Codes.CopyFrom(codebook);
        ClusterSizes.Fill((float)vectorsPerCode);
        using Tensor sums = codebook.Scale((float)vectorsPerCode);
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
        (int rows, int columns, int codes) = (latents.Shape.Rows, latents.Shape.Last, Codes.Shape[0]);
        int[] dead = [.. RareCodes(rows).Take(rows)];
        if (dead.Length == 0) return 0;

        using var tape = new Tape(Codes.Device, recording: false);
        Indices from = tape.Indices(random.Permutation(rows).AsSpan(0, dead.Length), [dead.Length], limit: rows);
        Indices to = tape.Indices(dead, [dead.Length], limit: codes);
        Tensor vectors = latents.WithoutTape().Reshape([rows, columns]).GatherRows(from);
        float share = (float)((double)rows / codes);
        Tensor shares = tape.Allocate([dead.Length]);
        shares.Fill(share);
        Codes.ScatterRows(to, vectors);
        Sums.ScatterRows(to, vectors.Scale(share));
        ClusterSizes.Reshape([codes, 1]).ScatterRows(to, shares);
        return dead.Length;
    }

    /// <inheritdoc/>
    protected internal sealed override bool HasRareCodes(int vectors) => RareCodes(vectors).Any();

    /// <inheritdoc/>
    protected sealed override Tensor Table(Tape? tape) => Codes;

    /// <summary>Updates the running sizes and sums with a batch, whose vectors all ranks have together.</summary>
    /// <inheritdoc/>
    protected internal sealed override void Learn(Tensor latents, Indices codes)
    {
        latents.SumRowsByIndex(codes, _batchSums, _batchSizes);
        if (codes.Tape?.Share is { } share) share.SumLater(MoveAverages, _batchSums, _batchSizes);
        else MoveAverages();
    }

    /// <summary>Sets the codes by the running averages, after these have moved.</summary>
    protected abstract void Follow();

    /// <summary>The codes whose running size is too far below an even share of a batch's vectors.</summary>
    private IEnumerable<int> RareCodes(int vectors)
    {
        if (_options.Revival == 0) return [];
        int codes = Codes.Shape[0];
        float[] sizes = ClusterSizes.ToArray();
        double share = (double)vectors / codes;
        return Enumerable.Range(0, codes).Where(code => sizes[code] < _options.Revival * share);
    }

    private void MoveAverages()
    {
        (Number keep, Number add) = (_keep, _add);
        if (_block is null)
        {
            double decay = NextDecay();
            (keep, add) = ((float)decay, (float)(1 - decay));
        }
        ClusterSizes.MoveAverage(_batchSizes, keep, add);
        Sums.MoveAverage(_batchSums, keep, add);
        Follow();
    }

    /// <summary>Counts the next update and gives its decay.</summary>
    private double NextDecay()
    {
        _updates++;
        return _options.DecayRamp ? Math.Min(_options.Decay, (1.0 + _updates) / (10 + _updates)) : _options.Decay;
    }
}
