using System.Globalization;
using Tessera.Files;
using Tessera.Runs;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Distributed;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Priors;

/// <summary>Trains a prior on the codes of images: the mean cross-entropy of the next code.</summary>
/// <example><code>
/// using var learner = new PriorLearner(PriorRun.Create("runs/cifar/prior", options), train, test, pixelsPerCode: 4);
/// using var trainer = new Trainer(learner);
/// trainer.Run();
/// double nats = learner.Evaluation!.Nats;
/// </code></example>
public sealed class PriorLearner : Learner
{
    private const int Nats = 0;

    private readonly CodeSet _train, _test;
    private readonly CodeBatches _batches;
    private readonly int _pixelsPerCode;

    /// <summary>Creates the model with its initial weights.</summary>
    /// <param name="run">The run folder.</param>
    /// <param name="train">The codes of the training images.</param>
    /// <param name="test">The codes of the images to evaluate on.</param>
    /// <param name="pixelsPerCode">Pixels of a cell in each direction.</param>
    /// <param name="device">
    /// The device; null for the one that the run's options name, which this object disposes.
    /// </param>
    /// <param name="ranks">The processes that train together; null for one alone.</param>
    /// <exception cref="InputException">
    /// An option is out of range, the codes do not fit the model, or there is no such device.
    /// </exception>
    public PriorLearner(
        PriorRun run, CodeSet train, CodeSet test, int pixelsPerCode, Device? device = null, Collective? ranks = null)
        : base(run, device, numbersPerImage: 2, ranks)
    {
        (_train, _test, _pixelsPerCode) = (train, test, pixelsPerCode);
        try
        {
            PriorEvaluator.CheckFit(run.Options.Model, train);
            PriorEvaluator.CheckFit(run.Options.Model, test);
            Model = new CodePrior(run.Options.Model, run.Options.Seed, Device);
            Model.Share(Block);
            _batches = new CodeBatches(train, run.Options, Block, Share);
        }
        catch
        {
            Dispose(disposing: true);
            throw;
        }
    }

    /// <summary>The run folder.</summary>
    public new PriorRun Run => (PriorRun)base.Run;

    /// <inheritdoc/>
    public override CodePrior Model { get; }

    /// <summary>The last evaluation on the test images; null before the first.</summary>
    public PriorEvaluation? Evaluation { get; private set; }

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Measures { get; } = [new("nats", MeasureKind.Mean, InSeries: true)];

    /// <inheritdoc/>
    public override IReadOnlyList<string> EvaluationColumns { get; } = ["nats", "bits_per_pixel", "train_nats"];

    /// <inheritdoc/>
    protected internal override IEnumerable<(string Name, string Text)> Premises =>
        [("codes to train on", _train.Premise), ("codes to test on", _test.Premise)];

    /// <summary>The linear maps: tables and vectors are too small to decay.</summary>
    public override ParameterRoles Decayed => ParameterRoles.Matrix;

    /// <inheritdoc/>
    public override void Prepare(long update)
    {
        _batches.Prepare(update);
        Model.Prepare(update);
    }

    /// <inheritdoc/>
    public override Tensor Loss(Tape tape, UpdateLog log)
    {
        (Indices inputs, Indices targets) = _batches.Load(tape);
        Tensor loss = Model.Forward(inputs).CrossEntropy(targets);
        log.Record(Nats, loss);
        return loss;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<object?> Evaluate(long update, CancellationToken cancellation)
    {
        Evaluation = PriorEvaluator.Evaluate(Model, _test, _train, _pixelsPerCode, Ranks, cancellation);
        if (Ranks.Rank == 0) WriteCells(Evaluation.CellNats);
        return [Evaluation.Nats, Evaluation.BitsPerPixel, Evaluation.TrainNats];
    }

    /// <inheritdoc/>
    public override void WriteModel(Stream stream) => PriorFile.Write(stream, Model, Run.Options.TokenizerHash);

    /// <inheritdoc/>
    protected internal override Learner WithBatch(int batch, Device device) =>
        new PriorLearner(Run.WithBatch(batch), _train, _test, _pixelsPerCode, device);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _batches?.Dispose();
        Model?.Dispose();
        base.Dispose(disposing);
    }

    private void WriteCells(IReadOnlyList<double> nats) => AtomicFile.Write(Run.CellsPath, stream =>
    {
        using var writer = new StreamWriter(stream, leaveOpen: true);
        int columns = Run.Options.Model.Columns;
        for (int row = 0; row < Run.Options.Model.Rows; row++)
        {
            writer.Write(string.Join(
                ',', nats.Skip(row * columns).Take(columns).Select(
                    value => value.ToString("0.0000", CultureInfo.InvariantCulture))));
            writer.Write('\n');
        }
    });
}
