using Tessera.Data;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Distributed;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Priors;

/// <summary>
/// Training batches of codes on a device, in the order of <see cref="BatchSampler"/>. A batch depends only on (set,
/// batch size, seed, update).
/// </summary>
internal sealed class CodeBatches : IDisposable
{
    private readonly CodeSet _set;
    private readonly CodePriorOptions _model;
    private readonly float _classDropout;
    private readonly BatchSampler _sampler;
    private readonly int _batch, _first;
    private readonly CounterRandom _flips, _drops;
    private readonly BlockIntegers _numbers, _firsts;
    private readonly Indices _chosen, _firstInputs, _sequences;

    /// <summary>Puts the codes on the device of a block that updates share.</summary>
    /// <param name="set">The codes.</param>
    /// <param name="options">The run's options.</param>
    /// <param name="block">Receives the numbers and first inputs of each batch.</param>
    /// <param name="share">The part of each batch that this process has; null for all.</param>
    public CodeBatches(CodeSet set, PriorOptions options, UpdateBlock block, BatchShare? share = null)
    {
        (_set, _model, _classDropout) = (set, options.Model, options.ClassDropout);
        _sampler = new BatchSampler(set.Count, options.Seed);
        _flips = new CounterRandom(options.Seed, RandomStreams.Flips);
        _drops = new CounterRandom(options.Seed, RandomStreams.ClassDrops);
        (_batch, _first) = (options.Batch, share?.First ?? 0);
        int count = share?.Count ?? _batch;
        _numbers = block.ReserveIntegers(count);
        _firsts = block.ReserveIntegers(count);
        int[] codes = set.Mirrored is { } mirrored ? [.. set.Codes, .. mirrored] : set.Codes;
        int images = codes.Length / set.Length;
        _sequences = Indices.From(codes, [images, set.Length], _model.Codes, block.Device);
        _chosen = _numbers.AsIndices(images);
        _firstInputs = _firsts.AsIndices(_model.AnyClass + 1);
    }

    /// <summary>Chooses the images of an update, which of them are mirrored, and which have no class.</summary>
    /// <param name="update">Number of the batch, from 0.</param>
    public void Prepare(long update)
    {
        Span<int> numbers = _numbers.Values, firsts = _firsts.Values;
        _sampler.Fill(update, _batch, _first, numbers);
        for (int i = 0; i < numbers.Length; i++)
        {
            ulong draw = (ulong)(update * _batch + _first + i);
            bool isDropped = _model.Classes.Count == 0 || _drops.Uniform(draw) < _classDropout;
            firsts[i] = _model.FirstInput(isDropped ? null : _set.Labels[numbers[i]]);
            if (_set.Mirrored is not null && _flips.Bits(draw) % 2 == 1) numbers[i] += _set.Count;
        }
    }

    /// <summary>The inputs and targets of the batch that was prepared, both <c>[batch, length]</c>.</summary>
    public (Indices Inputs, Indices Targets) Load(Tape tape) => tape.GatherSequences(_sequences, _chosen, _firstInputs);

    public void Dispose() => _sequences.Dispose();
}
