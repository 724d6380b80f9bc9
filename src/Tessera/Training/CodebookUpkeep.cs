using Tessera.Data;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Distributed;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Random;

namespace Tessera.Training;

/// <summary>
/// Keeps the codes of a codebook in use: starts them at k-means centres of the encoder's vectors, and moves rarely used
/// codes onto vectors of the batch, that of all ranks. Its random numbers depend on the run's seed and the update only.
/// </summary>
internal sealed class CodebookUpkeep
{
    /// <summary>Updates from one search for dead codes to the next.</summary>
    public const int UpdatesPerLook = 10;

    /// <summary>The part of the run, 0 to 1, in which dead codes are moved; in the rest the codebook settles.</summary>
    public const double RevivalPart = 0.95;

    private const int VectorsPerCode = 32, MostVectors = 65_536;

    // Room for the updates in the numbers of the streams.
    private const int LevelShift = 40;

    private readonly VqVae _model;
    private readonly ulong _seed;
    private readonly BatchShare? _share;

    /// <summary>Creates the upkeep of a model's codebook.</summary>
    public CodebookUpkeep(VqVae model, ulong seed, BatchShare? share) =>
        (_model, _seed, _share) = (model, seed, share);

    /// <summary>
    /// Initializes the codebook before the first update, if the quantizer's options ask for k-means: the codes become
    /// the cluster centres (<see cref="KMeans"/>) of the untrained encoder's vectors for the first batches. It clusters
    /// 32 vectors per code, but at most 65,536. Levels of codes start one after the
    /// other: a residual level's vectors depend on the levels before.
    /// </summary>
    /// <param name="batches">The batches of the run.</param>
    public void Start(ImageBatches batches)
    {
        if (_model.Options.Quantizer is not CodebookOptions { Start: CodebookStart.KMeans }) return;
        foreach (int level in OwnLevels()) Start(batches, level);
    }

    private void Start(ImageBatches batches, int level)
    {
        int codes = _model.Options.Codes;
        int wanted = Math.Min(VectorsPerCode * codes, MostVectors);
        using var tape = new Tape(_model.Device, recording: false);
        Tensor? vectors = null;
        int perBatch = 0;
        for (int found = 0; found < wanted; found += perBatch)
        {
            Tensor images = batches.Load(tape, update: found == 0 ? 0 : found / perBatch);
            Tensor latents = _model.Forward(images).Quantized.Levels[level].Latents;
            using Tensor? all = _share?.GatherRows(latents);
            if (all is not null) latents = all;
            perBatch = latents.Shape.Rows;
            int rounded = (wanted + perBatch - 1) / perBatch * perBatch;
            vectors ??= Tensor.Zeros([rounded, latents.Shape.Last], _model.Device);
            vectors.Rows(found, perBatch).CopyFrom(latents);
            tape.Reset();
        }
        using Tensor owned = vectors!;
        using Tensor centres = KMeans.Cluster(
            owned, codes, new CounterRandom(_seed, RandomStreams.TableStart + (ulong)level));
        int sharing = _model.Options.Cell.SharedCodebook ? _model.Options.Cell.Depth : 1;
        _model.Quantizer.Levels[level].Start(centres, (double)perBatch * sharing / codes);
    }

    /// <summary>
    /// Moves dead codes onto vectors of the batch: in every tenth update, until 95% of the run are done.
    /// </summary>
    /// <param name="quantized">The update's batch: the vectors as they were looked up.</param>
    /// <param name="update">Updates made before this one.</param>
    /// <param name="done">The part of the run that is done, 0 to 1.</param>
    /// <returns>The number of codes moved.</returns>
    public int Revive(in Quantized quantized, long update, double done)
    {
        if (update == 0 || update % UpdatesPerLook != 0 || done >= RevivalPart) return 0;
        if (_model.Options.Quantizer is not RunningAverageOptions { Revival: > 0 }) return 0;
        int moved = 0;
        foreach (int level in OwnLevels())
        {
            ulong stream = RandomStreams.Revival + ((ulong)level << LevelShift) + (ulong)update;
            Quantizer quantizer = _model.Quantizer.Levels[level];
            Tensor latents = LatentsOf(quantized, level);
            // All ranks have the same running sizes: either all need the vectors of all or none does.
            if (_share is not null && !quantizer.HasRareCodes(latents.Shape.Rows / _share.Count * _share.Whole))
                continue;
            using Tensor? all = _share?.GatherRows(latents);
            moved += quantizer.Revive(all ?? latents, new CounterRandom(_seed, stream));
        }
        return moved;
    }

    /// <summary>The vectors that a level's quantizer looked up: those of all levels that share it.</summary>
    private Tensor LatentsOf(in Quantized quantized, int level)
    {
        IReadOnlyList<Quantizer> levels = _model.Quantizer.Levels;
        var latents = new List<Tensor>();
        for (int i = level; i < levels.Count && levels[i] == levels[level]; i++)
            latents.Add(quantized.Levels[i].Latents.WithoutTape());
        if (latents.Count == 1) return quantized.Levels[level].Latents;
        int dimensions = latents[0].Shape.Last, rows = latents.Count * latents[0].Shape.Rows;
        return TensorOperations.JoinColumns(latents).Reshape([rows, dimensions]);
    }

    /// <summary>The levels with a quantizer of their own; a shared one counts once.</summary>
    private IEnumerable<int> OwnLevels()
    {
        IReadOnlyList<Quantizer> levels = _model.Quantizer.Levels;
        for (int i = 0; i < levels.Count; i++)
            if (i == 0 || levels[i] != levels[i - 1]) yield return i;
    }
}
