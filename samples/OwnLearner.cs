using System.Globalization;
using Tessera.Data;
using Tessera.Runs;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Ops;

namespace Tessera.Samples;

/// <summary>Teaches <see cref="OwnModule"/> to double the contrast. The trainer logs, saves and resumes.</summary>
public sealed class OwnLearner : Learner
{
    private readonly ImageBatches _batches, _test;

    public OwnLearner(OwnRun run, ImageSet train, ImageSet test) : base(run)
    {
        Model = new OwnModule(train.Channels, hidden: 16, new Initializer(run.Options.Seed, Device));
        _batches = new ImageBatches(train, Block, run.Options.Batch, run.Options.Seed);
        _test = new ImageBatches(test, test.Count, seed: 0, device: Device);
    }

    public override OwnModule Model { get; }
    public override IReadOnlyList<Measure> Measures { get; } = [new("mse", MeasureKind.Mean, InSeries: true)];
    public override IReadOnlyList<string> EvaluationColumns { get; } = ["test_mse"];
    public override void Prepare(long update) => _batches.Prepare(update);

    public override Tensor Loss(Tape tape, UpdateLog log)
    {
        Tensor loss = Error(_batches.Load(tape));
        log.Record(measure: 0, loss);
        return loss;
    }

    public override IReadOnlyList<object?> Evaluate(long update, CancellationToken cancellation)
    {
        using var tape = new Tape(Device, recording: false);
        return [(double)Error(_test.Load(tape, update: 0)).Item()];
    }

    /// <returns>The error on the test images: about 0.001 after 200 updates.</returns>
    public static double Train(string folder, ImageSet train, ImageSet test, int updates)
    {
        var options = new OwnOptions { Budget = TrainingBudget.OfUpdates(updates), Batch = 16, LearningRate = 1e-2f };
        using var learner = new OwnLearner(OwnRun.OpenOrCreate(folder, options), train, test);
        using var trainer = new Trainer(learner);
        trainer.Run();
        (string column, string value) = learner.Run.LastEvaluation()![^1];
        Console.WriteLine($"{column} {value}");
        return double.Parse(value, CultureInfo.InvariantCulture);
    }

    protected override void Dispose(bool disposing)
    {
        foreach (IDisposable owned in (IDisposable[])[Model, _batches, _test]) owned.Dispose();
        base.Dispose(disposing);
    }

    private Tensor Error(Tensor images) => Model.Forward(images.Scale(0.5f)).MeanSquaredError(images);
}
