using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Nn;
using Tessera.Tensors.Optim;

namespace Tessera.Runs;

/// <summary>
/// Updates a model's weights: Adam or Muon with a learning-rate schedule, and optionally gradient clipping and a
/// running average of the weights. With averaging, the model holds either the trained weights or their average; the
/// average is what a run evaluates and writes.
/// </summary>
internal sealed class ModelOptimizer : IDisposable
{
    private readonly Module _model;
    private readonly Optimizer _optimizer;
    private readonly LearningRateSchedule _schedule;
    private readonly float _clipNorm;
    private readonly WeightAverage? _average;

    /// <summary>Creates the optimizer; the average starts from the model's present weights.</summary>
    public ModelOptimizer(Learner learner, RunOptions options)
    {
        (Module model, UpdateBlock block) = (learner.Model, learner.Block);
        _model = model;
        _optimizer = options.Optimizer == OptimizerKind.Muon
            ? new Muon(model, options.LearningRate, options.WeightDecay, learner.Decayed, block)
            : new Adam(model, options.LearningRate, options.WeightDecay, learner.Decayed, block);
        _schedule = options.Schedule;
        _clipNorm = options.ClipNorm;
        _average = options.AverageDecay > 0 ? new WeightAverage(model, options.AverageDecay, block) : null;
    }

    /// <summary>The number of steps made.</summary>
    public long Steps
    {
        get => _optimizer.Steps;
        set
        {
            _optimizer.Steps = value;
            if (_average is not null) _average.Updates = value;
        }
    }

    /// <summary>The learning rate of the last step.</summary>
    public float LearningRate => _optimizer.LearningRate;

    /// <summary>
    /// The tensors of <c>optimizer.safetensors</c>: the optimizer's moments and, with averaging, the trained weights as
    /// <c>NAME.trained</c>. Read it while the model holds the average (<see cref="ShowAverage"/>).
    /// </summary>
    public IEnumerable<(string Name, Tensor Tensor)> State() => _optimizer.State().Concat(
        _average?.State().Select(entry => ($"{entry.Name[..^"average".Length]}trained", entry.Tensor)) ?? []);

    /// <summary>
    /// Sets the numbers of the next step, on the host; the model holds the trained weights afterwards.
    /// </summary>
    /// <param name="update">Updates made before this one.</param>
    /// <param name="done">The part of the run that is done, 0 to 1.</param>
    public void Prepare(long update, double done)
    {
        if (_average is { IsSwapped: true }) _average.Swap();
        _optimizer.LearningRate = _schedule.At(update, done);
        _optimizer.Prepare();
        _average?.Prepare();
    }

    /// <summary>Makes the step with the model's gradients, on the device.</summary>
    /// <param name="norm">Receives the norm of the gradients, if they are clipped.</param>
    public void Move(Tensor norm)
    {
        if (_clipNorm > 0) GradientNorm.Clip(_model, _clipNorm, norm);
        _optimizer.Move();
        _average?.Move();
    }

    /// <summary>Puts the averaged weights into the model; does nothing without averaging.</summary>
    public void ShowAverage()
    {
        if (_average is { IsSwapped: false }) _average.Swap();
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _average?.Dispose();
    }
}
