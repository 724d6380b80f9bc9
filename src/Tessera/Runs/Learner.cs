using Tessera.Files;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Distributed;
using Tessera.Tensors.IO;
using Tessera.Tensors.Nn;

namespace Tessera.Runs;

/// <summary>
/// What a training run trains: a model, its batches, its loss and its evaluation. The <see cref="Trainer"/> drives it
/// and owns what every training has: budget, schedule, optimizer, clock, logs, checkpoints.
/// </summary>
/// <remarks>
/// An update calls <see cref="Prepare"/>, uploads <see cref="Block"/>, and runs <see cref="Loss"/>, the backward pass
/// and the optimizer as one piece of work on the device; then it calls <see cref="AfterUpdate"/>. Where several
/// processes train together, each has a learner of the same model, and all call the same methods.
/// </remarks>
public abstract class Learner : IDisposable
{
    // Beside the images of a batch: the optimizer's numbers, decays, the row of the log.
    private const int OtherNumbers = 1024;

    /// <summary>Creates the device of a run.</summary>
    /// <param name="run">The run folder.</param>
    /// <param name="device">
    /// The device; null for the one that the run's options name, which this object disposes.
    /// </param>
    /// <param name="numbersPerImage">Integers of the block for each image of a batch.</param>
    /// <param name="ranks">The processes that train together; null for one alone.</param>
    /// <exception cref="InputException">
    /// An option is out of range, there is no such device, or there are more processes than images in a batch.
    /// </exception>
    protected Learner(RunFolder run, Device? device = null, int numbersPerImage = 1, Collective? ranks = null)
    {
        Run = run;
        run.Options.Validate();
        Ranks = ranks ?? Collective.Lone;
        InputException.ThrowUnless(
            run.Options.Batch >= Ranks.Size, nameof(RunOptions.Batch),
            $"must be at least {Ranks.Size}, an image for each process, not {run.Options.Batch}");
        if (Ranks.Size > 1) Share = new BatchShare(Ranks, run.Options.Batch);
        OwnsDevice = device is null;
        Device = device ?? run.Options.CreateDevice();
        Block = new UpdateBlock(Device, numbersPerImage * run.Options.Batch + OtherNumbers);
    }

    /// <summary>The run folder.</summary>
    public RunFolder Run { get; }

    /// <summary>The processes that train together.</summary>
    public Collective Ranks { get; }

    /// <summary>The part of each batch that this process computes; null where it trains alone.</summary>
    public BatchShare? Share { get; }

    /// <summary>The device that the run computes on.</summary>
    public Device Device { get; }

    /// <summary>The numbers that change from update to update.</summary>
    public UpdateBlock Block { get; }

    /// <summary>The model that is trained.</summary>
    public abstract Module Model { get; }

    /// <summary>What is measured at every update. In a row, the columns of sums follow those of means.</summary>
    public abstract IReadOnlyList<Measure> Measures { get; }

    /// <summary>The columns of <c>eval.csv</c> after the update.</summary>
    public abstract IReadOnlyList<string> EvaluationColumns { get; }

    /// <summary>The roles of the parameters that the weight decay applies to.</summary>
    public virtual ParameterRoles Decayed => ParameterRoles.All;

    /// <summary>
    /// What must be the same on all ranks beside the options, the version and the arithmetic: a name and a text each.
    /// </summary>
    protected internal virtual IEnumerable<(string Name, string Text)> Premises => [];

    private bool OwnsDevice { get; }

    /// <summary>Loads the weights that the options name into the model of a run without a checkpoint.</summary>
    /// <exception cref="InputException">The weights cannot be read or do not fit.</exception>
    public virtual void LoadInitialWeights()
    {
    }

    /// <summary>Called once, after the model's state was restored and before <see cref="Prepare"/>.</summary>
    /// <param name="update">Updates made.</param>
    public virtual void Restored(long update)
    {
    }

    /// <summary>Called before the first update of a run.</summary>
    public virtual void BeforeFirstUpdate()
    {
    }

    /// <summary>Sets the update's numbers in <see cref="Block"/>, on the host.</summary>
    /// <param name="update">Updates made before this one.</param>
    public abstract void Prepare(long update);

    /// <summary>
    /// Computes the loss of this process's part of the batch. It reads nothing back and enqueues the same primitives
    /// each time.
    /// </summary>
    /// <param name="tape">A recording tape.</param>
    /// <param name="log">Receives the measures.</param>
    /// <returns>The loss, a scalar.</returns>
    public abstract Tensor Loss(Tape tape, UpdateLog log);

    /// <summary>
    /// Called after the optimizer's step, for what happens seldom. The update's tensors are still valid.
    /// </summary>
    /// <param name="update">Updates made before this one.</param>
    /// <param name="done">The part of the run that was done before it, 0 to 1.</param>
    /// <param name="log">Receives measures that the host knows.</param>
    public virtual void AfterUpdate(long update, double done, UpdateLog log)
    {
    }

    /// <summary>Evaluates the model on held-out data; all ranks get the same result.</summary>
    /// <param name="update">Updates made.</param>
    /// <param name="cancellation">Stops the evaluation.</param>
    /// <returns>The values of <see cref="EvaluationColumns"/>; NaN stops the run.</returns>
    /// <exception cref="TrainingDivergedException">The model is of no use; this stops the run.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public abstract IReadOnlyList<object?> Evaluate(long update, CancellationToken cancellation);

    /// <summary>
    /// Writes <c>model.safetensors</c>: the tensors of the model's <see cref="Module.State"/>, which a resumed run
    /// reads back. Override it to add metadata.
    /// </summary>
    /// <param name="stream">Receives the file.</param>
    public virtual void WriteModel(Stream stream) => SafeTensors.Write(stream, StateDict.Entries(Model.State()));

    /// <summary>
    /// This learner with another batch on another device, to count the memory of an update there; null if it cannot be
    /// made. The caller disposes it.
    /// </summary>
    /// <param name="batch">Images per batch.</param>
    /// <param name="device">The device: one without memory.</param>
    protected internal virtual Learner? WithBatch(int batch, Device device) => null;

    /// <summary>Frees the model and the device.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the model, and the device if it is the learner's own.</summary>
    protected virtual void Dispose(bool disposing)
    {
        Block.Dispose();
        if (OwnsDevice) Device.Dispose();
    }
}
