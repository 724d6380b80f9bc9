using Tessera.Tensors.Devices;
using Tessera.Tensors.Optim;
using static Tessera.InputException;

namespace Tessera.Runs;

/// <summary>
/// The options that every training run has, whatever it trains; written to <c>config.json</c> in its folder. All of
/// them determine the result, except <see cref="Device"/> and <see cref="Precision"/> (within rounding),
/// <see cref="Threads"/>, <see cref="CheckpointEvery"/> and <see cref="EvalEvery"/>.
/// </summary>
public abstract record RunOptions
{
    /// <summary>How long the run trains.</summary>
    public TrainingBudget Budget { get; init; } = TrainingBudget.OfUpdates(1000);

    /// <summary>Images per batch, 1 to 65,536.</summary>
    public int Batch { get; init; } = 256;

    /// <summary>The optimizer.</summary>
    public OptimizerKind Optimizer { get; init; }

    /// <summary>The learning rate after the warm-up, above 0.</summary>
    public float LearningRate { get; init; } = 1e-4f;

    /// <summary>
    /// The number of warm-up updates, in which the learning rate rises linearly to <see cref="LearningRate"/>, at least
    /// 0 (Goyal et al. 2017; <see cref="LearningRateSchedule"/>).
    /// </summary>
    public long WarmUp { get; init; }

    /// <summary>
    /// The learning-rate schedule: constant, or falling to 0 over the budget as (1 + cos(pi done)) / 2 (Loshchilov and
    /// Hutter 2017; <see cref="LearningRateSchedule"/>).
    /// </summary>
    public LearningRateShape LearningRateShape { get; init; }

    /// <summary>
    /// The maximum norm of all gradients together; larger gradients are scaled down to it (Pascanu et al. 2013:
    /// g min(1, norm / |g|); <see cref="GradientNorm"/>). At least 0; 0 turns clipping off.
    /// </summary>
    public float ClipNorm { get; init; }

    /// <summary>
    /// The decoupled weight decay, at least 0: each step also subtracts lr x decay x parameter from every parameter,
    /// including a codebook trained by gradients (AdamW; Loshchilov and Hutter 2019).
    /// </summary>
    public float WeightDecay { get; init; }

    /// <summary>
    /// The decay of a running average of the weights, in [0, 1); 0 turns averaging off. With averaging, the average is
    /// evaluated and written (Polyak and Juditsky 1992; <see cref="WeightAverage"/>).
    /// </summary>
    public double AverageDecay { get; init; }

    /// <summary>The seed of all random numbers.</summary>
    public ulong Seed { get; init; }

    /// <summary>The device, one of <see cref="Tensors.Devices.Device.Names"/>. A run can change it.</summary>
    // The config.json of an older version has no device: the generated reader then sets null.
    public string Device { get; init => field = value ?? Tensors.Devices.Device.Auto; } = Tensors.Devices.Device.Auto;

    /// <summary>How the device multiplies. A run can change it.</summary>
    public Precision Precision { get; init; }

    /// <summary>Threads, 1 to 1024; null for one per processor. All numbers give the same bits.</summary>
    public int? Threads { get; init; }

    /// <summary>Updates between checkpoints, at least 1.</summary>
    public long CheckpointEvery { get; init; } = 500;

    /// <summary>Updates between evaluations, at least 1. The last update is always evaluated.</summary>
    public long EvalEvery { get; init; } = 1000;

    /// <summary>The learning rate of each update.</summary>
    internal LearningRateSchedule Schedule => new(LearningRate, WarmUp, LearningRateShape);

    /// <summary>
    /// Whether a resumed run can have another budget: not where the learning rate falls to 0 over the budget.
    /// </summary>
    internal bool CanChangeBudget => LearningRateShape != LearningRateShape.Cosine;

    /// <summary>Creates the device that the options name; the caller disposes it.</summary>
    /// <param name="passedOver">
    /// Receives the name of each device that was found and cannot be used all the same, and why, where the options
    /// leave the choice.
    /// </param>
    /// <param name="place">The place of this process among those of the machine, from 0: each takes a card.</param>
    /// <exception cref="InputException">There is no such device, or it cannot be used.</exception>
    public Device CreateDevice(Action<string, string>? passedOver = null, int place = 0)
    {
        try
        {
            return Tensors.Devices.Device.Create(
                Device, Threads, Precision, (name, why) => passedOver?.Invoke(name, WithoutParameter(why)), place);
        }
        catch (ArgumentException e)
        {
            throw new InputException($"{nameof(Device)} {Device}: {WithoutParameter(e.Message)}", e)
            { Option = nameof(Device) };
        }

        static string WithoutParameter(string message) => message.Split(" (Parameter")[0];
    }

    /// <summary>
    /// What <see cref="WithResumable"/> takes from other options, for messages; a class overrides both.
    /// </summary>
    protected internal virtual string Resumable =>
        "budget, device, precision, threads, and how often it is saved and evaluated";

    /// <summary>
    /// These options with the values of other options that a resumed run can change, because its result so far does not
    /// depend on them: the budget, the device, its precision, the threads, how often it is saved and evaluated.
    /// Override it to add options of a derived class.
    /// </summary>
    /// <param name="other">Options of the same class.</param>
    protected internal virtual RunOptions WithResumable(RunOptions other) => this with
    {
        Budget = other.Budget,
        Device = other.Device,
        Precision = other.Precision,
        Threads = other.Threads,
        CheckpointEvery = other.CheckpointEvery,
        EvalEvery = other.EvalEvery,
    };

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of range; the message names it.</exception>
    public virtual void Validate()
    {
        // Budget is null only if a config.json says so.
        ThrowUnless(Budget is not null, nameof(Budget), $"is missing");
        Budget.Validate();
        ThrowUnless(Batch is >= 1 and <= 65536, nameof(Batch), $"must be 1 to 65536, not {Batch}");
        ThrowUnless(
            Enum.IsDefined(Optimizer),
            nameof(Optimizer), $"must be one of {string.Join(", ", Enum.GetNames<OptimizerKind>())}, not {Optimizer}");
        ThrowUnless(
            LearningRate > 0 && float.IsFinite(LearningRate),
            nameof(LearningRate), $"must be a number above 0, not {LearningRate}");
        ThrowUnless(WarmUp >= 0, nameof(WarmUp), $"must be at least 0, not {WarmUp}");
        string shapes = string.Join(", ", Enum.GetNames<LearningRateShape>());
        ThrowUnless(
            Enum.IsDefined(LearningRateShape),
            nameof(LearningRateShape), $"must be one of {shapes}, not {LearningRateShape}");
        ThrowUnless(
            ClipNorm >= 0 && float.IsFinite(ClipNorm),
            nameof(ClipNorm), $"must be a number of at least 0, not {ClipNorm}");
        ThrowUnless(
            WeightDecay >= 0 && float.IsFinite(WeightDecay),
            nameof(WeightDecay), $"must be a number of at least 0, not {WeightDecay}");
        ThrowUnless(
            AverageDecay is >= 0 and < 1,
            nameof(AverageDecay), $"must be at least 0 and below 1, not {AverageDecay}");
        ThrowUnless(Device.Length > 0, nameof(Device), $"is missing");
        ThrowUnless(Threads is null or (>= 1 and <= 1024), nameof(Threads), $"must be 1 to 1024, not {Threads}");
        ThrowUnless(CheckpointEvery >= 1, nameof(CheckpointEvery), $"must be at least 1, not {CheckpointEvery}");
        ThrowUnless(EvalEvery >= 1, nameof(EvalEvery), $"must be at least 1, not {EvalEvery}");
    }
}
