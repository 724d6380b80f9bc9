using Tessera.Tensors;
using Tessera.Tensors.Autograd;

namespace Tessera.Runs;

/// <summary>One update of a model: the reference notebook's loop body.</summary>
internal sealed class UpdateStep : IDisposable
{
    private readonly Learner _learner;
    private readonly ModelOptimizer _optimizer;
    private readonly Tape _tape;
    private readonly Action _work;

    /// <summary>Prepares the memory of the updates.</summary>
    /// <param name="learner">What is trained.</param>
    /// <param name="optimizer">Its optimizer, which shares the learner's block.</param>
    /// <param name="updatesPerFetch">The most updates between two fetches of the log.</param>
    public UpdateStep(Learner learner, ModelOptimizer optimizer, int updatesPerFetch)
    {
        _learner = learner;
        _optimizer = optimizer;
        _tape = new Tape(learner.Device, share: learner.Share);
        Log = new UpdateLog(learner.Measures, updatesPerFetch, learner.Block, learner.Share);
        _work = Work;
    }

    /// <summary>What the updates measured.</summary>
    public UpdateLog Log { get; }

    /// <summary>Makes an update.</summary>
    /// <param name="update">Updates made before this one.</param>
    /// <param name="done">The part of the run that is done, 0 to 1.</param>
    public void Run(long update, double done)
    {
        _optimizer.Prepare(update, done);
        _learner.Prepare(update);
        Log.Prepare();
        _learner.Block.Upload();
        // What ranks say to each other cannot be replayed.
        if (_learner.Share is null) _learner.Device.Submit(_work, this);
        else Work();
        _learner.AfterUpdate(update, done, Log);
    }

    public void Dispose()
    {
        _learner.Device.Forget(this);
        _tape.Dispose();
        Log.Dispose();
    }

    private void Work()
    {
        // At the start, so that the tensors of the update before were valid until now.
        _tape.Reset();
        _learner.Model.ClearGradients();
        Tensor loss = _learner.Loss(_tape, Log);
        Log.RecordLoss(loss);
        _tape.Backward(loss, _learner.Share is { } share ? share.SumFinal : null);
        _learner.Share?.SumAll(Gradients());
        _optimizer.Move(Log.Norm);
        Log.RecordNorm();
    }

    private IEnumerable<Tensor> Gradients() =>
        _learner.Model.Parameters().Select(parameter => parameter.Tensor.Gradient).OfType<Tensor>();
}
