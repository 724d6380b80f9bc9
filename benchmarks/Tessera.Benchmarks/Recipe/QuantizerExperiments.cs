using Tessera.Data;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Benchmarks.Recipe;

/// <summary>
/// The experiments of <c>docs/quantizers.md</c>: quantizers at equal bits, with more codes, and in two levels.
/// </summary>
internal static class QuantizerExperiments
{
    private static readonly TrainingOptions Recipe = Preset.Default.Options with
    {
        Data = Cifar10.Name,
        Budget = TrainingBudget.OfImages(320_000),
        CheckpointEvery = 1000,
        EvalEvery = 1_000_000,
    };

    private static readonly EmaVectorQuantizerOptions Ema = (EmaVectorQuantizerOptions)Recipe.Model.Quantizer;

    // The commitment cost of Razavi et al.
    private static readonly EmaVectorQuantizerOptions LowCommitment = Ema with { Commitment = 0.25f };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Experiment> All { get; } =
    [
        New(
            "quantizers-9-bits", "64 cells of 9 bits: one of 512 codes each",
            [
                new("running averages (the default)", options => options),
                new("cosine", With(Cosine), Seeds: 3),
                new(
                    "gradient codebook",
                    With(new VectorQuantizerOptions { Commitment = 1, Start = CodebookStart.KMeans })),
                new("SimVQ", With(new SimVectorQuantizerOptions { Commitment = 1 })),
                new("FSQ 8,8,8", With(new FiniteScalarQuantizerOptions())),
                new("LFQ", With(new LookupFreeQuantizerOptions())),
                new("BSQ", With(new BinarySphericalQuantizerOptions())),
                new("Gumbel-softmax", With(new GumbelQuantizerOptions())),
            ]),
        New(
            "quantizers-18-bits", "64 cells of 18 bits",
            [
                new("residual, 2 x 512", Cell(depth: 2)),
                new("residual, 2 x 512, one codebook", options => Cell(depth: 2)(options) with
                {
                    Model = options.Model with { Cell = new CellOptions { Depth = 2, SharedCodebook = true } },
                }),
                new("grouped, 2 x 512", Cell(groups: 2), Seeds: 3),
                new("FSQ 8,8,8,8,8,8", With(new FiniteScalarQuantizerOptions(), codes: 1 << 18)),
                new("residual FSQ, 2 x 512", Cell(depth: 2, quantizer: new FiniteScalarQuantizerOptions())),
                new("LFQ, 2^18 codes", With(new LookupFreeQuantizerOptions(), codes: 1 << 18)),
                new("BSQ, 2^18 codes", With(new BinarySphericalQuantizerOptions(), codes: 1 << 18)),
            ]),
        // The depth times the groups times the bits of a code are 36 everywhere.
        new(
            "quantizers-36-bits", "16 cells of 8x8 pixels and 36 bits; 320,000 images", Cifar10.Name, Judge.Test,
            Recipe with { Model = Coarse(Recipe.Model) },
            [
                new("residual, 4 x 512", Cell(depth: 4)),
                new("residual, 4 x 512, level dropout 0.5", Cell(depth: 4, dropout: 0.5f)),
                new("residual, 3 x 4096", Cell(depth: 3, codes: 4096)),
                new("grouped, 4 x 512", Cell(groups: 4)),
                new("2 groups of residual, 2 x 512", Cell(depth: 2, groups: 2)),
                new("grouped FSQ, 4 x 512: 12 numbers", Cell(groups: 4, quantizer: new FiniteScalarQuantizerOptions())),
                new(
                    "residual FSQ, 2 x 2^18: 6 numbers",
                    Cell(depth: 2, quantizer: new FiniteScalarQuantizerOptions(), codes: 1 << 18)),
                new(
                    "grouped LFQ, 2 x 2^18: 36 signs",
                    Cell(groups: 2, quantizer: new LookupFreeQuantizerOptions(), codes: 1 << 18)),
                new(
                    "grouped BSQ, 2 x 2^18: 36 signs",
                    Cell(groups: 2, quantizer: new BinarySphericalQuantizerOptions(), codes: 1 << 18)),
                new(
                    "residual BSQ, 2 x 2^18: 18 signs twice",
                    Cell(depth: 2, quantizer: new BinarySphericalQuantizerOptions(), codes: 1 << 18)),
            ]),
        New(
            "quantizers-codes", "One code a cell, of 512 to 65,536",
            [
                .. ((int[])[512, 4096, 16_384, 65_536]).SelectMany(codes => (Row[])
                [
                    new($"running averages, {codes}", With(StartFor(codes), codes)),
                    new($"FSQ, {codes}", With(new FiniteScalarQuantizerOptions(), codes)),
                    new($"LFQ, {codes}", With(new LookupFreeQuantizerOptions(), codes)),
                ]),
            ]),
        // 64 cells of 9 bits and 256 of 9; or 256 of 11.25; or 64 of 45.
        new(
            "two-levels", "64x64 pixels, 2,880 bits an image; 64,000 images", SyntheticShapes.Name, Judge.Test,
            Recipe with { Data = SyntheticShapes.Name, Size = 64, Budget = TrainingBudget.OfImages(64_000) },
            [
                new("one level, 2435 codes", Network(model => model with { Codes = 2435 })),
                new(
                    "one level, 2435 codes, commitment 0.25",
                    Network(model => model with { Codes = 2435, Quantizer = LowCommitment })),
                new(
                    "one level, 2435 codes, groupnorm 32",
                    Network(model => model with { Codes = 2435, GroupNorm = Groups })),
                new("stride 8, residual, 5 x 512", options => Cell(depth: 5)(Network(Coarse)(options))),
                new("two levels", Network(WithTop)),
                new("two levels, commitment 0.25", Network(model => WithTop(model) with { Quantizer = LowCommitment })),
                new(
                    "two levels, commitment 0.25, entropy 0.01",
                    Network(model => WithTop(model) with { Quantizer = LowCommitment with { Entropy = 0.01f } })),
                new("two levels, groupnorm 32", Network(model => WithTop(model) with { GroupNorm = Groups })),
                new(
                    "two levels, groupnorm 32, commitment 0.25",
                    Network(model => WithTop(model) with { GroupNorm = Groups, Quantizer = LowCommitment })),
            ]),
    ];

