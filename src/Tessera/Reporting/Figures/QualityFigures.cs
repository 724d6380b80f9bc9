using System.Globalization;
using Tessera.Reporting.Measurements;
using Tessera.Reporting.Plots;

namespace Tessera.Reporting.Figures;

/// <summary>The distribution of the quality over a split, and the best and worst reconstructions.</summary>
internal static class QualityFigures
{
    public static IReadOnlyList<Figure> Make(ReportData data)
    {
        // A perfect reconstruction has an infinite PSNR and is counted in the last bar.
        double[] psnr = [.. data.Measurement.Psnr.Order()];
        int shown = data.Best.Originals.Count;
        return
        [
            new Figure(
                "quality", "Quality of every image",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"How well each of the {psnr.Length:#,0} images of {data.Subject.Images.Name} is "
                    + $"reconstructed: the distribution of the peak signal-to-noise ratio (PSNR, in dB; higher is "
                    + $"better)."),
                [new PlotPart(Histogram(psnr))]),
            new Figure(
                "extremes", "The best and the worst reconstructions",
                $"The {shown} images with the highest and the {shown} with the lowest PSNR: originals above, "
                + "reconstructions below. The worst show what the codes cannot express, often fine texture, hard "
                + "edges or rare colours.",
                [
                    Part("best", $"best: {Decibels(psnr[^1])} to {Decibels(psnr[^shown])} dB", data.Best),
                    Part("worst", $"worst: {Decibels(psnr[0])} to {Decibels(psnr[shown - 1])} dB", data.Worst),
                ]),
        ];
    }

    /// <summary>A row of originals above the row of their reconstructions.</summary>
    private static ImagePart Part(string id, string label, ImageSample sample) => Grids.Of(
        $"{id}.png", label, $"{label}: originals above, reconstructions below.",
        [.. sample.Originals, .. sample.Reconstructions], columns: sample.Originals.Count);

    private static Plot Histogram(double[] sorted)
    {
        double[] finite = [.. sorted.Where(double.IsFinite)];
        double min = finite.Length > 0 ? finite[0] : 0, max = finite.Length > 0 ? finite[^1] : 0;
        Axis axis = Axis.Linear("PSNR in dB", min, max);
        int bins = Math.Clamp((int)Math.Sqrt(sorted.Length), 5, 40);
        double width = (axis.Max - axis.Min) / bins;
        double[] counts = new double[bins];
        foreach (double value in sorted)
            counts[(int)Math.Clamp((Math.Min(value, axis.Max) - axis.Min) / width, 0, bins - 1)]++;
        double median = sorted[sorted.Length / 2];
        return new Plot(
            "psnr", "PSNR of every image",
            $"A histogram of the PSNR of {sorted.Length} images, from {Decibels(sorted[0])} to "
            + $"{Decibels(sorted[^1])} dB; the median is {Decibels(median)} dB.",
            axis, Axis.Linear("images", 0, counts.Max()),
            [
                new Bars([.. Enumerable.Range(0, bins + 1).Select(i => axis.Min + i * width)], counts),
                new Rule(Math.Min(median, axis.Max), $"median {Decibels(median)} dB", Vertical: true),
            ])
        { Width = 840, Height = 270 };
    }

    private static string Decibels(double value) =>
        double.IsFinite(value) ? value.ToString("0.0", CultureInfo.InvariantCulture) : "∞";
}
