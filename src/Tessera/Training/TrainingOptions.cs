using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Tensors.Optim;
using static Tessera.InputException;

namespace Tessera.Training;

/// <summary>
/// Everything that a run is a function of, and what it may be told beside that (threads, how often to evaluate and to
/// write checkpoints), which does not change its result. Written to <c>config.json</c> in the run folder.
/// </summary>
public sealed record TrainingOptions
{
    /// <summary>The model's sizes and quantizer.</summary>
    public VqVaeOptions Model { get; init; } = new();

    /// <summary><c>shapes</c>, <c>cifar10</c> or the path of a folder of pictures.</summary>
    public string Data { get; init; } = Shapes.Name;

    /// <summary>Where to look for CIFAR-10 first; null for the usual places.</summary>
    public string? DataDir { get; init; }

    /// <summary>
    /// Height and width that pictures are brought to: each a multiple of 4 from 4 to 4096. CIFAR-10 is 32x32 always.
    /// </summary>
    public PictureSize Size { get; init; } = 32;

    /// <summary>How long the run trains.</summary>
    public TrainingBudget Budget { get; init; } = TrainingBudget.OfUpdates(1);

    /// <summary>Pictures in a batch, 1 to 65,536.</summary>
    public int Batch { get; init; } = 256;

    /// <summary>What moves the weights by their gradients.</summary>
    public OptimizerKind Optimizer { get; init; }

    /// <summary>The optimizer's learning rate after the warm-up, above 0.</summary>
    public float LearningRate { get; init; } = 1e-4f;

    /// <summary>
    /// Updates in which the learning rate rises in a straight line to what it is to be, at least 0 (Goyal et al. 2017;
    /// <see cref="LearningRateSchedule"/>).
    /// </summary>
    public long WarmUp { get; init; }

    /// <summary>
    /// How the learning rate goes on: it stays, or it falls to 0 by the end of the budget as (1 + cos(pi done)) / 2 (Loshchilov and
    /// Hutter 2017; <see cref="LearningRateSchedule"/>).
    /// </summary>
    public LearningRateShape LearningRateShape { get; init; }

    /// <summary>
    /// The norm of all gradients together above which they are scaled down to it, above 0 (Pascanu et al. 2013: g min(1, norm / |g|);
    /// <see cref="GradientNorm"/>); 0 for no limit.
    /// </summary>
    public float ClipNorm { get; init; }

    /// <summary>
    /// The optimizer's decoupled weight decay, at least 0: each step also takes lr x decay of every parameter, a codebook that is
    /// trained by gradients included (AdamW; Loshchilov and Hutter 2019).
    /// </summary>
    public float WeightDecay { get; init; }

    /// <summary>
    /// The decay of a running average of the weights, which is then what is evaluated and written, in [0, 1) (Polyak and Juditsky
    /// 1992; <see cref="WeightAverage"/>); 0 for none.
    /// </summary>
    public double AverageDecay { get; init; }

    /// <summary>Whether each picture that is drawn is mirrored, left to right, with a probability of a half.</summary>
    public bool Flips { get; init; }

    /// <summary>What all random numbers follow from.</summary>
    public ulong Seed { get; init; }

    /// <summary>Threads that share the work, 1 to 1024; null for one for each processor. Not a bit depends on it.</summary>
    public int? Threads { get; init; }

    /// <summary>Updates from one checkpoint to the next, at least 1.</summary>
    public long CheckpointEvery { get; init; } = 500;

    /// <summary>Updates from one evaluation on the test split to the next, at least 1; the last update has one always.</summary>
    public long EvalEvery { get; init; } = 1000;

    /// <summary>A model file or run whose weights the run starts from; null for random weights.</summary>
    public string? Init { get; init; }

    /// <summary>Which dict of the PyTorch file <see cref="Init"/> holds the weights; null where only one does.</summary>
    public string? InitKey { get; init; }

    /// <summary>The learning rate of each update.</summary>
    internal LearningRateSchedule Schedule => new(LearningRate, WarmUp, LearningRateShape);

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of its range; the message names it.</exception>
    public void Validate()
    {
        // Null only where a config.json lacks them.
        ThrowUnless(Model is not null, $"model is missing");
        Model.Validate();
        ThrowUnless(Data is { Length: > 0 }, $"data must be shapes, cifar10 or a folder");
        ThrowUnless(IsSide(Size.Height) && IsSide(Size.Width),
            $"size must be a multiple of {VqVae.PixelsPerCode} from 4 to 4096, or two of them such as 32x48 (height x width), not {Size}");
        ThrowUnless(Budget is not null, $"budget is missing");
        Budget.Validate();
        ThrowUnless(Batch is >= 1 and <= 65536, $"batch must be 1 to 65536, not {Batch}");
        ThrowUnless(Enum.IsDefined(Optimizer), $"optimizer must be one of {string.Join(", ", Enum.GetNames<OptimizerKind>())}, not {Optimizer}");
        ThrowUnless(LearningRate > 0 && float.IsFinite(LearningRate), $"lr must be a number above 0, not {LearningRate}");
        ThrowUnless(WarmUp >= 0, $"warmup must be at least 0, not {WarmUp}");
        ThrowUnless(Enum.IsDefined(LearningRateShape), $"schedule must be one of {string.Join(", ", Enum.GetNames<LearningRateShape>())}, not {LearningRateShape}");
        ThrowUnless(ClipNorm >= 0 && float.IsFinite(ClipNorm), $"clip-norm must be a number of at least 0, not {ClipNorm}");
        ThrowUnless(WeightDecay >= 0 && float.IsFinite(WeightDecay), $"weight-decay must be a number of at least 0, not {WeightDecay}");
        ThrowUnless(AverageDecay is >= 0 and < 1, $"average must be at least 0 and below 1, not {AverageDecay}");
        ThrowUnless(Threads is null or (>= 1 and <= 1024), $"threads must be 1 to 1024, not {Threads}");
        ThrowUnless(CheckpointEvery >= 1, $"checkpoint-every must be at least 1, not {CheckpointEvery}");
        ThrowUnless(InitKey is null || Init is not null, $"key names a state dict in the file of --init; give that too, or leave --key out");
        ThrowUnless(EvalEvery >= 1, $"eval-every must be at least 1, not {EvalEvery}");
    }

    private static bool IsSide(int pixels) => pixels is >= 4 and <= 4096 && pixels % VqVae.PixelsPerCode == 0;
}
