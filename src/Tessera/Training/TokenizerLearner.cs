using Tessera.Data;
using Tessera.Features;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Runs;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Training;

/// <summary>
/// Trains a tokenizer, as in the reference notebook: <c>loss = MSE / data variance + quantizer loss</c>, or with the
/// terms that <see cref="LossOptions"/> choose. See <see cref="Trainer"/> for an example.
/// </summary>
public sealed class TokenizerLearner : Learner
{
    private const int ReconError = 0, Perplexity = 1, VqLoss = 2, CodesUsed = 3, Revived = 4, Perceptual = 5;

    private readonly TrainingOptions _options;
    private readonly ImageSet _train, _test;
    private readonly ImageBatches _batches;
    private readonly CodebookUpkeep _upkeep;
    private readonly LevelUse _use;
    private readonly ReconstructionLoss? _loss;
    private readonly SnapshotTaker _snapshots;
    private Quantized _quantized;

    /// <summary>Creates the model with its initial weights.</summary>
    /// <param name="run">The run folder.</param>
    /// <param name="train">The training images, with the channels that the model's options state.</param>
    /// <param name="test">The images to evaluate on.</param>
    /// <param name="device">
    /// The device; null for the one that the run's options name, which this object disposes.
    /// </param>
    /// <exception cref="InputException">
    /// An option is out of range, the images do not fit the model, or there is no such device.
    /// </exception>
    public TokenizerLearner(TokenizerRun run, ImageSet train, ImageSet test, Device? device = null)
        : this(run, train, test, CheckedVariance(run.Options, train, test), device)
    {
    }

    private TokenizerLearner(TokenizerRun run, ImageSet train, ImageSet test, double variance, Device? device)
        : base(run, device)
    {
        _options = run.Options;
        (_train, _test) = (train, test);
        DataVariance = variance;
        try
        {
            Model = new VqVae(_options.Model, _options.Seed, Device);
            Model.Quantizer.Share(Block);
            _batches = new ImageBatches(train, Block, _options.Batch, _options.Seed, _options.Flips);
            _upkeep = new CodebookUpkeep(Model, _options.Seed);
            _use = new LevelUse(_options.Model, Device);
            _snapshots = new SnapshotTaker(run, Model, test);
            if (_options.Loss != new LossOptions()) _loss = CreateLoss(train);
            if (_options.Loss.Perceptual > 0) Measures = [.. Measures, new("perceptual", MeasureKind.Mean)];
        }
        catch
        {
            // For example, out of memory.
            Dispose(disposing: true);
            throw;
        }
    }

    /// <summary>The run folder.</summary>
    public new TokenizerRun Run => (TokenizerRun)base.Run;

    /// <inheritdoc/>
    public override VqVae Model { get; }

    /// <summary>The variance of the training images' samples, byte/255.</summary>
    public double DataVariance { get; }

    /// <summary>The last evaluation on the test split; null before the first.</summary>
    public Evaluation? Evaluation { get; private set; }

    /// <summary>Whether snapshots are taken (<see cref="SnapshotFolder"/>).</summary>
    internal bool TakesSnapshots { get; init; } = true;

    /// <inheritdoc/>
    public override IReadOnlyList<Measure> Measures { get; } =
    [
        new("recon_error", MeasureKind.Mean, InSeries: true), new("perplexity", MeasureKind.Mean, InSeries: true),
        new("vq_loss", MeasureKind.Mean), new("codes_used", MeasureKind.Last), new("revived", MeasureKind.Sum),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<string> EvaluationColumns { get; } =
        ["split", "recon_error", "psnr", "ssim", "perplexity", "codes_used"];

    /// <inheritdoc/>
    public override void LoadInitialWeights()
    {
        if (_options.Init is { } init) ModelFile.ReadWeights(init, _options.InitKey, Model);
    }

    /// <inheritdoc/>
    public override void Restored(long update)
    {
        // Running averages that were loaded are already settled: the decay ramp must not apply to them.
        Model.Quantizer.SetUpdates(update, isSettled: _options.Init is not null);
        if (TakesSnapshots) _snapshots.Restored(update);
    }

    /// <inheritdoc/>
    public override void BeforeFirstUpdate()
    {
        if (_options.Init is null) _upkeep.Start(_batches);
    }

    /// <inheritdoc/>
    public override void Prepare(long update)
    {
        _batches.Prepare(update);
        Model.Quantizer.Prepare();
    }

    /// <inheritdoc/>
    public override Tensor Loss(Tape tape, UpdateLog log)
    {
        TrainingLoss loss = TrainingLoss.Of(Model, _batches.Load(tape), DataVariance, _loss);
        _quantized = loss.Quantized;
        _use.Count(_quantized);
        log.Record(ReconError, loss.ReconError);
        log.Record(Perplexity, _use.Perplexity);
        log.Record(VqLoss, _quantized.Loss);
        log.Record(CodesUsed, _use.CodesUsed);
        if (loss.Perceptual is { } perceptual) log.Record(Perceptual, perceptual);
        return loss.Total;
    }

    /// <inheritdoc/>
    public override void AfterUpdate(long update, double done, UpdateLog log)
    {
        log.Record(Revived, _upkeep.Revive(_quantized, update, done));
        if (TakesSnapshots) _snapshots.AfterUpdate(update + 1);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<object?> Evaluate(long update, CancellationToken cancellation)
    {
        Evaluation result = Evaluator.Evaluate(Model, _test, Split.Test, DataVariance, cancellation: cancellation);
        // The PSNR of a perfect reconstruction is infinite.
        if (!double.IsFinite(result.Mse))
            throw new TrainingDivergedException(
                update, $"the mean squared error after update {update} is {result.Mse}");
        Evaluation = result;
        if (TakesSnapshots) _snapshots.AfterEvaluation(update);
        return
        [
            result.Split.Name(), result.ReconError, result.Psnr, result.Ssim, result.Perplexity, result.CodesUsed,
        ];
    }

    /// <inheritdoc/>
    public override void WriteModel(Stream stream) => ModelFile.Write(stream, Model, DataVariance);

    /// <inheritdoc/>
    protected internal override Learner WithBatch(int batch, Device device) =>
        new TokenizerLearner(Run.WithBatch(batch), _train, _test, DataVariance, device);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _batches?.Dispose();
        _use?.Dispose();
        _loss?.Dispose();
        Model?.Dispose();
        base.Dispose(disposing);
    }

    private ReconstructionLoss CreateLoss(ImageSet images)
    {
        FeatureNetwork? features =
            _options.Loss.Perceptual > 0 ? FeatureFile.Read(Run.FeaturesPath, Device) : null;
        try
        {
            return new ReconstructionLoss(
                _options.Loss, images.Height, images.Width, images.Channels, features, Device);
        }
        catch
        {
            features?.Dispose();
            throw;
        }
    }

    /// <summary>The variance of the training images, which fit the model as the test images do.</summary>
    private static double CheckedVariance(TrainingOptions options, ImageSet train, ImageSet test)
    {
        options.Validate();
        Evaluator.CheckFit(options.Model, train, options.Batch, training: true);
        Evaluator.CheckFit(options.Model, test);
        double variance = train.Variance();
        return variance > 0
            ? variance
            : throw new InputException(
                $"all images of {train.Name} have the same single colour; choose other images");
    }
}
