using System.Globalization;
using Tessera.Models;
using Tessera.Reporting.Measurements;
using Tessera.Reporting.Plots;

namespace Tessera.Reporting.Figures;

/// <summary>How often each code is chosen over the whole split, sorted by use.</summary>
internal static class UseFigure
{
    private const string Id = "use", Title = "Use of the codebook";

    public static Figure Make(ReportData data)
    {
        VqVaeOptions model = data.Subject.Trained.Model.Options;
        long[] counts = data.Measurement.Usage.Counts.ToArray();
        int used = data.Measurement.Usage.Used;
        string mean = data.Measurement.Usage.Levels > 1 ? "the mean over the levels or groups of " : "";
        return new Figure(
            Id, Title,
            string.Create(
                CultureInfo.InvariantCulture,
                $"How often each of the {counts.Length:#,0} codes was chosen for all "
                + $"{data.Measurement.Evaluation.Images:#,0} images of {data.Subject.Images.Name} ({counts.Sum():#,0} "
                + $"choices), sorted by use: {used:#,0} in use, {Dead(counts.Length - used)}. The perplexity, "
                + $"{data.Measurement.Evaluation.Perplexity:0.0}, is {mean}the effective number of codes: this many "
                + $"equally used codes would carry as much information. In a healthy codebook the curve falls gently and "
                + $"few codes are dead (never used). In a collapsed one it drops like a cliff."),
            model.Cell.Top
                ? [
                    .. counts.Chunk(model.Codes).Select((own, level) => new PlotPart(Plot(
                        own, $"{Id}-{level + 1}", $"Uses of each code, {model.Cell.NameOf(level)}"))),
                ]
                : [new PlotPart(Plot(counts, Id, "Uses of each code"))]);
    }

    private static Plot Plot(long[] counts, string id, string title)
    {
        counts = [.. counts.OrderDescending()];
        int used = counts.Count(count => count > 0), dead = counts.Length - used;
        double total = counts.Sum(), even = total / counts.Length;
        List<Mark> marks =
        [
            new Bars(
                [.. Enumerable.Range(0, counts.Length + 1).Select(i => (double)i)],
                [.. counts.Select(count => (double)count)]),
            new Rule(even, "equal use of all codes", Vertical: false),
        ];
        if (dead > 0) marks.Insert(0, new Band(used, counts.Length, Dead(dead)));
        double lowest = Math.Min(counts[used - 1], even);
        return new Plot(
            id, title,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The codes sorted by use: the most used has {counts[0]:#,0} uses of {total:#,0}, the last of the "
                + $"{used:#,0} codes in use has {counts[used - 1]:#,0}; {Dead(dead)}."),
            Axis.Exact("codes, the most used first", 0, counts.Length),
            Axis.Log("uses, log axis", Math.Max(lowest * 0.8, 0.5), Math.Max(counts[0], lowest * 2)), marks)
        { Width = 840, Height = 320 };
    }

    private static string Dead(int codes) => $"{codes.ToString("#,0", CultureInfo.InvariantCulture)} never used";
}
