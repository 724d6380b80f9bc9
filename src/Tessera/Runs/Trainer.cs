using System.Diagnostics;
using System.Numerics.Tensors;
using Tessera.Files;
using Tensor = Tessera.Tensors.Tensor;

namespace Tessera.Runs;

/// <summary>
/// The training loop of a run folder. It drives a <see cref="Learner"/> through its updates until the budget is spent,
/// and logs metrics, evaluates and writes checkpoints. A run that is stopped and resumed gives the same bits as an
/// uninterrupted one, unless its budget is a time. Where several processes train together (<see
/// cref="Learner.Ranks"/>), each has a trainer; that of rank 0 alone reads and writes the folder.
/// </summary>
/// <example><code>
/// TrainingOptions options = Preset.Default.Options with { Budget = TrainingBudget.OfUpdates(500) };
/// using var learner = new TokenizerLearner(
///     TokenizerRun.Create("runs/first", options),
///     SyntheticShapes.Load(Split.Train), SyntheticShapes.Load(Split.Test));
/// using var trainer = new Trainer(learner);
/// trainer.Run();
/// double? error = learner.Evaluation!.ReconError;   // about 0.07 on the test split
/// </code></example>
public sealed class Trainer : IDisposable
{
    /// <summary>Updates from one row of <c>metrics.csv</c> to the next.</summary>
    public const int UpdatesPerRow = 100;

    private const int KeptCheckpoints = 3;

    private readonly Learner _learner;
    private readonly RunFolder _run;
    private readonly RunOptions _options;
    private readonly RankAgreement _agreement;
    // Null on all ranks but the first.
    private readonly FolderLock? _lock;
    private readonly RunLog? _log;
    private readonly ModelOptimizer _optimizer = null!;
    private readonly UpdateStep _step = null!;
    private readonly RunClock _clock = new();
    private RunState _state;
    private (long Update, long Evaluation) _written;
    private bool _isEvaluated;
    private double _spent;

