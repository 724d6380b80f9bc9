using Tessera.Data;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Runs;
using Tessera.Tensors.Optim;

namespace Tessera.Training;

/// <summary>A named set of training options.</summary>
/// <param name="Name">The name by which <see cref="Find"/> finds it.</param>
/// <param name="Summary">A one-line description for the help text.</param>
/// <param name="Options">The options.</param>
public sealed record Preset(string Name, string Summary, TrainingOptions Options)
{
    // The built-in shapes are simpler than photographs and need fewer updates.
    private static readonly TrainingBudget ShapesBudget = TrainingBudget.OfImages(96_000);

    /// <summary>The best recipe measured so far; <c>docs/recipe.md</c> has the measurements of its parts.</summary>
    public static Preset Default { get; } = new(
        "default", "the best recipe measured",
        new TrainingOptions
        {
            Model = new VqVaeOptions
            {
                CodeDim = 16,
                Quantizer = new EmaVectorQuantizerOptions
                {
                    Commitment = 1,
                    Decay = 0.97,
                    DecayRamp = true,
                    AveragesStart = EmaStart.Codebook,
                    KeepSmoothing = false,
                    Revival = 0.3,
                    Start = CodebookStart.KMeans,
                },
            },
            Budget = TrainingBudget.OfMinutes(15),
            Batch = 32,
            Optimizer = OptimizerKind.Muon,
            WeightDecay = 0.5f,
            LearningRate = 2e-3f,
            WarmUp = 100,
            LearningRateShape = LearningRateShape.Cosine,
            EvalEvery = 5000,
        });

    /// <summary>The reference notebook's hyperparameters to the letter.</summary>
    public static Preset Reference { get; } = new(
        "reference", "the reference notebook's hyperparameters",
        new TrainingOptions { Budget = TrainingBudget.OfUpdates(200_000) });

    /// <summary>The reference notebook's hyperparameters with its EMA codebook.</summary>
    public static Preset ReferenceEma { get; } = new(
        "reference-ema", "the reference notebook with its EMA codebook",
        Reference.Options with
        {
            Model = Reference.Options.Model with { Quantizer = new EmaVectorQuantizerOptions() },
        });

    /// <summary>All presets.</summary>
    public static IReadOnlyList<Preset> All { get; } = [Default, Reference, ReferenceEma];

    /// <summary>The former names that <see cref="Find"/> takes too, each with today's name.</summary>
    public static IReadOnlyDictionary<string, string> FormerNames { get; } = new Dictionary<string, string>
    {
        ["seed"] = Reference.Name,
        ["seed-ema"] = ReferenceEma.Name,
    };

    /// <summary>
    /// The preset's options for a data set. The default preset has a smaller budget and more frequent evaluations for
    /// <c>shapes</c>.
    /// </summary>
    /// <param name="data"><c>shapes</c>, <c>cifar10</c> or the path of a folder.</param>
    public TrainingOptions OptionsFor(string data) => this == Default && data == SyntheticShapes.Name
        ? Options with { Data = data, Budget = ShapesBudget, EvalEvery = 1000 }
        : Options with { Data = data };

    /// <summary>Finds a preset by its name, or by a former one.</summary>
    /// <exception cref="InputException">No preset has this name; the message lists the names.</exception>
    public static Preset Find(string name) =>
        All.FirstOrDefault(preset => preset.Name == FormerNames.GetValueOrDefault(name, name))
        ?? throw new InputException(
            $"there is no preset \"{name}\"; choose one of {string.Join(", ", All.Select(preset => preset.Name))}");
}