    // Of group normalisation.
    private const int Groups = 32;

    private static CosineVectorQuantizerOptions Cosine => new()
    {
        Commitment = 16,
        Decay = Ema.Decay,
        DecayRamp = Ema.DecayRamp,
        Revival = Ema.Revival,
        Start = Ema.Start,
    };

    /// <summary>k-means of more codes than it takes would need minutes.</summary>
    private static EmaVectorQuantizerOptions StartFor(int codes) =>
        codes > 16_384 ? Ema with { Start = CodebookStart.Random } : Ema;

    private static Experiment New(string name, string title, IReadOnlyList<Row> rows) =>
        new(name, $"{title}; 320,000 images", Cifar10.Name, Judge.Test, Recipe, rows);

    private static Func<TrainingOptions, TrainingOptions> With(QuantizerOptions quantizer, int codes = 512) =>
        Network(model => model with { Quantizer = quantizer, Codes = codes });

    private static VqVaeOptions WithTop(VqVaeOptions model) => model with { Cell = new CellOptions { Top = true } };

    private static VqVaeOptions Coarse(VqVaeOptions model) => model with { Stride = 8 };

    private static Func<TrainingOptions, TrainingOptions> Network(Func<VqVaeOptions, VqVaeOptions> change) =>
        options => options with { Model = change(options.Model) };

    private static Func<TrainingOptions, TrainingOptions> Cell(
        int depth = 1, int groups = 1, QuantizerOptions? quantizer = null, int codes = 512, float dropout = 0) =>
        Network(model => model with
        {
            Cell = new CellOptions { Depth = depth, Groups = groups, LevelDropout = dropout },
            Quantizer = quantizer ?? model.Quantizer,
            Codes = codes,
        });
}
