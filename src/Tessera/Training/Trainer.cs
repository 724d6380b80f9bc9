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
/// The seed's training loop in a run folder: draw a batch, <c>loss = MSE / data variance + quantizer loss</c>, backward,
/// the optimizer; with rows of metrics, evaluations and checkpoints on the way. A run that is stopped at any moment and resumed
/// ends with the same bits as one that is not.
/// </summary>
/// <example><code>
/// TrainingOptions options = Preset.Default.Options with { Budget = TrainingBudget.OfUpdates(500) };
/// using var trainer = new Trainer(RunFolder.Create("runs/first", options), Shapes.Load(Split.Train), Shapes.Load(Split.Test));
/// Evaluation result = trainer.Run();   // recon_error about 0.07 on held-out pictures
/// </code></example>
public sealed class Trainer : IDisposable
{
    /// <summary>Updates from one row of <c>metrics.csv</c> to the next.</summary>
    public const int UpdatesPerRow = 100;

    private const int KeptCheckpoints = 3;

    // Updates after which nothing of a start is left, whatever the decay.
    private const long LongPast = 1L << 60;

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
    /// Prepares a run: a new one, or, if the folder has checkpoints, one that goes on from the newest.
    /// </summary>
    /// <param name="run">The run folder.</param>
    /// <param name="train">The pictures to train on; their channels are those of the options.</param>
    /// <param name="test">The pictures to evaluate on.</param>
    /// <exception cref="InputException">
    /// An option, the pictures or a checkpoint are wrong, or the folder cannot be written or is another process's at work.
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
            throw new InputException($"all pictures of {train.Name} are of one and the same colour; there is nothing to learn from them");
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
            // Before the optimizer: an average starts from the weights that the run does.
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

    /// <summary>The model, as it is now; where weights are averaged and no update is being made, with the average.</summary>
    public VqVae Model { get; }

    /// <summary>Updates made so far.</summary>
    public long Update => _state.Update;

    /// <summary>The variance of the training pictures, byte/255.</summary>
    public double DataVariance { get; }

    /// <summary>What the run computes on.</summary>
    public Device Device => _device;

    /// <summary>Whether the run has spent its budget.</summary>
    public bool IsFinished => _spent >= 1;

    private bool EvaluationIsDue =>
        _state.Update > 0 && _state.LastEvaluation != _state.Update && (IsFinished || _state.Update % _options.EvalEvery == 0);

    /// <summary>Trains until the budget is spent.</summary>
    /// <param name="progress">Told of every update, evaluation and checkpoint, on the calling thread.</param>
    /// <param name="cancellation">Stops the run after the update in progress; a checkpoint is written first.</param>
    /// <returns>The evaluation on the test split after the last update.</returns>
    /// <exception cref="OperationCanceledException">It was stopped; its checkpoint is written.</exception>
    /// <exception cref="TrainingDivergedException">
    /// A loss, a weight or an evaluation was not finite; the checkpoints before it are untouched.
    /// </exception>
    /// <exception cref="InputException">The run folder cannot be written.</exception>
    public Evaluation Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        _clock.StartSitting();
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
                // Once an update: the time goes on while the update's evaluation and checkpoint are made.
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

    /// <summary>Ends the threads, and lets others write to the run folder.</summary>
    public void Dispose()
    {
        _batches.Dispose();
        _device.Dispose();
        _lock.Dispose();
    }

    /// <summary>One update: the seed's loop body.</summary>
    private void Step(Tape tape)
    {
        long start = Stopwatch.GetTimestamp();
        long update = _state.Update;
        _optimizer.ShowTrained();
        Model.ClearGradients();
        Tensor pictures = tape.Input(_batches.Load(update), _batchShape);

        TrainingLoss loss = TrainingLoss.Of(Model, pictures, DataVariance);
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
            Pictures = _state.Pictures + _options.Batch,
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
            _state.Update, _state.Window, _optimizer.LearningRate, _clock.UpdatesPerSecond * _options.Batch, _clock.Total);
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

    /// <summary>The part of the budget that is spent; the time that a budget of time goes by is kept in the state.</summary>
    private double Spent()
    {
        if (_options.Budget.Minutes is not null) _state = _state with { Seconds = _clock.Sitting.TotalSeconds };
        return _options.Budget.Spent(_state.Update, _options.Batch, TimeOf(_state.Seconds ?? 0));
    }

    // TimeSpan.FromSeconds cuts off instead of rounding: what is written and read would be a tick less at times.
    private static TimeSpan TimeOf(double seconds) => TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond));

    private Evaluation EvaluateNow(IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        _optimizer.ShowAverage();
        CheckFinite();
        Evaluation evaluation = Evaluator.Evaluate(Model, _test, Split.Test, DataVariance, cancellation: cancellation);
        if (!double.IsFinite(evaluation.Mse))
            throw new TrainingDivergedException(
                _state.Update, $"the evaluation after update {_state.Update} gave an error of {evaluation.Mse}");
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
    /// A finite loss does not tell that its gradients are, nor a finite evaluation that the weights are (a code is found
    /// for any vector): what they left must not become a checkpoint.
    /// </summary>
    private void CheckFinite()
    {
        foreach ((string name, Tensor tensor) in Model.State().Concat(_optimizer.State()))
        {
            if (!ModelFile.AreFinite(tensor.ToArray()))
                throw new TrainingDivergedException(
                    _state.Update, $"update {_state.Update} left numbers in {name} that are not finite");
        }
    }

    /// <summary>The newest weights become those of the checkpoint just written or read; the oldest checkpoints go.</summary>
    private void FollowCheckpoint()
    {
        ModelFile.Write(_run.ModelPath, Model, DataVariance);
        IReadOnlyList<Checkpoint> all = _run.Checkpoints();
        foreach (Checkpoint old in all.Take(all.Count - KeptCheckpoints)) Temporary.Delete(old.Path);
    }

    /// <summary>Goes back to the newest checkpoint, or to the start; what was logged after it is dropped.</summary>
    private void Restore()
    {
        if (_run.LatestCheckpoint() is { } checkpoint)
        {
            _optimizer.ShowAverage();
            _state = Read(checkpoint);
            if (_state.Seed != _options.Seed)
                throw new InputException($"{checkpoint.Path} is of a run with seed {_state.Seed}, not {_options.Seed}");
            if (_state.Pictures != _state.Update * _options.Batch)
                throw new InputException(
                    $"{checkpoint.Path} is of a run that has drawn {_state.Pictures} pictures, "
                    + $"not {_state.Update} batches of {_options.Batch}");
            // The run may have been killed between writing the checkpoint and what follows.
            FollowCheckpoint();
        }
        _written = _state;
        // Averages that came with the weights have a past: they are not to be forgotten faster.
        Model.Quantizer.ResumeAt(_options.Init is null ? _state.Update : LongPast + _state.Update);
        _log.TruncateAfter(_state);
        if (_log.Seconds is { } seconds) _clock.Total = TimeOf(seconds);
        _clock.Sitting = TimeOf(_state.Seconds ?? _log.Seconds ?? 0);
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
                $"{e.Message.TrimEnd('.')}; or delete {checkpoint.Path} to go on from the checkpoint before it", e);
        }
    }
}
