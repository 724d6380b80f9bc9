using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tensors.Optim;
using static Tessera.InputException;

namespace Tessera.Training;

/// <summary>
/// The options of a run, written to <c>config.json</c> in its folder. All of them determine the result, except
/// <see cref="Threads"/>, <see cref="CheckpointEvery"/> and <see cref="EvalEvery"/>.
/// </summary>
public sealed record TrainingOptions
{
    /// <summary>The sizes and the quantizer of the model.</summary>
    public VqVaeOptions Model { get; init; } = new();

    /// <summary><c>shapes</c>, <c>cifar10</c> or the path of a folder of images.</summary>
    public string Data { get; init; } = SyntheticShapes.Name;

    /// <summary>The folder to search first for CIFAR-10; null for the default places only.</summary>
    public string? DataDir { get; init; }

    /// <summary>
    /// The height and width in pixels to which images are resized and cropped: each a multiple of 4, 4 to 4096.
    /// CIFAR-10 images are always 32x32.
    /// </summary>
    public ImageSize Size { get; init; } = 32;

    /// <summary>How long the run trains.</summary>
    public TrainingBudget Budget { get; init; } = TrainingBudget.OfUpdates(1);

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

    /// <summary>Whether each drawn image is mirrored left to right with probability 1/2.</summary>
    public bool Flips { get; init; }

    /// <summary>The seed of all random numbers.</summary>
    public ulong Seed { get; init; }

    /// <summary>Threads, 1 to 1024; null for one per processor. All numbers give the same bits.</summary>
    public int? Threads { get; init; }

    /// <summary>Updates between checkpoints, at least 1.</summary>
    public long CheckpointEvery { get; init; } = 500;

    /// <summary>
    /// Updates between evaluations on the test split, at least 1. The last update is always evaluated.
    /// </summary>
    public long EvalEvery { get; init; } = 1000;

    /// <summary>A model file or run folder with the initial weights; null for random weights.</summary>
    public string? Init { get; init; }

    /// <summary>The key of the state dict in the PyTorch file <see cref="Init"/>; null if only one fits.</summary>
    public string? InitKey { get; init; }

    /// <summary>The learning rate of each update.</summary>
    internal LearningRateSchedule Schedule => new(LearningRate, WarmUp, LearningRateShape);

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        // Model and Budget are null only if a config.json says so.
        ThrowUnless(Model is not null, "model", $"is missing");
        Model.Validate();
        ThrowUnless(Data is { Length: > 0 }, "data", $"must be shapes, cifar10 or a folder");
        ThrowUnless(IsSide(Size.Height) && IsSide(Size.Width),
            "size", $"must be a multiple of {VqVae.PixelsPerCode} from 4 to 4096, or HxW such as 32x48, not {Size}");
        ThrowUnless(Budget is not null, "budget", $"is missing");
        Budget.Validate();
        ThrowUnless(Batch is >= 1 and <= 65536, "batch", $"must be 1 to 65536, not {Batch}");
        ThrowUnless(
            Enum.IsDefined(Optimizer),
            "optimizer", $"must be one of {string.Join(", ", Enum.GetNames<OptimizerKind>())}, not {Optimizer}");
        ThrowUnless(
            LearningRate > 0 && float.IsFinite(LearningRate), "lr", $"must be a number above 0, not {LearningRate}");
        ThrowUnless(WarmUp >= 0, "warmup", $"must be at least 0, not {WarmUp}");
        string shapes = string.Join(", ", Enum.GetNames<LearningRateShape>());
        ThrowUnless(
            Enum.IsDefined(LearningRateShape), "schedule", $"must be one of {shapes}, not {LearningRateShape}");
        ThrowUnless(
            ClipNorm >= 0 && float.IsFinite(ClipNorm), "clip-norm", $"must be a number of at least 0, not {ClipNorm}");
        ThrowUnless(
            WeightDecay >= 0 && float.IsFinite(WeightDecay),
            "weight-decay", $"must be a number of at least 0, not {WeightDecay}");
        ThrowUnless(AverageDecay is >= 0 and < 1, "average", $"must be at least 0 and below 1, not {AverageDecay}");
        ThrowUnless(Threads is null or (>= 1 and <= 1024), "threads", $"must be 1 to 1024, not {Threads}");
        ThrowUnless(CheckpointEvery >= 1, "checkpoint-every", $"must be at least 1, not {CheckpointEvery}");
        ThrowUnless(
            InitKey is null || Init is not null,
            "key", $"names a state dict in the file of init; give init too, or leave key out");
        ThrowUnless(EvalEvery >= 1, "eval-every", $"must be at least 1, not {EvalEvery}");
    }

    private static bool IsSide(int pixels) => pixels is >= 4 and <= 4096 && pixels % VqVae.PixelsPerCode == 0;
}
