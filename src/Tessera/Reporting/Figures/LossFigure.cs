using System.Globalization;
using Tessera.Reporting.Measurements;
using Tessera.Reporting.Plots;

namespace Tessera.Reporting.Figures;

/// <summary>
/// The reference notebook's "Plot Loss": NMSE and perplexity of every update, smoothed in front of raw.
/// </summary>
internal static class LossFigure
{
    private const string Id = "loss", Title = "Loss and perplexity during training";

    public static Figure Make(ReportData data)
    {
        if (data.Series is not { } series) return Figure.Absent(Id, Title, data.SeriesAbsence);
        var error = new UpdateLines(series.FirstUpdate, series.ReconError);
        var perplexity = new UpdateLines(series.FirstUpdate, series.Perplexity);
        return new Figure(Id, Title, Caption(series.Count, error),
        [
            new PlotPart(Plot("loss-nmse", "NMSE", "mean squared error / data variance, log axis", error, LogAxis)),
            new PlotPart(Plot(
                "loss-perplexity", "Perplexity", "perplexity of a batch's codes", perplexity, Axis.Linear)),
        ]);
    }

    private static Plot Plot(
        string id, string title, string label, UpdateLines lines, Func<string, double, double, Axis> axis) =>
        new(id, title, lines.Describe(title), lines.Updates, axis(label, lines.Min, lines.Max), lines.Marks);

    /// <summary>A logarithmic axis. An error of 0 cannot be shown on it and is drawn at the lower end.</summary>
    private static Axis LogAxis(string label, double min, double max) =>
        Axis.Log(label, Math.Max(min, Math.Max(max * 1e-6, 1e-12)), Math.Max(max, 1e-11));

    private static string Caption(int updates, UpdateLines lines) => string.Create(
        CultureInfo.InvariantCulture,
        $"The reconstruction error (NMSE: mean squared error / variance of the training images; recon_error in "
        + $"the logs) and the perplexity of each of {updates:#,0} training batches, {lines.Smoothing}."
        + $"{lines.MissingStart} The "
        + $"perplexity is the effective number of codes in use, from 1 to the size of the codebook. In a healthy "
        + $"run the error falls ever more slowly, and the perplexity rises and stays high. If the perplexity falls "
        + $"towards 1, the codebook collapses: almost everything gets the same code.");
}
