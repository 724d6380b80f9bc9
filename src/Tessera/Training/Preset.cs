using Tessera.Models;
using Tessera.Quantization;

namespace Tessera.Training;

/// <summary>Named sets of options to start from.</summary>
/// <param name="Name">What <c>--preset</c> takes.</param>
/// <param name="Summary">One line for people.</param>
/// <param name="Options">The options.</param>
public sealed record Preset(string Name, string Summary, TrainingOptions Options)
{
    /// <summary>The best recipe known so far: small batches, running averages, minutes on two cores.</summary>
    public static Preset Default { get; } = new(
        "default", "small batches and an EMA codebook: good pictures within minutes",
        new TrainingOptions
        {
            Model = new VqVaeOptions { Quantizer = new EmaVectorQuantizerOptions { AveragesStart = EmaStart.Codebook } },
            Budget = TrainingBudget.OfUpdates(3000),
            Batch = 32,
            LearningRate = 1e-3f,
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

    /// <summary>Finds a preset by its name.</summary>
    /// <exception cref="InputException">There is none; the message lists those there are.</exception>
    public static Preset Find(string name) =>
        All.FirstOrDefault(preset => preset.Name == name) ?? throw new InputException(
            $"there is no preset \"{name}\"; choose one of {string.Join(", ", All.Select(preset => preset.Name))}");
}
