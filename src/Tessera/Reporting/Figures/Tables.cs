using System.Globalization;
using System.Text.Json;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Reporting.Measurements;
using Tessera.Training;

namespace Tessera.Reporting.Figures;

/// <summary>The tables of a run: its results and its options.</summary>
internal static class Tables
{
    /// <summary>
    /// The size of an image's codes in bits per subpixel (one channel of one pixel), with code words of equal length:
    /// <c>log2 K / (P P channels)</c> for each of the codes of a cell of P x P pixels.
    /// </summary>
    public static double BitsPerSubpixel(VqVaeOptions model) => model.Cell.Codes * Bits(model, model.Codes);

    /// <summary>
    /// The same with the best code words for the codes' frequencies (their entropy):
    /// <c>log2 perplexity / (P P channels)</c>, the perplexity being that of each code's level.
    /// </summary>
    public static double BitsPerSubpixel(VqVaeOptions model, Evaluation evaluation) => evaluation.Levels.Count == 0
        ? Bits(model, evaluation.Perplexity)
        : Enumerable.Range(0, model.Cell.Codes)
            .Sum(place => Bits(model, evaluation.Levels[model.Cell.CodebookOf(place)].Perplexity));

    /// <summary>The table of results.</summary>
    public static Figure Results(ReportData data)
    {
        Evaluation evaluation = data.Measurement.Evaluation;
        VqVaeOptions model = data.Subject.Trained.Model.Options;
        return new Figure(
            "results-table", "Results",
            $"Over all {Text($"{evaluation.Images:#,0}")} images of {data.Subject.Images.Name}.",
            [
                new TablePart(null, ["measure", "value", "what it is"],
                [
                    [
                        "NMSE",
                        evaluation.ReconError is { } error ? Text($"{error:0.0000}") : "unknown: no training variance",
                        "recon_error: mean squared error / variance of the training images; lower is better, and a "
                        + "constant grey has about 1",
                    ],
                    ["MSE", Text($"{evaluation.Mse:0.000000}"), "mean squared error, pixels in 0..1; lower is better"],
                    [
                        "PSNR", Text($"{evaluation.Psnr:0.00} dB"),
                        "peak signal-to-noise ratio, mean over the images; higher is better",
                    ],
                    [
                        "SSIM", Text($"{evaluation.Ssim:0.0000}"),
                        "structural similarity, mean over the images; higher is better, 1 is perfect",
                    ],
                    [
                        "perplexity", Text($"{evaluation.Perplexity:0.0}"),
                        (evaluation.Levels.Count > 0 ? "the mean of those below; each is " : "")
                        + "the effective number of codes: this many equally used codes would carry as much information",
                    ],
                    [
                        "codes used", Text($"{evaluation.CodesUsed:#,0} of {evaluation.Codes:#,0}"),
                        "codes chosen at least once",
                    ],
                    .. Levels(evaluation),
                    [
                        "bits per subpixel", Text($"{BitsPerSubpixel(model):0.0000}"),
                        "the size of the codes per channel of a pixel, with code words of equal length; an "
                        + "uncompressed image has 8",
                    ],
                    [
                        "bits per subpixel, entropy", Text($"{BitsPerSubpixel(model, evaluation):0.0000}"),
                        "the same with short code words for frequent codes",
                    ],
                ]),
            ]);
    }

    /// <summary>The rows of each level and of their combinations; none if a cell has one code.</summary>
    public static IEnumerable<string[]> Levels(Evaluation evaluation)
    {
        if (evaluation.Levels.Count == 0) yield break;
        foreach (CodeUse level in evaluation.Levels)
            yield return
            [
                level.Name, Text($"perplexity {level.Perplexity:0.0}, {level.CodesUsed:#,0} used"), "its codes alone",
            ];
        yield return
        [
            "combinations",
            evaluation.Joint is { } joint
                ? Text($"perplexity {joint.Perplexity:0.0}, {joint.CodesUsed:#,0} used")
                : Text($"perplexity unknown, more than {CodeUsage.MostCombinations:#,0} used"),
            "all codes of a cell as one",
        ];
    }

    /// <summary>The table of options: all options in the run's <c>config.json</c>.</summary>
    public static Figure Options(ReportData data)
    {
        const string Id = "options-table", Title = "Options of the run";
        if (data.Subject.Trained.Run is not { } run)
            return Figure.Absent(Id, Title, "A model file does not hold the options of its run; a run folder does.");
        return Options(
            Id, Title, "All options of the run, as in its config.json.",
            JsonSerializer.SerializeToElement(run.Options, TrainingJson.Default.TrainingOptions));
    }

    /// <summary>A table of options, with those of each group in a part of its own.</summary>
    public static Figure Options(string id, string title, string caption, JsonElement options) => new(
        id, title, caption,
        [
            Table("run", options),
            .. options.EnumerateObject().Where(IsGroup).Select(group => Table(group.Name, group.Value)),
        ]);

    private static TablePart Table(string title, JsonElement options) => new(
        title, ["option", "value"],
        [
            .. options.EnumerateObject().Where(option => !IsGroup(option)).Select(option => (IReadOnlyList<string>)
                [option.Name, ValueOf(option.Value)]),
        ]);

    private static string ValueOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "none",
        JsonValueKind.Array => value.GetArrayLength() == 0 ? "none" : string.Join(", ", value.EnumerateArray()),
        _ => value.ToString(),
    };

    private static bool IsGroup(JsonProperty option) => option.Value.ValueKind == JsonValueKind.Object;

    private static double Bits(VqVaeOptions model, double choices) =>
        Math.Log2(Math.Max(choices, 1)) / (model.PixelsPerCode * model.PixelsPerCode * model.Channels);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
