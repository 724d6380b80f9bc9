using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.Optim;

namespace Tessera.Training;

/// <summary>
/// How a run moves its model's weights: by Adam or Muon, at the rate of a schedule, with gradients clipped and weights averaged if the
/// options say so. With an average the model shows either the weights that are trained or their average, which is what is
/// evaluated, written and used.
/// </summary>
internal sealed class ModelOptimizer
{
    private readonly VqVae _model;
    private readonly Optimizer _optimizer;
    private readonly LearningRateSchedule _schedule;
    private readonly float _clipNorm;
    private readonly WeightAverage? _average;

    /// <summary>Prepares for the model's present weights.</summary>
    public ModelOptimizer(VqVae model, TrainingOptions options)
    {
        _model = model;
        _optimizer = options.Optimizer == OptimizerKind.Muon
            ? new Muon(model, options.LearningRate, options.WeightDecay)
            : new Adam(model, options.LearningRate, options.WeightDecay);
        _schedule = options.Schedule;
        _clipNorm = options.ClipNorm;
        _average = options.AverageDecay > 0 ? new WeightAverage(model, options.AverageDecay) : null;
    }

    /// <summary>How many steps were made.</summary>
    public long Steps
    {
        get => _optimizer.Steps;
        set
        {
            _optimizer.Steps = value;
            if (_average is not null) _average.Updates = value;
        }
    }

    /// <summary>The learning rate of the newest step.</summary>
    public float LearningRate => _optimizer.LearningRate;

    /// <summary>
    /// What a checkpoint holds beside the model while that shows the average: the optimizer's moments, and the weights that are trained
    /// as <c>NAME.trained</c>.
    /// </summary>
    public IEnumerable<(string Name, Tensor Tensor)> State() => _optimizer.State().Concat(
        _average?.State().Select(entry => ($"{entry.Name[..^"average".Length]}trained", entry.Tensor)) ?? []);

    /// <summary>Moves the weights by their gradients.</summary>
    /// <param name="update">Updates made before.</param>
    /// <param name="done">The part of the run that is done, 0 to 1.</param>
    /// <exception cref="TrainingDivergedException">The gradients to be clipped are not finite.</exception>
    public void Step(long update, double done)
    {
        if (_clipNorm > 0 && GradientNorm.Clip(_model, _clipNorm) is var norm && !double.IsFinite(norm))
            throw new TrainingDivergedException(update + 1, $"the gradients of update {update + 1} have a norm of {norm}");
        _optimizer.LearningRate = _schedule.At(update, done);
        _optimizer.Step();
        _average?.Update();
    }

    /// <summary>The model shows the average of its weights; without one, the weights themselves.</summary>
    public void ShowAverage()
    {
        if (_average is { IsSwapped: false }) _average.Swap();
    }

    /// <summary>The model shows the weights that are trained.</summary>
    public void ShowTrained()
    {
        if (_average is { IsSwapped: true }) _average.Swap();
    }
}
