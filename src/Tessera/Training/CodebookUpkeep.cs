using Tessera.Data;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Random;

namespace Tessera.Training;

/// <summary>
/// Keeps the codes of a codebook in use: starts them where the encoder's vectors are, and moves those that are hardly
/// chosen any more. Both follow from the run's seed and the update alone.
/// </summary>
internal sealed class CodebookUpkeep
{
    /// <summary>Updates from one look for dead codes to the next.</summary>
    public const int UpdatesPerLook = 10;

    /// <summary>The part of a run in which dead codes are moved; in the rest the codes settle.</summary>
    public const double RevivalPart = 0.95;

    // Streams of CounterRandom far above those of BatchSampler's epochs.
    private const ulong StartStream = 2UL << 60, RevivalStream = 3UL << 60;
    private const int VectorsPerCode = 32, MostVectors = 65_536;

    private readonly VqVae _model;
    private readonly ulong _seed;

    /// <summary>Prepares.</summary>
    public CodebookUpkeep(VqVae model, ulong seed) => (_model, _seed) = (model, seed);

    /// <summary>
    /// Before the first update: if the quantizer's options say so, the codebook becomes the centres of what the encoder, as
    /// it is, makes of the first batches (<see cref="KMeans"/>): of 32 vectors for each code, at most 65,536 vectors or one
    /// for each code.
    /// </summary>
    /// <param name="batches">The batches of the run.</param>
    /// <param name="shape">The shape of a batch.</param>
    public void Start(BatchLoader batches, Shape shape)
    {
        int codes = _model.Options.Codes;
        if (_model.Options.Quantizer.Start != CodebookStart.KMeans) return;
        using var tape = new Tape(_model.Device, recording: false);
        var vectors = new List<float>();
        int wanted = Math.Max(codes, Math.Min(VectorsPerCode * codes, MostVectors)), found = 0, dimensions = 0, perBatch = 0;
        for (long update = 0; found < wanted; update++)
        {
            Tensor lookedUp = _model.Forward(tape.Input(batches.Load(update), shape)).Quantized.LookedUp;
            (dimensions, perBatch) = (lookedUp.Shape.Last, lookedUp.Shape.Rows);
            found += perBatch;
            vectors.AddRange(lookedUp.ToArray());
            tape.Reset();
        }
        float[] centres = KMeans.Cluster(
            Tensor.From([.. vectors], [found, dimensions], _model.Device), codes, new CounterRandom(_seed, StartStream));
        _model.Quantizer.Start(centres, (double)perBatch / codes);
    }

    /// <summary>Moves dead codes, if it is time to look for them.</summary>
    /// <param name="quantized">What the quantizer has just made of the update's batch.</param>
    /// <param name="update">Updates made before this one.</param>
    /// <param name="done">The part of the run that is done, 0 to 1.</param>
    /// <returns>How many codes were moved.</returns>
    public int Revive(Quantized quantized, long update, double done) =>
        update > 0 && update % UpdatesPerLook == 0 && done < RevivalPart
            ? _model.Quantizer.Revive(quantized.LookedUp, new CounterRandom(_seed, RevivalStream + (ulong)update))
            : 0;
}
