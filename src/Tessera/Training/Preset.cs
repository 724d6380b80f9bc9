using Tessera.Data;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors.Optim;

namespace Tessera.Training;

/// <summary>Named sets of options to start from.</summary>
/// <param name="Name">What <c>--preset</c> takes.</param>
/// <param name="Summary">One line for people.</param>
/// <param name="Options">The options.</param>
public sealed record Preset(string Name, string Summary, TrainingOptions Options)
{
    // What the built-in pictures need: they are simpler than photographs.
    private static readonly TrainingBudget ShapesBudget = TrainingBudget.OfPictures(96_000);

    /// <summary>The best recipe known so far, by measurement: <c>docs/recipe.md</c> takes it apart.</summary>
    public static Preset Default { get; } = new(
        "default", "15 minutes to better pictures than the seed's two days: all codes in use, small batches, Muon, a cosine",
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

    /// <summary>The seed's hyperparameters to the letter.</summary>
    public static Preset Seed { get; } = new(
        "seed", "the seed's hyperparameters to the letter: gradient codebook, batch 256, 200,000 updates",
        new TrainingOptions { Budget = TrainingBudget.OfUpdates(200_000) });

    /// <summary>The seed's EMA variant.</summary>
    public static Preset SeedEma { get; } = new(
        "seed-ema", "the seed with its EMA codebook, decay 0.99",
        Seed.Options with { Model = Seed.Options.Model with { Quantizer = new EmaVectorQuantizerOptions() } });

    /// <summary>All presets.</summary>
    public static IReadOnlyList<Preset> All { get; } = [Default, Seed, SeedEma];

    /// <summary>The options for pictures; what only the data decides is set: less of a budget for the built-in ones.</summary>
    /// <param name="data"><c>shapes</c>, <c>cifar10</c> or a folder.</param>
    public TrainingOptions OptionsFor(string data) => this == Default && data == Shapes.Name
        ? Options with { Data = data, Budget = ShapesBudget, EvalEvery = 1000 }
        : Options with { Data = data };

    /// <summary>Finds a preset by its name.</summary>
    /// <exception cref="InputException">There is none; the message lists those there are.</exception>
    public static Preset Find(string name) =>
        All.FirstOrDefault(preset => preset.Name == name) ?? throw new InputException(
            $"there is no preset \"{name}\"; choose one of {string.Join(", ", All.Select(preset => preset.Name))}");
}
