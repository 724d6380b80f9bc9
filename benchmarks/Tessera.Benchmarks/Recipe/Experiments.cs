using Tessera.Data;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Runs;
using Tessera.Tensors.Optim;
using Tessera.Training;

namespace Tessera.Benchmarks.Recipe;

/// <summary>The experiments of <c>docs/recipe.md</c>.</summary>
internal static class Experiments
{
    // The default as it was with Adam, without evaluations during the run: the base of the experiments before Muon.
    // Their results were made when codes were revived in the first 80% of a run.
    private static readonly TrainingOptions AdamRecipe = Preset.Default.Options with
    {
        Data = Cifar10.Name,
        Optimizer = OptimizerKind.Adam,
        WeightDecay = 0,
        CheckpointEvery = 1000,
        EvalEvery = 1_000_000,
    };

    // The same before the decay ramp: the base of the first ablation.
    private static readonly TrainingOptions FirstRecipe = Decay(0.99, ramp: false)(AdamRecipe);

    // The changes of the two ablations with Adam.
    private static readonly Row[] Changes =
    [
        new("no revival", WithRevival(0)),
        new("revival 0.1", WithRevival(0.1)),
        new("revival 0.6", WithRevival(0.6)),
        new("random start", With(ema => ema with { Start = CodebookStart.Random })),
        new("random start, no revival", With(ema => ema with { Start = CodebookStart.Random, Revival = 0 })),
        new("the notebook's averages and smoothing, no revival", With(ema => ema with
        {
            Start = CodebookStart.Random, AveragesStart = EmaStart.Reference, KeepSmoothing = true, Decay = 0.99,
            DecayRamp = false, Revival = 0,
        })),
        new("smoothing kept", With(ema => ema with { KeepSmoothing = true })),
        new("commitment 0.25", With(ema => ema with { Commitment = 0.25f })),
        new("commitment 2", With(ema => ema with { Commitment = 2 })),
        new("rotation trick", With(ema => ema with { Gradient = GradientEstimator.Rotation })),
        new("lr 4e-3", options => options with { LearningRate = 4e-3f }),
        new("D = 8", Model(model => model with { CodeDim = 8 })),
        new("batch 16", options => options with { Batch = 16 }),
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Experiment> All { get; } =
    [
        new(
            "adam-ablation", "64,000 images, with Adam, one thing changed at a time", Cifar10.Name, Judge.HeldOut,
            AdamRecipe with { Budget = TrainingBudget.OfImages(64_000) },
            [
                new("the recipe", options => options, Seeds: 2),
                new("no ramp", With(ema => ema with { DecayRamp = false }), Seeds: 2),
                new("decay 0.99", With(ema => ema with { Decay = 0.99 })),
                new("decay 0.94", With(ema => ema with { Decay = 0.94 })),
                .. Changes,
                new("batch 64", options => options with { Batch = 64 }),
            ]),
        new(
            "muon", "64,000 images, with Muon, one thing changed at a time", Cifar10.Name, Judge.HeldOut,
            WithMuon(AdamRecipe, revival: 0.6, weightDecay: 1) with { Budget = TrainingBudget.OfImages(64_000) },
            [
                new("Muon, weight decay 1, revival 0.6", options => options, Seeds: 3),
                new("revival 0.8", WithRevival(0.8)),
                new(
                    "Adam, no weight decay",
                    options => options with { Optimizer = OptimizerKind.Adam, WeightDecay = 0 }, Seeds: 3),
                new("no weight decay", options => options with { WeightDecay = 0 }, Seeds: 3),
                new("weight decay 0.3", options => options with { WeightDecay = 0.3f }),
                new("weight decay 2", options => options with { WeightDecay = 2 }),
                new("weight decay 3", options => options with { WeightDecay = 3 }),
                new("lr 1e-3", options => options with { LearningRate = 1e-3f }),
                new("lr 3e-3", options => options with { LearningRate = 3e-3f }),
                new("lr 4e-3", options => options with { LearningRate = 4e-3f }),
                new("lr 4e-3, weight decay 0.3", options => options with { LearningRate = 4e-3f, WeightDecay = 0.3f }),
                new("batch 16", options => options with { Batch = 16 }),
                new("batch 64, lr 2.8e-3", options => options with { Batch = 64, LearningRate = 2.8e-3f }),
                new("commitment 2", With(ema => ema with { Commitment = 2 })),
                new("3 residual layers", Model(model => model with { ResidualLayers = 3 })),
                new("revival 0.3", WithRevival(0.3)),
                new("no revival", WithRevival(0)),
                new("Adam", options => options with { Optimizer = OptimizerKind.Adam }),
                new("D = 64", Model(model => model with { CodeDim = 64 })),
                new("D = 32", Model(model => model with { CodeDim = 32 })),
                new("D = 8", Model(model => model with { CodeDim = 8 })),
                new("D = 64, looked up in 16", Model(model => model with { CodeDim = 64, LookupDim = 16 })),
                new("D = 64, looked up in 8", Model(model => model with { CodeDim = 64, LookupDim = 8 })),
                new("cosine codes", Cosine(commitment: 1)),
                new("cosine codes, commitment 16", Cosine(commitment: 16)),
                new("SimVQ", Quantizer(new SimVectorQuantizerOptions { Commitment = 1 })),
                new(
                    "gradient codebook, k-means start",
                    Quantizer(new VectorQuantizerOptions { Commitment = 1, Start = CodebookStart.KMeans })),
                new("rotation trick", With(ema => ema with { Gradient = GradientEstimator.Rotation })),
                new("random start", With(ema => ema with { Start = CodebookStart.Random })),
                new("no ramp", With(ema => ema with { DecayRamp = false })),
                new("decay 0.99", With(ema => ema with { Decay = 0.99 })),
                new("constant lr", options => options with { LearningRateShape = LearningRateShape.Constant }),
                new("no warm-up", options => options with { WarmUp = 0 }),
                new("gradients clipped to a norm of 1", options => options with { ClipNorm = 1 }),
                new("weights averaged, 0.999", options => options with { AverageDecay = 0.999 }),
                new("flips", options => options with { Flips = true }),
                new("the preset reference", options => Preset.Reference.Options with
                {
                    Data = options.Data, Budget = options.Budget, CheckpointEvery = options.CheckpointEvery,
                    EvalEvery = options.EvalEvery,
                }),
            ]),
        new(
            "first-ablation", "64,000 images, one thing changed at a time, of the first recipe (decay 0.99, no ramp)",
            Cifar10.Name, Judge.HeldOut,
            FirstRecipe with { Budget = TrainingBudget.OfImages(64_000) },
            [
                new("the recipe", options => options),
                .. Changes,
                new("decay 0.97", With(ema => ema with { Decay = 0.97 })),
                new("decay 0.995", With(ema => ema with { Decay = 0.995 })),
            ]),
        new(
            "decay", "128,000 images: how fast the averages forget", Cifar10.Name, Judge.HeldOut,
            AdamRecipe with { Budget = TrainingBudget.OfImages(128_000) },
            [
                new("decay 0.99 (the first recipe)", Decay(0.99, ramp: false), Seeds: 3),
                new("decay 0.97", Decay(0.97, ramp: false), Seeds: 3),
                new("ramp to 0.99", Decay(0.99, ramp: true), Seeds: 3),
                new("ramp to 0.97 (the recipe)", options => options, Seeds: 3),
                new("ramp to 0.97, lr 4e-3", options => options with { LearningRate = 4e-3f }),
                new("ramp to 0.97, D = 8", Model(model => model with { CodeDim = 8 })),
                new("ramp to 0.99, lr 4e-3", options => Decay(0.99, ramp: true)(options with { LearningRate = 4e-3f })),
                new("ramp to 0.99, revival 0.1", With(ema => ema with { Decay = 0.99, Revival = 0.1 })),
                new("ramp to 0.99, commitment 0.25", With(ema => ema with { Decay = 0.99, Commitment = 0.25f })),
                new("decay 0.99, lr 4e-3", options => Decay(0.99, ramp: false)(options with { LearningRate = 4e-3f })),
                new(
                    "decay 0.99, lr 1.2e-3",
                    options => Decay(0.99, ramp: false)(options with { LearningRate = 1.2e-3f })),
                new(
                    "decay 0.99, random start",
                    With(ema => ema with { Decay = 0.99, DecayRamp = false, Start = CodebookStart.Random })),
            ]),
        new(
            "longer", "320,000 images: what is worth it in a longer run", Cifar10.Name, Judge.HeldOut,
            AdamRecipe with { Budget = TrainingBudget.OfImages(320_000) },
            [
                new("the recipe", options => options, Seeds: 2),
                new("flips", options => options with { Flips = true }),
                new("lr 4e-3", options => options with { LearningRate = 4e-3f }),
                new("batch 16", options => options with { Batch = 16 }, Seeds: 2),
                new("flips, batch 16", options => options with { Flips = true, Batch = 16 }),
                new("3 residual layers", Model(model => model with { ResidualLayers = 3 }), Seeds: 2),
                new("Muon, weight decay 1, revival 0.6", options => WithMuon(options, 0.6, 1)),
                new(
                    "Muon, weight decay 1, revival 0.6, flips",
                    options => WithMuon(options, 0.6, 1) with { Flips = true }),
                new("Muon, no weight decay, revival 0.6", options => WithMuon(options, 0.6, 0)),
                new("Muon, weight decay 1, revival 0.3", options => WithMuon(options, 0.3, 1)),
                new("Muon, weight decay 0.5, revival 0.3", options => WithMuon(options, 0.3, 0.5f)),
                new(
                    "Muon, weight decay 1, revival 0.3, lr 1e-3",
                    options => WithMuon(options, 0.3, 1) with { LearningRate = 1e-3f }),
                // The rows above were made when codes were revived in the first 80% of a run.
                new(
                    "Muon, weight decay 0.5, revival 0.3 to 95% (the default)",
                    options => WithMuon(options, 0.3, 0.5f), Seeds: 3),
                new("the default, hidden 96, 7 residual layers", options => WithMuon(
                    Model(model => model with { Hidden = 96, ResidualLayers = 7 })(options), 0.3, 0.5f), Seeds: 3),
                new("Muon, weight decay 1, revival 0.3 to 95%", options => WithMuon(options, 0.3, 1), Seeds: 3),
                new(
                    "Muon, weight decay 0.5, revival 0.3 to 95%, flips",
                    options => WithMuon(options, 0.3, 0.5f) with { Flips = true }),
                new(
                    "Muon, weight decay 0.3, revival 0.3 to 95%, flips",
                    options => WithMuon(options, 0.3, 0.3f) with { Flips = true }),
            ]),
        new(
            "muon-900k", "900,000 images with Muon, as many as 15 minutes make", Cifar10.Name, Judge.HeldOut,
            AdamRecipe with { Budget = TrainingBudget.OfImages(900_000) },
            [
                new("Muon, weight decay 0.5, revival 0.3", options => WithMuon(options, 0.3, 0.5f)),
                new(
                    "Muon, weight decay 1, revival 0.3, lr 1e-3",
                    options => WithMuon(options, 0.3, 1) with { LearningRate = 1e-3f }),
            ]),
        Final("320k", "The default preset after 320,000 images", TrainingBudget.OfImages(320_000), seeds: 3),
        Final("15-minutes", "The default preset: 15 minutes", TrainingBudget.OfMinutes(15), seeds: 3),
        Final("60-minutes", "The default preset in an hour", TrainingBudget.OfMinutes(60), seeds: 1) with
        {
            Rows =
            [
                new("default preset, flips", options => options with { Flips = true }),
                new("default preset", options => options),
            ],
        },
        WithAdam(
            "adam-320k", "The recipe with Adam after 320,000 images", TrainingBudget.OfImages(320_000), seeds: 3),
        WithAdam("adam-15-minutes", "The recipe with Adam: 15 minutes", TrainingBudget.OfMinutes(15), seeds: 3),
        WithAdam("adam-60-minutes", "The recipe with Adam in an hour", TrainingBudget.OfMinutes(60), seeds: 1),
        Final(
            "ten-seeds-cifar10", "Ten seeds of a short run on CIFAR-10", TrainingBudget.OfImages(32_000), seeds: 10),
        Final(
            "ten-seeds-shapes", "Ten seeds of a short run on the built-in images", TrainingBudget.OfImages(32_000),
            seeds: 10, SyntheticShapes.Name),
        .. QuantizerExperiments.All,
    ];

    private static Experiment Final(
        string name, string title, TrainingBudget budget, int seeds, string data = Cifar10.Name) => new(
        name, title, data, Judge.Test, Preset.Default.OptionsFor(data) with { Budget = budget, CheckpointEvery = 1000 },
        [new("default preset", options => options, seeds)]);

    private static Experiment WithAdam(string name, string title, TrainingBudget budget, int seeds) => new(
        name, title, Cifar10.Name, Judge.Test,
        AdamRecipe with { Budget = budget, EvalEvery = Preset.Default.Options.EvalEvery },
        [new("the recipe with Adam", options => options, seeds)]);

    private static TrainingOptions WithMuon(TrainingOptions options, double revival, float weightDecay) =>
        WithRevival(revival)(options) with { Optimizer = OptimizerKind.Muon, WeightDecay = weightDecay };

    private static Func<TrainingOptions, TrainingOptions> Model(Func<VqVaeOptions, VqVaeOptions> change) =>
        options => options with { Model = change(options.Model) };

    private static Func<TrainingOptions, TrainingOptions> Quantizer(QuantizerOptions quantizer) =>
        Model(model => model with { Quantizer = quantizer });

    private static Func<TrainingOptions, TrainingOptions> WithRevival(double revival) =>
        With(ema => ema with { Revival = revival });

    private static Func<TrainingOptions, TrainingOptions> Decay(double decay, bool ramp) =>
        With(ema => ema with { Decay = decay, DecayRamp = ramp });

    private static Func<TrainingOptions, TrainingOptions> Cosine(float commitment) =>
        With(ema => new CosineVectorQuantizerOptions
        {
            Commitment = commitment,
            Decay = ema.Decay,
            DecayRamp = ema.DecayRamp,
            Revival = ema.Revival,
            Start = ema.Start,
        });

    private static Func<TrainingOptions, TrainingOptions> With(
        Func<EmaVectorQuantizerOptions, QuantizerOptions> change) =>
        Model(model => model with { Quantizer = change((EmaVectorQuantizerOptions)model.Quantizer) });
}
