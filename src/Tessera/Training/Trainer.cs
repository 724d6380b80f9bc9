using System.Diagnostics;
using Tessera.Analysis;
using Tessera.Data;
using Tessera.Files;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Training;

/// <summary>
/// The training loop of a run folder, as in the reference notebook: draw a batch, compute
/// <c>loss = MSE / data variance + quantizer loss</c>, run backward, step the optimizer. It also logs metrics,
/// evaluates and writes checkpoints. A run that is stopped and resumed gives the same bits as an uninterrupted one,
/// unless its budget is a time.
/// </summary>
/// <example><code>
/// TrainingOptions options = Preset.Default.Options with { Budget = TrainingBudget.OfUpdates(500) };
/// using var trainer = new Trainer(
///     RunFolder.Create("runs/first", options), SyntheticShapes.Load(Split.Train), SyntheticShapes.Load(Split.Test));
/// Evaluation result = trainer.Run();   // recon_error about 0.07 on the test split
/// </code></example>
public sealed class Trainer : IDisposable
{
    /// <summary>Updates from one row of <c>metrics.csv</c> to the next.</summary>
    public const int UpdatesPerRow = 100;

    private const int KeptCheckpoints = 3;

    // An update number so high that the decay ramp of running averages has ended.
    private const long AfterRamp = 1L << 60;

    private readonly RunFolder _run;
    private readonly TrainingOptions _options;
    private readonly ImageSet _test;
    private readonly FolderLock _lock;
    private readonly CpuDevice _device;
    private readonly ModelOptimizer _optimizer;
    private readonly CodeUsage _batchUsage;
    private readonly CodebookUpkeep _upkeep;
    private readonly BatchLoader _batches;
    private readonly Shape _batchShape;
    private readonly TrainingLog _log;
    private readonly TrainingClock _clock = new();
    private TrainingState _state;
    private TrainingState? _written;
    private double _spent;

