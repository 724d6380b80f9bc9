using Tessera.Cli.CommandLine;
using Tessera.Models;
using Tessera.Quantization;

namespace Tessera.Cli.Rendering;

/// <summary>The options of a quantizer: what its codes are, and how they learn.</summary>
internal static class QuantizerText
{
    /// <summary>A row for each option that the model's quantizer has: name, value.</summary>
    public static IEnumerable<string[]> Rows(VqVaeOptions model)
    {
        CellOptions cell = model.Cell;
        if (cell.Groups * cell.Depth > 1)
            yield return
            [
                "cell",
                $"{cell.Groups} x {cell.Depth} codes: groups x levels"
                    + (cell.SharedCodebook ? ", one codebook for all levels" : "")
                    + (cell.LevelDropout > 0 ? $", level dropout {cell.LevelDropout}" : ""),
            ];
        IEnumerable<string[]> own = model.Quantizer switch
        {
            FiniteScalarQuantizerOptions rounded => [["levels", string.Join(", ", rounded.LevelsFor(model.Codes))]],
            GumbelQuantizerOptions drawn => Gumbel(drawn),
            LookupFreeQuantizerOptions signs => [["commitment", $"{signs.Commitment}"], .. Entropy(signs)],
            BinarySphericalQuantizerOptions signs => Entropy(signs, signs.Temperature),
            CodebookOptions codebook => Codebook(codebook),
            _ => [],
        };
        foreach (string[] row in own) yield return row;
    }

    private static IEnumerable<string[]> Gumbel(GumbelQuantizerOptions options) =>
    [
        [
            "temperature",
            $"{options.Temperature} to {options.LastTemperature} in {options.TemperatureUpdates} updates",
        ],
        ["divergence", $"{options.Divergence}"],
    ];

    private static IEnumerable<string[]> Codebook(CodebookOptions options)
    {
        yield return ["commitment", $"{options.Commitment}"];
        foreach (string[] row in Entropy(options, options.Temperature)) yield return row;
        if (options.Orthogonality > 0) yield return ["orthogonality", $"{options.Orthogonality}"];
        yield return ["code gradient", QuantizerSettings.Name(options.Gradient)];
        yield return ["codebook start", QuantizerSettings.Name(options.Start)];
        if (options is RunningAverageOptions averages) yield return ["running averages", Describe(averages)];
    }

    private static IEnumerable<string[]> Entropy(EntropyOptions options, float? temperature = null)
    {
        if (options.Entropy > 0)
            yield return
            [
                "entropy",
                $"{options.Entropy}, diversity {options.Diversity}"
                    + (temperature is null ? "" : $", temperature {temperature}"),
            ];
    }

    private static string Describe(RunningAverageOptions options) =>
        $"decay {options.Decay}{(options.DecayRamp ? " after a ramp" : "")}, "
        + $"revival {(options.Revival > 0 ? $"{options.Revival}" : "off")}"
        + (options is EmaVectorQuantizerOptions ema
            ? $", start {QuantizerSettings.Name(ema.AveragesStart)}, smoothing {(ema.KeepSmoothing ? "kept" : "copy")}"
            : "");
}
