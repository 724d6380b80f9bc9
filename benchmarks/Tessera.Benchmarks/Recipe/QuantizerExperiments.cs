using Tessera.Data;
using Tessera.Quantization;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Benchmarks.Recipe;

/// <summary>The experiments of <c>docs/quantizers.md</c>: quantizers at equal bits, and with more codes.</summary>
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

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Experiment> All { get; } =
    [
        New(
            "quantizers-9-bits", "64 cells of 9 bits: one of 512 codes each",
            [
                new("running averages (the default)", options => options),
                new("cosine", With(Cosine)),
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
                new("grouped, 2 x 512", Cell(groups: 2)),
                new("FSQ 8,8,8,8,8,8", With(new FiniteScalarQuantizerOptions(), codes: 1 << 18)),
                new("residual FSQ, 2 x 512", Cell(depth: 2, quantizer: new FiniteScalarQuantizerOptions())),
                new("LFQ, 2^18 codes", With(new LookupFreeQuantizerOptions(), codes: 1 << 18)),
                new("BSQ, 2^18 codes", With(new BinarySphericalQuantizerOptions(), codes: 1 << 18)),
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
    ];

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
        options => options with { Model = options.Model with { Quantizer = quantizer, Codes = codes } };

    private static Func<TrainingOptions, TrainingOptions> Cell(
        int depth = 1, int groups = 1, QuantizerOptions? quantizer = null) => options => options with
        {
            Model = options.Model with
            {
                Cell = new CellOptions { Depth = depth, Groups = groups },
                Quantizer = quantizer ?? options.Model.Quantizer,
            },
        };
}