    /// <summary>
    /// Starts a new run, or resumes one from the newest checkpoint in its folder.
    /// </summary>
    /// <param name="run">The run folder.</param>
    /// <param name="train">The training images, with the channels that the model's options state.</param>
    /// <param name="test">The images to evaluate on.</param>
    /// <exception cref="InputException">
    /// An option is out of range, the images do not fit the model, a checkpoint is damaged or belongs to another run,
    /// the folder cannot be written, or another process is training in it.
    /// </exception>
    public Trainer(RunFolder run, ImageSet train, ImageSet test)
    {
        _run = run;
        _options = run.Options;
        _options.Validate();
        _test = test;
        Evaluator.CheckFit(_options.Model, train, _options.Batch);
        Evaluator.CheckFit(_options.Model, test);
        DataVariance = train.Variance();
        if (DataVariance == 0)
            throw new InputException(
                $"all images of {train.Name} have the same single colour; choose other images");
        _lock = new FolderLock(run.Path);
        _device = new CpuDevice(_options.Threads);
        Model = new VqVae(_options.Model, _options.Seed, _device);
        _batchUsage = new CodeUsage(_options.Model.Codes);
        _upkeep = new CodebookUpkeep(Model, _options.Seed);
        _batches = new BatchLoader(train, _options.Batch, _options.Seed, _options.Flips);
        _batchShape = [_options.Batch, train.Height, train.Width, train.Channels];
        _state = new TrainingState(0, 0, _options.Seed, 0, 0, default);

        try
        {
            run.CleanUp();
            // Before the optimizer, whose weight average starts as a copy of these weights.
            if (_options.Init is { } init && run.LatestCheckpoint() is null)
                ModelFile.ReadWeights(TrainedModel.FindWeights(init), _options.InitKey, Model);
            _optimizer = new ModelOptimizer(Model, _options);
            _log = new TrainingLog(run);
            Restore();
            _spent = Spent();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// The model in its present state. With weight averaging it holds the average after an evaluation or a checkpoint,
    /// and the trained weights after other updates.
    /// </summary>
    public VqVae Model { get; }

    /// <summary>Updates made so far.</summary>
    public long Update => _state.Update;

    /// <summary>The variance of the training images' samples, byte/255.</summary>
    public double DataVariance { get; }

    /// <summary>The device that the run computes on.</summary>
    public Device Device => _device;

    /// <summary>Whether the run has spent its budget.</summary>
    public bool IsFinished => _spent >= 1;

    private bool EvaluationIsDue =>
        _state.Update > 0 && _state.LastEvaluation != _state.Update
        && (IsFinished || _state.Update % _options.EvalEvery == 0);

    /// <summary>Trains until the budget is spent.</summary>
    /// <param name="progress">Receives every update, evaluation and checkpoint, on the calling thread.</param>
    /// <param name="cancellation">Stops the run after the current update; a checkpoint is written first.</param>
    /// <returns>The evaluation on the test split after the last update.</returns>
    /// <exception cref="OperationCanceledException">The run was stopped; a checkpoint was written.</exception>
    /// <exception cref="TrainingDivergedException">
    /// A loss, a weight or an evaluation was not finite; earlier checkpoints are intact.
    /// </exception>
    /// <exception cref="InputException">The run folder cannot be written.</exception>
    public Evaluation Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        _clock.Start();
        if (_state.Update == 0 && _options.Init is null) _upkeep.Start(_batches, _batchShape);
        using var tape = new Tape(_device);
        Evaluation? evaluation = null;
        try
        {
            while (true)
            {
                if (EvaluationIsDue) evaluation = EvaluateNow(progress, cancellation);
                if (IsFinished || _state.Update % _options.CheckpointEvery == 0) WriteCheckpoint(progress);
                if (IsFinished) break;
                cancellation.ThrowIfCancellationRequested();
                Step(tape);
                // Read once per update, so that its report, evaluation and checkpoint see the same value.
                _spent = Spent();
                Report(progress);
            }
        }
        catch (OperationCanceledException)
        {
            WriteCheckpoint(progress);
            throw;
        }
        return evaluation ?? Evaluator.Evaluate(Model, _test, Split.Test, DataVariance, cancellation: cancellation);
    }

    /// <summary>Ends the threads and releases the lock of the run folder.</summary>
    public void Dispose()
    {
        _batches.Dispose();
        _device.Dispose();
        _lock.Dispose();
    }

    /// <summary>One update: the reference notebook's loop body.</summary>
    private void Step(Tape tape)
    {
        long start = Stopwatch.GetTimestamp();
        long update = _state.Update;
        _optimizer.ShowTrained();
        Model.ClearGradients();
        Tensor images = tape.Input(_batches.Load(update), _batchShape);

        TrainingLoss loss = TrainingLoss.Of(Model, images, DataVariance);
        if (!float.IsFinite(loss.Total.Item()))
            throw new TrainingDivergedException(update + 1, $"the loss of update {update + 1} is {loss.Total.Item()}");
        int revived = _upkeep.Revive(loss.Quantized, update, _spent);
        tape.Backward(loss.Total);
        _optimizer.Step(update, _spent);

        _batchUsage.Clear();
        _batchUsage.Add(loss.Quantized.Codes);
        _state = _state with
        {
            Update = update + 1,
            Images = _state.Images + _options.Batch,
            OptimizerSteps = _optimizer.Steps,
            Window = _state.Window.With(
                loss.ReconError.Item(), _batchUsage.Perplexity, loss.Quantized.Loss.Item(), revived),
        };
        _log.AddUpdate(_state.Update, loss.ReconError.Item(), _batchUsage.Perplexity);
        tape.Reset();
        _clock.Add(Stopwatch.GetElapsedTime(start));
    }

    private void Report(IProgress<TrainingProgress>? progress)
    {
        bool closeWindow = IsFinished || _state.Update % UpdatesPerRow == 0;
        progress?.Report(Progress() with { IsMetricsRow = closeWindow });
        if (!closeWindow) return;
        _log.AddRow(
            _state.Update, _state.Window, _optimizer.LearningRate, _clock.UpdatesPerSecond * _options.Batch,
            _clock.Total);
        _state = _state with { Window = default };
        _clock.StartWindow();
    }

    private TrainingProgress Progress()
    {
        long? updates = _options.Budget.UpdatesFor(_options.Batch);
        TimeSpan remaining = updates is { } all
            ? _clock.TimeFor(all - _state.Update)
            : TimeSpan.FromMinutes(_options.Budget.Minutes!.Value * Math.Max(0, 1 - _spent));
        return new(
            _state.Update, updates, _spent, _state.Window, _batchUsage.Used, _clock.Total,
            _clock.UpdatesPerSecond * _options.Batch, remaining);
    }

    /// <summary>
    /// The part of the budget that is spent. For a budget of minutes, the state gets the elapsed seconds.
    /// </summary>
    private double Spent()
    {
        if (_options.Budget.Minutes is not null) _state = _state with { Seconds = _clock.Elapsed.TotalSeconds };
        return _options.Budget.Spent(_state.Update, _options.Batch, TimeOf(_state.Seconds ?? 0));
    }

    // TimeSpan.FromSeconds truncates, so a value that was written and read back could lose a tick.
    private static TimeSpan TimeOf(double seconds) =>
        TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond));

    private Evaluation EvaluateNow(IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        _optimizer.ShowAverage();
        CheckFinite();
        Evaluation evaluation = Evaluator.Evaluate(Model, _test, Split.Test, DataVariance, cancellation: cancellation);
        if (!double.IsFinite(evaluation.Mse))
            throw new TrainingDivergedException(
                _state.Update, $"the mean squared error after update {_state.Update} is {evaluation.Mse}");
        _log.AddEvaluation(_state.Update, evaluation);
        _state = _state with { LastEvaluation = _state.Update };
        progress?.Report(Progress() with { Evaluation = evaluation });
        return evaluation;
    }

    private void WriteCheckpoint(IProgress<TrainingProgress>? progress)
    {
        if (_state.Update == 0 || _state == _written) return;
        _optimizer.ShowAverage();
        CheckFinite();
        _run.CheckPresent();
        _log.WriteSeries();
        Checkpoint checkpoint = _run.CheckpointOf(_state.Update);
        checkpoint.Write(Model, DataVariance, _optimizer, _state);
        FollowCheckpoint();
        _written = _state;
        progress?.Report(Progress() with { Checkpoint = checkpoint.Path });
    }

    /// <summary>
    /// Checks all weights and the optimizer's state, so that no checkpoint holds NaN or infinity. A finite loss does
    /// not imply finite gradients, and a finite evaluation does not imply finite weights: any vector is given some
    /// code.
    /// </summary>
    /// <exception cref="TrainingDivergedException">A number is not finite.</exception>
    private void CheckFinite()
    {
        foreach ((string name, Tensor tensor) in Model.State().Concat(_optimizer.State()))
        {
            if (!ModelFile.AreFinite(tensor.ToArray()))
                throw new TrainingDivergedException(
                    _state.Update, $"after update {_state.Update} {name} holds numbers that are not finite");
        }
    }

    /// <summary>Writes the model as the newest weights, and deletes all but the last three checkpoints.</summary>
    private void FollowCheckpoint()
    {
        ModelFile.Write(_run.ModelPath, Model, DataVariance);
        IReadOnlyList<Checkpoint> all = _run.Checkpoints();
        foreach (Checkpoint old in all.Take(all.Count - KeptCheckpoints)) Temporary.Delete(old.Path);
    }

    /// <summary>Restores the newest checkpoint, if any, and drops the log rows after it.</summary>
    private void Restore()
    {
        if (_run.LatestCheckpoint() is { } checkpoint)
        {
            _optimizer.ShowAverage();
            _state = Read(checkpoint);
            if (_state.Seed != _options.Seed)
                throw new InputException(
                    $"{checkpoint.Path} belongs to a run with seed {_state.Seed}, not {_options.Seed}; move it away");
            if (_state.Images != _state.Update * _options.Batch)
                throw new InputException(
                    $"{checkpoint.Path} belongs to another run: it has drawn {_state.Images} images, "
                    + $"not {_state.Update} batches of {_options.Batch}; move it away");
            // The run may have been killed after it wrote the checkpoint and before it wrote the newest weights.
            FollowCheckpoint();
        }
        _written = _state;
        // Running averages loaded with --init are already settled: the decay ramp must not apply to them.
        Model.Quantizer.SetUpdates(_options.Init is null ? _state.Update : AfterRamp + _state.Update);
        _log.TruncateAfter(_state);
        if (_log.Seconds is { } seconds) _clock.Total = TimeOf(seconds);
        _clock.Elapsed = TimeOf(_state.Seconds ?? _log.Seconds ?? 0);
    }

    private TrainingState Read(Checkpoint checkpoint)
    {
        try
        {
            return checkpoint.Read(Model, _optimizer);
        }
        catch (InputException e)
        {
            throw new InputException(
                $"{e.Message.TrimEnd('.')}; or delete {checkpoint.Path} to resume from the checkpoint before it", e);
        }
    }
}
