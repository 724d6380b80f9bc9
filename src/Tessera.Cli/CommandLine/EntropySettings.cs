using Tessera.Quantization;
using Tessera.Training;
using static Tessera.Cli.CommandLine.QuantizerSettings;

namespace Tessera.Cli.CommandLine;

/// <summary>The options of entropy terms and of probabilities of codes.</summary>
internal static class EntropySettings
{
    /// <summary>The name of the option for the updates in which the temperature of gumbel falls.</summary>
    public const string TemperatureUpdatesName = "--temperature-updates";

    private const string WithEntropy = "gradient, ema, cosine, simvq, lfq or bsq", Gumbel = "gumbel";

    private static readonly LookupFreeQuantizerOptions UsualBits = new();
    private static readonly GumbelQuantizerOptions UsualGumbel = new();
    private static readonly BinarySphericalQuantizerOptions UsualSphere = new();

    /// <summary>The settings.</summary>
    public static Setting<TrainingOptions>[] All() => [.. ForEntropy(), .. ForGumbel()];

    private static Setting<TrainingOptions>[] ForEntropy() =>
    [
        NumberOf<EntropyOptions>(
            "--entropy",
            "Weight of the entropy terms, which decide each vector and spread the batch over the codes [default: "
                + $"{UsualBits.Entropy} of lfq, {UsualSphere.Entropy} of bsq, 0 of codebooks].",
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
                TemperatureUpdatesName,
                "Updates in which the temperature of gumbel falls [default: half of --updates or --images; "
                    + $"{UsualGumbel.TemperatureUpdates} with --minutes]."),
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
}
