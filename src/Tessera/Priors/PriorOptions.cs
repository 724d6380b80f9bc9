using Tessera.ImageRuns;
using Tessera.Runs;
using static Tessera.InputException;

namespace Tessera.Priors;

/// <summary>The options of a run that trains a prior: its model, its data, and those of every run.</summary>
public sealed record PriorOptions : ImageRunOptions
{
    /// <summary>
    /// Creates options with the default values: no images are named yet, and they are mirrored.
    /// </summary>
    public PriorOptions() => (Data, Flips) = ("", true);

    /// <summary>The default recipe (docs/recipe.md).</summary>
    public static PriorOptions Default { get; } = new()
    {
        Budget = TrainingBudget.OfMinutes(15),
        Batch = 64,
        Optimizer = OptimizerKind.Muon,
        LearningRate = 1e-2f,
        WarmUp = 100,
        LearningRateShape = Tensors.Optim.LearningRateShape.Cosine,
        ClipNorm = 1,
        WeightDecay = 0.05f,
        Seed = 1,
    };

    /// <summary>The sizes of the model.</summary>
    public CodePriorOptions Model { get; init; } = new();

    /// <summary>
    /// The SHA-256 of the tokenizer's model file, in hexadecimal digits; empty if it is not known yet.
    /// </summary>
    public string TokenizerHash { get; init; } = "";

    /// <summary>Whether the classes of the images are learned, if there are several.</summary>
    public bool UsesClasses { get; init; } = true;

    /// <summary>
    /// The part of the drawn images that are trained on without their class, above 0 and below 1: it makes guidance
    /// possible (Ho and Salimans 2022, algorithm 1).
    /// </summary>
    public float ClassDropout { get; init; } = 0.1f;

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of range; the message names it.</exception>
    public override void Validate()
    {
        // Null only if a config.json says so.
        ThrowUnless(Model is not null, nameof(Model), $"is missing");
        Model.Validate();
        ThrowUnless(Data is not null, nameof(Data), $"is missing");
        ThrowUnless(
            TokenizerHash is { Length: 0 or 64 }, nameof(TokenizerHash), $"must be the SHA-256 of a model file");
        ThrowUnless(
            ClassDropout is > 0 and < 1, nameof(ClassDropout), $"must be above 0 and below 1, not {ClassDropout}");
        ThrowUnless(
            (long)Batch * Model.Length * Model.WidestRow < int.MaxValue, nameof(Batch),
            $"must be below {int.MaxValue / ((long)Model.Length * Model.WidestRow) + 1} for this prior, not {Batch}");
        base.Validate();
    }
}