    /// <summary>Starts a new run, or resumes one from the newest checkpoint in its folder.</summary>
    /// <param name="learner">What is trained; the caller disposes it after this.</param>
    /// <exception cref="InputException">
    /// A checkpoint is damaged or belongs to another run, the folder cannot be written, or another process is training
    /// in it.
    /// </exception>
    public Trainer(Learner learner)
    {
        _learner = learner;
        _run = learner.Run;
        _options = _run.Options;
        _state = new RunState(0, 0, _options.Seed, 0, 0, new MetricsWindow());
        _agreement = new RankAgreement(learner.Ranks);
        _agreement.CheckPremises(learner);
        if (Writes) _lock = new FolderLock(_run.Path);
        try
        {
            if (Writes) _run.CleanUp();
            // Before the optimizer, whose weight average starts as a copy of these weights.
            if (Writes && _run.LatestCheckpoint() is null) learner.LoadInitialWeights();
            _optimizer = new ModelOptimizer(learner, _options);
            _step = new UpdateStep(learner, _optimizer, UpdatesPerRow);
            if (Writes) _log = new RunLog(_run, learner);
            Restore();
            _spent = Spent();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Updates made so far.</summary>
    public long Update => _state.Update;

    /// <summary>Whether the run has spent its budget.</summary>
    public bool IsFinished => _spent >= 1;

    private bool Writes => _learner.Ranks.Rank == 0;

    private bool EvaluationIsDue =>
        _state.Update > 0 && _state.LastEvaluation != _state.Update
        && (IsFinished || _state.Update % _options.EvalEvery == 0);

    /// <summary>
    /// Trains until the budget is spent. The model is then evaluated: the learner holds the result. With weight
    /// averaging, the model holds the average after an evaluation or a checkpoint, and the trained weights after other
    /// updates.
    /// </summary>
    /// <param name="progress">Receives every update, evaluation and checkpoint, on the calling thread.</param>
    /// <param name="cancellation">Stops the run after the current update; a checkpoint is written first.</param>
    /// <exception cref="OperationCanceledException">The run was stopped; a checkpoint was written.</exception>
    /// <exception cref="TrainingDivergedException">
    /// A loss, a weight or an evaluation was not finite; earlier checkpoints are intact.
    /// </exception>
    /// <exception cref="InputException">
    /// The run folder cannot be written, or the device's memory is too small for the batch.
    /// </exception>
    public void Run(IProgress<RunProgress>? progress = null, CancellationToken cancellation = default)
    {
        // Several processes stop together, between updates.
        CancellationToken inside = _learner.Ranks.Size == 1 ? cancellation : default;
        _clock.Start();
        if (_state.Update == 0) _learner.BeforeFirstUpdate();
        try
        {
            while (true)
            {
                if (EvaluationIsDue) EvaluateNow(progress, inside);
                if (IsFinished || _state.Update % _options.CheckpointEvery == 0) WriteCheckpoint(progress);
                if (IsFinished) break;
                if (_learner.Ranks.Any(cancellation.IsCancellationRequested))
                    throw new OperationCanceledException(cancellation);
                Step();
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
        // A run that was finished before is evaluated again; the log has its row already.
        if (!_isEvaluated) _learner.Evaluate(_state.Update, inside);
    }

    /// <summary>Frees the memory of the updates and releases the lock of the run folder.</summary>
    public void Dispose()
    {
        _step?.Dispose();
        _optimizer?.Dispose();
        _lock?.Dispose();
    }

    private void Step()
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            _step.Run(_state.Update, _spent);
        }
        catch (InsufficientMemoryException e) when (UpdateMemory.Explain(_learner, e) is { } explained)
        {
            throw explained;
        }
        _state = _state with
        {
            Update = _state.Update + 1,
            Images = _state.Images + _options.Batch,
            OptimizerSteps = _optimizer.Steps,
        };
        _isEvaluated = false;
        // Inside the measured time: a device may still be at work. The log holds the updates of one row.
        if (_state.Update % UpdatesPerRow == 0) Fetch();
        _clock.Add(Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Takes what the updates since the last fetch measured from the device.</summary>
    /// <exception cref="TrainingDivergedException">A loss or a norm was not finite.</exception>
    private MetricsWindow Fetch()
    {
        UpdateRecord[] records = _step.Log.Fetch();
        long update = _state.Update - records.Length;
        foreach (UpdateRecord record in records)
        {
            update++;
            if (!float.IsFinite(record.Loss)) throw Diverged(update, $"the loss of update {update} is {record.Loss}");
            if (!float.IsFinite(record.Norm))
                throw Diverged(update, $"the gradient norm of update {update} is {record.Norm}");
            _state.Window.Add(_learner.Measures, record.Values);
            _log?.AddUpdate(update, record.Values);
        }
        return _state.Window;
    }

    /// <summary>Writes the series up to the update before, which shows how the run came to diverge.</summary>
    private TrainingDivergedException Diverged(long update, FormattableString finding)
    {
        _log?.WriteSeries();
        return new TrainingDivergedException(update, finding);
    }

    private void Report(IProgress<RunProgress>? progress)
    {
        bool closeWindow = IsFinished || _state.Update % UpdatesPerRow == 0;
        if (closeWindow) Fetch();
        if (progress is not null) (Progress() with { IsMetricsRow = closeWindow }).ReportTo(progress);
        if (!closeWindow) return;
        _log?.AddRow(
            _state.Update, _state.Window, _optimizer.LearningRate, _clock.UpdatesPerSecond * _options.Batch,
            _clock.Total);
        _state = _state with { Window = new MetricsWindow() };
        _clock.StartWindow();
    }

    private RunProgress Progress()
    {
        long? updates = _options.Budget.UpdatesFor(_options.Batch);
        TimeSpan remaining = updates is { } all
            ? _clock.TimeFor(all - _state.Update)
            : TimeSpan.FromMinutes(_options.Budget.Minutes!.Value * Math.Max(0, 1 - _spent));
        return new RunProgress(
            _state.Update, updates, _spent, _clock.Total, _clock.UpdatesPerSecond * _options.Batch, remaining)
        {
            Fetch = () => Fetch().Copy(),
        };
    }

    /// <summary>
    /// The part of the budget that is spent. For a budget of minutes, the state gets the elapsed seconds.
    /// </summary>
    private double Spent()
    {
        if (_options.Budget.Minutes is not null)
            _state = _state with { Seconds = _agreement.OfFirst(_clock.Elapsed.TotalSeconds) };
        return _options.Budget.Spent(_state.Update, _options.Batch, TimeOf(_state.Seconds ?? 0));
    }

    // TimeSpan.FromSeconds truncates, so a value that was written and read back could lose a tick.
    private static TimeSpan TimeOf(double seconds) =>
        TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond));

    private void EvaluateNow(IProgress<RunProgress>? progress, CancellationToken cancellation)
    {
        _optimizer.ShowAverage();
        CheckFinite();
        IReadOnlyList<object?> evaluation = _learner.Evaluate(_state.Update, cancellation);
        for (int i = 0; i < evaluation.Count; i++)
        {
            if (evaluation[i] is double.NaN)
                throw new TrainingDivergedException(
                    _state.Update, $"the {_learner.EvaluationColumns[i]} after update {_state.Update} is {double.NaN}");
        }
        _log?.AddEvaluation(_state.Update, evaluation);
        _state = _state with { LastEvaluation = _state.Update };
        _isEvaluated = true;
        if (progress is not null) (Progress() with { Evaluation = evaluation }).ReportTo(progress);
    }

    private void WriteCheckpoint(IProgress<RunProgress>? progress)
    {
        if (_state.Update == 0 || (_state.Update, _state.LastEvaluation) == _written) return;
        _optimizer.ShowAverage();
        CheckFinite();
        _agreement.CheckWeights(_learner, _optimizer);
        Checkpoint checkpoint = _run.CheckpointOf(_state.Update);
        if (Writes)
        {
            _run.CheckPresent();
            _log!.WriteSeries();
            checkpoint.Write(_learner, _optimizer, _state);
            FollowCheckpoint();
        }
        _written = (_state.Update, _state.LastEvaluation);
        if (progress is not null) (Progress() with { Checkpoint = checkpoint.Path }).ReportTo(progress);
    }

    /// <summary>
    /// Checks the losses so far, all weights and the optimizer's state, so that no checkpoint holds NaN or infinity. A
    /// finite loss does not imply finite gradients, and a finite evaluation does not imply finite weights: any vector
    /// is given some code.
    /// </summary>
    /// <exception cref="TrainingDivergedException">A number is not finite.</exception>
    private void CheckFinite()
    {
        Fetch();
        foreach ((string name, Tensor tensor) in _learner.Model.State().Concat(_optimizer.State()))
        {
            if (!TensorPrimitives.IsFiniteAll<float>(tensor.ToArray()))
                throw new TrainingDivergedException(
                    _state.Update, $"after update {_state.Update} {name} holds numbers that are not finite");
        }
    }

    /// <summary>Writes the model as the newest weights, and deletes all but the last three checkpoints.</summary>
    private void FollowCheckpoint()
    {
        AtomicFile.Write(_run.ModelPath, _learner.WriteModel);
        IReadOnlyList<Checkpoint> all = _run.Checkpoints();
        foreach (Checkpoint old in all.Take(all.Count - KeptCheckpoints)) Temporary.Delete(old.Path);
    }

    /// <summary>Restores the newest checkpoint, if any, and drops the log rows after it; on all ranks.</summary>
    private void Restore()
    {
        if (Writes) ReadCheckpoint();
        Span<TimeSpan> times = [_clock.Total, _clock.Elapsed];
        _state = _agreement.ShareState(_state, times, _learner, _optimizer);
        (_clock.Total, _clock.Elapsed) = (times[0], times[1]);
        _written = (_state.Update, _state.LastEvaluation);
        _learner.Restored(_state.Update);
    }

    private void ReadCheckpoint()
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
        _log!.TruncateAfter(_state);
        if (_log.Seconds is { } seconds) _clock.Total = TimeOf(seconds);
        _clock.Elapsed = TimeOf(_state.Seconds ?? _log.Seconds ?? 0);
    }

    private RunState Read(Checkpoint checkpoint)
    {
        try
        {
            return checkpoint.Read(_learner, _optimizer);
        }
        catch (InputException e)
        {
            throw new InputException(
                $"{e.Message.TrimEnd('.')}; or delete {checkpoint.Path} to resume from the checkpoint before it", e);
        }
    }
}
