using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Quantization;

/// <summary>
/// Residual quantization (Zeghidour et al., "SoundStream", 2021, section III-C): level after level quantizes what the
/// levels before have left, <c>r[0] = z</c>, <c>r[i+1] = r[i] - e[i]</c>, and the decoder receives the sum of all e.
/// The loss is the sum of the levels' losses. Levels have codebooks of their own, or share one.
/// </summary>
/// <remarks>
/// Quantizer dropout: with a probability, an update uses only the first n levels, n being drawn from 1 to all; the
/// others get no gradient and keep their running averages, so that a prefix of a cell's codes decodes well.
/// </remarks>
public sealed class ResidualQuantizer : Quantizer
{
    private readonly Quantizer[] _levels;
    private readonly float _dropout;
    private readonly Number[] _weights;
    private readonly CounterRandom _random;
    private UpdateBlock? _block;
    private long _updates;
    private int _used;

    /// <summary>Creates the quantizer.</summary>
    /// <param name="cell">The number of levels, whether they share a codebook, and the dropout.</param>
    /// <param name="create">Creates the quantizer of a level.</param>
    /// <param name="initializer">Gives the seed of the dropout.</param>
    public ResidualQuantizer(CellOptions cell, Func<int, Quantizer> create, Initializer initializer)
    {
        (_dropout, IsShared) = (cell.LevelDropout, cell.SharedCodebook);
        _random = new CounterRandom(initializer.Seed, RandomStreams.LevelDrops);
        _levels = new Quantizer[cell.Depth];
        for (int i = 0; i < _levels.Length; i++)
            _levels[i] = IsShared && i > 0 ? _levels[0] : Child($"_levels.{i}", create(i));
        _weights = [.. Enumerable.Repeat((Number)1f, _levels.Length)];
    }

    /// <summary>Whether all levels have one codebook.</summary>
    public bool IsShared { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Quantizer> Levels => _levels;

    internal override Device Device => _levels[0].Device;

    /// <inheritdoc/>
    public override Quantized Quantize(Tensor z, bool training)
    {
        bool drops = training && _dropout > 0;
        // Without a block nobody else calls it.
        if (drops && _block is null) Prepare();
        Quantized first = _levels[0].Quantize(z, training, Learns(0));
        Tensor rest = first.Levels[0].Latents, latents = rest, vectors = first.Vectors.Detach(), sum = vectors;
        Tensor loss = first.Loss;
        List<QuantizedLevel> levels = [first.Levels[0]];
        for (int i = 1; i < _levels.Length; i++)
        {
            rest = rest.Add(vectors.Scale(-1));
            Quantized next = _levels[i].Quantize(rest, training, Learns(i));
            vectors = next.Vectors.Detach();
            sum = sum.Add(drops ? vectors.Scale(_weights[i]) : vectors);
            loss = loss.Add(drops ? next.Loss.Scale(_weights[i]) : next.Loss);
            levels.Add(next.Levels[0]);
        }
        Indices codes = TensorOperations.JoinColumns([.. levels.Select(level => level.Codes)]);
        if (training && IsShared) LearnTogether(levels, codes);
        return new Quantized(_levels[0].PassGradient(latents, sum), loss, codes, levels);

        // A shared codebook learns once, from all levels. With a block, its numbers say which levels learn: the same
        // work is replayed at every update.
        bool Learns(int level) => training && !IsShared && (!drops || _block is not null || level < _used);
    }

    /// <inheritdoc/>
    public override Indices FindCodes(Tensor z) => z.OnTape(x =>
    {
        Tensor rest = _levels[0].ToLatents(x);
        var codes = new List<Indices> { _levels[0].FindIn(rest) };
        for (int i = 1; i < _levels.Length; i++)
        {
            rest = rest.Add(_levels[i - 1].Lookup(codes[^1]).Scale(-1));
            codes.Add(_levels[i].FindCodes(rest));
        }
        return TensorOperations.JoinColumns(codes);
    });

    /// <inheritdoc/>
    public override Tensor Lookup(Indices codes) => codes.OnTape(x =>
    {
        // A prefix of the codes decodes too: the last levels are then left out.
        Tensor sum = _levels[0].Lookup(x.Column(0));
        for (int i = 1; i < x.Shape.Last; i++) sum = sum.Add(_levels[i].Lookup(x.Column(i)));
        return sum;
    });

    /// <inheritdoc/>
    public override Tensor Codebook(Tape tape) => JoinRows([.. _levels.Select(level => level.Codebook(tape))]);

    /// <inheritdoc/>
    public override void SetUpdates(long update, bool isSettled = false)
    {
        _updates = update;
        foreach (Quantizer level in _levels.Distinct()) level.SetUpdates(update, isSettled);
    }

    /// <inheritdoc/>
    public override void Share(UpdateBlock block)
    {
        _block = block;
        foreach (Quantizer level in _levels.Distinct()) level.Share(block);
        if (_dropout == 0) return;
        for (int i = 1; i < _weights.Length; i++) _weights[i] = block.ReserveNumber();
    }

    /// <inheritdoc/>
    public override void Prepare(bool learns = true)
    {
        _used = LevelsOf(_updates++);
        for (int i = 0; i < _levels.Length; i++)
        {
            if (!IsShared || i == 0) _levels[i].Prepare(learns && i < _used);
            if (_dropout == 0 || i == 0) continue;
            float weight = i < _used ? 1 : 0;
            if (_block is null) _weights[i] = weight;
            else _block.Set(_weights[i], weight);
        }
    }

    /// <summary>The levels that an update uses.</summary>
    private int LevelsOf(long update) => _random.Uniform(2 * (ulong)update) < _dropout
        ? 1 + _random.Below(2 * (ulong)update + 1, _levels.Length)
        : _levels.Length;

    private void LearnTogether(List<QuantizedLevel> levels, Indices codes)
    {
        if (_levels[0] is not CodebookQuantizer shared) return;
        int dimensions = levels[0].Latents.Shape.Last, rows = levels[0].Latents.Shape.Rows * levels.Count;
        Tensor latents = TensorOperations.JoinColumns([.. levels.Select(level => level.Latents.Detach())]);
        shared.Learn(latents.Reshape([rows, dimensions]), codes.Reshape([rows]));
    }
}
