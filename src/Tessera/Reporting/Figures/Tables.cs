using System.Globalization;
using System.Text.Json;
using Tessera.Analysis;
using Tessera.Models;
using Tessera.Reporting.Measurements;
using Tessera.Training;

namespace Tessera.Reporting.Figures;

/// <summary>The numbers of a run: its results and its options.</summary>
internal static class Tables
{
    /// <summary>
    /// What the codes of a picture cost per sample of the picture, each channel of each pixel being one: with code
    /// words of one length, <c>log2 K / (16 channels)</c>.
    /// </summary>
    public static double BitsPerSubpixel(VqVaeOptions model) => Bits(model, model.Codes);

    /// <summary>
    /// The same with the best code words for how often each code is used: <c>log2 perplexity / (16 channels)</c>.
    /// </summary>
    public static double BitsPerSubpixel(VqVaeOptions model, Evaluation evaluation) => Bits(model, evaluation.Perplexity);

    /// <summary>The table of results.</summary>
    public static Figure Results(ReportData data)
    {
        Evaluation evaluation = data.Measurement.Evaluation;
        VqVaeOptions model = data.Subject.Trained.Model.Options;
        return new Figure(
            "results-table", "Results",
            $"Over all {Text($"{evaluation.Images:#,0}")} pictures of {data.Subject.Pictures.Name}.",
            [
                new TablePart(null, ["measure", "value", "what it is"],
                [
                    ["NMSE", evaluation.ReconError is { } error ? Text($"{error:0.0000}") : "unknown: no training variance", "recon_error: mean squared error / variance of the training pictures; lower is better"],
                    ["MSE", Text($"{evaluation.Mse:0.000000}"), "mean squared error, pixels in 0..1"],
                    ["PSNR", Text($"{evaluation.Psnr:0.00} dB"), "mean over the pictures of the peak signal-to-noise ratio; higher is better"],
                    ["SSIM", Text($"{evaluation.Ssim:0.0000}"), "mean over the pictures of the structural similarity; 1 is perfect"],
                    ["perplexity", Text($"{evaluation.Perplexity:0.0}"), "codes that, used alike, would carry as much"],
                    ["codes used", Text($"{evaluation.CodesUsed:#,0} of {evaluation.Codes:#,0}"), "codes that were chosen at least once"],
                    ["bits per subpixel", Text($"{BitsPerSubpixel(model):0.0000}"), "code words of one length; a picture's own: 8"],
                    ["bits per subpixel, entropy", Text($"{BitsPerSubpixel(model, evaluation):0.0000}"), "code words as long as each code's use asks for"],
                ]),
            ]);
    }

    /// <summary>The table of options: everything in the run's <c>config.json</c>.</summary>
    public static Figure Options(ReportData data)
    {
        const string Id = "options-table", Title = "Options of the run";
        if (data.Subject.Trained.Run is not { } run)
            return Figure.Absent(Id, Title, "A model file does not hold the options of its run; a run folder does.");
        JsonElement options = JsonSerializer.SerializeToElement(run.Options, RunJson.Default.TrainingOptions);
        return new Figure(
            Id, Title, "Everything that the run is a function of, as in its config.json.",
            [
                Table("run", options),
                .. options.EnumerateObject().Where(IsGroup).Select(group => Table(group.Name, group.Value)),
            ]);
    }

    private static TablePart Table(string title, JsonElement options) => new(
        title, ["option", "value"],
        [
            .. options.EnumerateObject().Where(option => !IsGroup(option)).Select(option => (IReadOnlyList<string>)
                [option.Name, option.Value.ValueKind == JsonValueKind.Null ? "none" : option.Value.ToString()]),
        ]);

    private static bool IsGroup(JsonProperty option) => option.Value.ValueKind == JsonValueKind.Object;

    private static double Bits(VqVaeOptions model, double choices) =>
        Math.Log2(Math.Max(choices, 1)) / (VqVae.PixelsPerCode * VqVae.PixelsPerCode * model.Channels);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
