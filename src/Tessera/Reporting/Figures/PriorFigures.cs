using System.Globalization;
using Tessera.Priors;
using Tessera.Reporting.Measurements;
using Tessera.Reporting.Plots;

namespace Tessera.Reporting.Figures;

/// <summary>The chapter of the prior.</summary>
internal static class PriorFigures
{
    /// <summary>The figures, in order.</summary>
    public static IReadOnlyList<Figure> Make(ReportData data, PriorData prior) =>
    [
        PriorTables.Results(data, prior), Curve(prior), Samples(prior), Options(prior), CellFigure.Make(prior),
        NeighbourFigure.Make(data, prior), PriorTables.Options(prior),
    ];

    private static Figure Curve(PriorData prior)
    {
        const string Id = "prior-curve", Title = "Nats during training";
        if (prior.Curve is not { } curve) return Figure.Absent(Id, Title, prior.CurveAbsence);
        var lines = new UpdateLines(curve.FirstUpdate, curve.Nats);
        double[] evaluated = [.. curve.Test.Concat(curve.Train).Select(row => row.Nats)];
        List<Mark> marks = [.. lines.Marks];
        if (curve.Train.Count > 0) marks.Add(new Trace(curve.Train, "axis") { Name = "training images" });
        if (curve.Test.Count > 0) marks.Add(new Trace(curve.Test, "rule") { Name = "test images" });
        int codes = prior.Subject.Prior.Options.Codes;
        return new Figure(
            Id, Title,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Nats a code: -ln of the probability that the prior gave to an image's next code; guessing among "
                + $"{codes:#,0} codes costs {Math.Log(codes):0.00}. Lines: each of {curve.Nats.Length:#,0} training "
                + $"batches, {lines.Smoothing}.{lines.MissingStart} Rings: evaluations, without dropout and with the "
                + $"images' classes, of the test images and of 2000 training images. All fall together in a "
                + $"healthy run. Where the test images rise while the training images fall, the prior "
                + $"overfits."),
            [
                new PlotPart(new Plot(
                    Id, "Nats a code",
                    lines.Describe("Nats a code of the training batches") + Ends("test", curve.Test)
                    + Ends("training", curve.Train),
                    lines.Updates,
                    Axis.Linear("nats a code", evaluated.Append(lines.Min).Min(), evaluated.Append(lines.Max).Max()),
                    marks)
                { Width = 840 }),
            ]);
    }

    private static string Ends(string images, IReadOnlyList<(long Update, double Nats)> rows) => rows is [.., var last]
        ? string.Create(
            CultureInfo.InvariantCulture,
            $" Of the {images} images after update {last.Update}: {last.Nats:0.###}; lowest "
            + $"{rows.Min(row => row.Nats):0.###}.")
        : "";

    private static Figure Samples(PriorData prior)
    {
        IReadOnlyList<DrawnImages> drawn = prior.Samples.OfClasses;
        int classes = prior.Subject.Prior.Options.Classes.Count;
        string shown = classes > drawn.Count
            ? Text($" Of {classes:#,0} classes the first {drawn.Count} are shown.")
            : "";
        return new Figure(
            "prior-samples", "Samples",
            $"New images, drawn code by code from the prior and decoded, {Described(drawn[0].Options)}"
            + (classes > 0 ? $": {drawn[0].Images.Count} of each class." : ".") + shown
            + " They are the first ones drawn, not chosen ones. A good prior draws images that could be test images: "
            + "whole objects, each different.",
            [
                .. drawn.Select((group, i) => Grids.Of(
                    $"prior-samples-{i}.png", group.Class ?? "samples",
                    $"{group.Images.Count} images drawn from the prior{Of(group.Class)}.", group.Images)),
            ])
        { Columns = Math.Min(drawn.Count, 2) };
    }

    private static Figure Options(PriorData prior)
    {
        IReadOnlyList<DrawnImages> drawn = prior.Samples.OfOptions;
        bool guided = prior.Subject.Prior.Options.Classes.Count > 0;
        return new Figure(
            "prior-options", guided ? "Temperature and guidance" : "Temperature",
            $"The same {drawn[0].Images.Count} samples{Of(drawn[0].Class)}, drawn with the same random numbers and "
            + Text($"top-p {drawn[0].Options.TopP}")
            + ". A low temperature favours likely codes: calmer images, less variety; a high one allows unlikely codes."
            + (guided
                ? " Guidance draws towards what sets the class apart from the rest: 0 is the prior itself; higher "
                    + "values draw clearer images of fewer kinds, in too strong colours in the end."
                : ""),
            [
                .. drawn.Select((group, i) => Grids.Of(
                    $"prior-options-{i}.png", Text($"temperature {group.Options.Temperature}")
                        + (guided ? Text($", guidance {group.Options.Guidance}") : ""),
                    $"{group.Images.Count} images drawn from the prior{Of(group.Class)}, {Described(group.Options)}.",
                    group.Images, columns: 4)),
            ])
        { Columns = 3 };
    }

    /// <summary>How images were drawn, in words.</summary>
    private static string Described(SamplingOptions options) => string.Create(
        CultureInfo.InvariantCulture,
        $"guidance {options.Guidance}, temperature {options.Temperature}, top-p {options.TopP}, seed {options.Seed}");

    private static string Of(string? className) => className is null ? "" : $" of the class {className}";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
