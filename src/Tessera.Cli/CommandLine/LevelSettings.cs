using Tessera.Quantization;
using Tessera.Training;
using static Tessera.Cli.CommandLine.QuantizerSettings;

namespace Tessera.Cli.CommandLine;

/// <summary>The options of quantizers without a codebook search, and of cells with several codes.</summary>
internal static class LevelSettings
{
    private const string WithEntropy = "gradient, ema, cosine, simvq, lfq or bsq", Gumbel = "gumbel";

    private static readonly CellOptions UsualCell = new();
    private static readonly LookupFreeQuantizerOptions UsualBits = new();
    private static readonly GumbelQuantizerOptions UsualGumbel = new();
    private static readonly BinarySphericalQuantizerOptions UsualSphere = new();

    /// <summary>The settings.</summary>
    public static Setting<TrainingOptions>[] All() => [Levels(), .. ForEntropy(), .. ForGumbel(), .. ForCells()];

    private static Setting<TrainingOptions> Levels() => new Setting<TrainingOptions, int[]?>(
        NewOption.Integers(
            "--levels",
            "Levels of each dimension of fsq, such as 8,5,5,5; their product becomes the number of codes [default: the "
                + "fewest dimensions of at most 8 levels: 8,8,8 for 512 codes]."),
        options => options.Model.Quantizer is FiniteScalarQuantizerOptions rounded
            ? string.Join(",", rounded.Levels)
            : null,
        (options, value) => WithLevels(options, value!));

    private static Setting<TrainingOptions>[] ForEntropy() =>
    [
        NumberOf<EntropyOptions>(
            "--entropy",
            "Weight of the entropy terms, which decide each vector and spread the batch over the codes [default: "
                + $"{UsualBits.Entropy} of lfq and bsq, 0 of codebooks].",
            WithEntropy, options => options.Entropy, (options, value) => options with { Entropy = value }),
        NumberOf<EntropyOptions>(
            "--diversity",
            "Weight of the batch's entropy beside that of each vector; more spreads the codes further "
                + $"[default: {UsualBits.Diversity}].",
            WithEntropy, options => options.Diversity, (options, value) => options with { Diversity = value }),
        NumberOf<CodebookOptions>(
            "--orthogonality",
            "Weight of the term that keeps the codes of gradient and simvq apart in angle [default: 0].",
            "gradient or simvq", options => options.Orthogonality,
            (options, value) => options with { Orthogonality = value }),
    ];

    private static Setting<TrainingOptions>[] ForGumbel() =>
    [
        Number(
            "--temperature",
            $"Temperature of the probabilities of bsq [default: {UsualSphere.Temperature}] or of a codebook's entropy "
                + $"terms [default: 1], or of the first update of gumbel [default: {UsualGumbel.Temperature}].",
            options => options switch
            {
                BinarySphericalQuantizerOptions sphere => sphere.Temperature,
                CodebookOptions codebook => codebook.Temperature,
                GumbelQuantizerOptions gumbel => gumbel.Temperature,
                _ => null,
            },
            (options, value) => options switch
            {
                BinarySphericalQuantizerOptions sphere => sphere with { Temperature = value },
                CodebookOptions codebook => codebook with { Temperature = value },
                GumbelQuantizerOptions gumbel => gumbel with { Temperature = value },
                _ => throw NotFor(options, "temperature", "bsq, gumbel or one with a codebook"),
            }),
        NumberOf<GumbelQuantizerOptions>(
            "--last-temperature",
            $"Temperature of gumbel at the end of its fall [default: {UsualGumbel.LastTemperature}].",
            Gumbel, options => options.LastTemperature, (options, value) => options with { LastTemperature = value }),
        new Setting<TrainingOptions, int?>(
            NewOption.Integer<int>(
                "--temperature-updates",
                $"Updates in which the temperature of gumbel falls [default: {UsualGumbel.TemperatureUpdates}]."),
            options => (options.Model.Quantizer as GumbelQuantizerOptions)?.TemperatureUpdates,
            (options, value) => With(options, quantizer => quantizer is GumbelQuantizerOptions gumbel
                ? gumbel with { TemperatureUpdates = value!.Value }
                : throw NotFor(quantizer, "temperature-updates", Gumbel))),
        NumberOf<GumbelQuantizerOptions>(
            "--divergence",
            "Weight of the divergence of the codes' probabilities from uniform ones, of gumbel "
                + $"[default: {UsualGumbel.Divergence}].",
            Gumbel, options => options.Divergence, (options, value) => options with { Divergence = value }),
    ];

    private static Setting<TrainingOptions>[] ForCells() =>
    [
        Cell(
            "--groups", "Groups of dimensions of a cell's vector, each with a code of its own",
            cell => cell.Groups, (cell, value) => cell with { Groups = value }),
        Cell(
            "--depth", "Codes of a cell or group, one after the other: each codes what those before have left",
            cell => cell.Depth, (cell, value) => cell with { Depth = value }),
        CellSwitch(
            "--shared-codebook", "One codebook for all codes of --depth",
            cell => cell.SharedCodebook, (cell, value) => cell with { SharedCodebook = value }),
        new Setting<TrainingOptions, float?>(
            NewOption.Number<float>(
                "--level-dropout",
                "Probability that an update uses only the first codes of --depth, so that these decode well alone "
                    + $"[default: {UsualCell.LevelDropout}]."),
            options => options.Model.Cell.LevelDropout,
            (options, value) => WithCell(options, cell => cell with { LevelDropout = value!.Value })),
        CellSwitch(
            "--top",
            "Two levels of codes (VQ-VAE-2): a cell of twice the stride has a code of a top level, on which the four "
                + "codes of the lower level depend",
            cell => cell.Top, (cell, value) => cell with { Top = value }),
    ];

    private static Setting<TrainingOptions, int?> Cell(
        string name, string description, Func<CellOptions, int> get, Func<CellOptions, int, CellOptions> set) => new(
        NewOption.Integer<int>(name, $"{description} [default: {get(UsualCell)}]."),
        options => get(options.Model.Cell),
        (options, value) => WithCell(options, cell => set(cell, value!.Value)));

    private static Setting<TrainingOptions> CellSwitch(
        string name, string description, Func<CellOptions, bool> get, Func<CellOptions, bool, CellOptions> set) =>
        Settings.Switch<TrainingOptions>(
            name, description, get(UsualCell), options => get(options.Model.Cell),
            (options, value) => WithCell(options, cell => set(cell, value)));

    private static TrainingOptions WithCell(TrainingOptions options, Func<CellOptions, CellOptions> set) =>
        options with { Model = options.Model with { Cell = set(options.Model.Cell) } };

    /// <summary>The options with these levels, and as many codes.</summary>
    private static TrainingOptions WithLevels(TrainingOptions options, int[] levels)
    {
        options = With(options, quantizer => quantizer is FiniteScalarQuantizerOptions rounded
            ? rounded with { Levels = levels }
            : throw NotFor(quantizer, "levels", "fsq"));
        int codes = ProductOf(levels) ?? options.Model.Codes;
        return options with { Model = options.Model with { Codes = codes } };
    }

    /// <summary>The product; null if it is beyond the numbers.</summary>
    private static int? ProductOf(int[] levels)
    {
        long product = 1;
        foreach (int level in levels) product = Math.Min(product * Math.Max(level, 1), int.MaxValue);
        return product < int.MaxValue ? (int)product : null;
    }
}
