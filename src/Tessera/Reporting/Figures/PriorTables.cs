using System.Globalization;
using System.Text.Json;
using Tessera.Priors;
using Tessera.Reporting.Measurements;

namespace Tessera.Reporting.Figures;

/// <summary>The tables of a prior: its results and its options.</summary>
internal static class PriorTables
{
    /// <summary>The table of results.</summary>
    public static Figure Results(ReportData data, PriorData prior)
    {
        (PriorEvaluation? evaluation, CodePriorOptions sizes) = (prior.Evaluation, prior.Subject.Prior.Options);
        string given = sizes.Classes.Count > 0 ? "class, " : "";
        return new Figure(
            "prior-results", "Results of the prior",
            "The prior is the distribution over the codes of an image: it predicts each code from the codes before it"
            + (sizes.Classes.Count > 0 ? " and the image's class" : "") + ". New images are drawn from it. "
            + (evaluation is null
                ? prior.ImagesAbsence
                : Text($"Over all {evaluation.Images:#,0} images of {data.Subject.Images.Name}.")),
            [
                new TablePart(null, ["measure", "value", "what it is"],
                [
                    [
                        "nats a code, test", Text($"{evaluation?.Nats:0.0000}"),
                        $"mean of -ln p(code | {given}codes before); lower is better, and guessing costs "
                        + Text($"{Math.Log(sizes.Codes):0.0000}"),
                    ],
                    [
                        "nats a code, training", Text($"{evaluation?.TrainNats:0.0000}"),
                        "the same over 2000 training images; much lower means overfitting",
                    ],
                    ["bits a pixel", Text($"{evaluation?.BitsPerPixel:0.0000}"), "of a test image's codes"],
                    [
                        "bits an image", Text($"{evaluation?.Nats * sizes.Length / Math.Log(2):#,0.0}"),
                        Text($"the size of a test image's {sizes.Length:#,0} codes, compressed with the prior; code ")
                        + Text($"words of equal length take {sizes.Length * Math.Log2(sizes.Codes):#,0.0}"),
                    ],
                    ["parameters", Text($"{prior.Subject.Prior.ParameterCount:#,0}"), "numbers that were trained"],
                    [
                        "updates", prior.Subject.Update is { } update ? Text($"{update:#,0}") : "unknown",
                        "how often they were changed",
                    ],
                ]),
            ]);
    }

    /// <summary>The table of options: all options in the prior's <c>config.json</c>.</summary>
    public static Figure Options(PriorData prior)
    {
        const string Id = "prior-options-table", Title = "Options of the prior";
        return prior.Subject.Run is { } run
            ? Tables.Options(
                Id, Title, "All options of the prior's run, as in its config.json.",
                JsonSerializer.SerializeToElement(run.Options, PriorJson.Default.PriorOptions))
            : Figure.Absent(Id, Title, "A model file does not hold the options of its run; a run folder does.");
    }

    private static string Text(FormattableString text)
    {
        string shown = text.ToString(CultureInfo.InvariantCulture);
        return shown.Length > 0 ? shown : "unknown";
    }
}
