using Tessera.ImageRuns;
using Tessera.Runs;
using Tessera.Tensors.Optim;
using static Tessera.InputException;

namespace Tessera.Features;

/// <summary>The options of a run that trains a classifier: its network, its data, and those of every run.</summary>
public sealed record ClassifierOptions : ImageRunOptions
{
    /// <summary>Creates options with the default values; images are mirrored.</summary>
    public ClassifierOptions() => Flips = true;

    /// <summary>The default recipe (docs/losses.md).</summary>
    public static ClassifierOptions Default { get; } = new()
    {
        Budget = TrainingBudget.OfMinutes(15),
        Batch = 64,
        Optimizer = OptimizerKind.Muon,
        LearningRate = 5e-3f,
        WarmUp = 100,
        LearningRateShape = LearningRateShape.Cosine,
        WeightDecay = 0.1f,
        Seed = 1,
        EvalEvery = 1000,
    };

    /// <summary>The sizes of the network.</summary>
    public ClassifierSizes Model { get; init; } = new();

    /// <summary>Checks every value.</summary>
    /// <exception cref="InputException">A value is out of range; the message names it.</exception>
    public override void Validate()
    {
        // Null only if a config.json says so.
        ThrowUnless(Model is not null, nameof(Model), $"is missing");
        Model.Validate();
        ThrowUnless(Data is { Length: > 0 }, nameof(Data), $"must be shapes, cifar10 or a folder");
        base.Validate();
        ThrowUnless(
            Batch >= Degradation.Kinds, nameof(Batch),
            $"must be at least {Degradation.Kinds}, for sharp, blurred and grainy images, not {Batch}");
    }
}
