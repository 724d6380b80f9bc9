using System.Globalization;
using Tessera.Analysis;
using Tessera.Reporting.Measurements;
using Tessera.Reporting.Plots;
using Tessera.Training;

namespace Tessera.Reporting.Figures;

/// <summary>
/// The reference notebook's "Plot Loss": NMSE and perplexity of every update, smoothed in front of raw.
/// </summary>
internal static class LossFigure
{
    private const string Id = "loss", Title = "Loss and perplexity during training";

    // The reference notebook's savgol_filter(..., 201, 7).
    private const int Window = 201, Order = 7;

    public static Figure Make(ReportData data)
    {
        if (data.Series is not { } series) return Figure.Absent(Id, Title, data.SeriesAbsence);
        double[] error = Array.ConvertAll(series.ReconError, value => (double)value);
        double[] perplexity = Array.ConvertAll(series.Perplexity, value => (double)value);
        int? window = SavitzkyGolay.LargestWindow(series.Count, Window, Order);
        return new Figure(Id, Title, Caption(series, window),
        [
            new PlotPart(Plot(
                "loss-nmse", "NMSE", "mean squared error / data variance, log axis", series, error, window, LogAxis)),
            new PlotPart(Plot(
                "loss-perplexity", "Perplexity", "perplexity of a batch's codes", series, perplexity, window,
                Axis.Linear)),
        ]);
    }

    private static Plot Plot(
        string id, string title, string label, TrainingSeries series, double[] values, int? window,
        Func<string, double, double, Axis> axis)
    {
        double[]? smooth = window is { } length ? SavitzkyGolay.Smooth(values, length, Order) : null;
        List<Mark> marks =
            [new Line(series.FirstUpdate, values, smooth is null ? "smooth" : "raw") { Name = "every update" }];
        if (smooth is not null) marks.Add(new Line(series.FirstUpdate, smooth, "smooth") { Name = "smoothed" });
        long last = series.FirstUpdate + series.Count - 1;
        double end = (smooth ?? values)[^1];
        string description = string.Create(
            CultureInfo.InvariantCulture,
            $"{title} for updates {series.FirstUpdate} to {last}: first {values[0]:0.###}, lowest "
            + $"{values.Min():0.###}, highest {values.Max():0.###}, last {end:0.###}.");
        return new Plot(
            id, title, description, Axis.Exact("updates", series.FirstUpdate == 1 ? 0 : series.FirstUpdate, last),
            axis(label, values.Min(), values.Max()), marks);
    }

    /// <summary>A logarithmic axis. An error of 0 cannot be shown on it and is drawn at the lower end.</summary>
    private static Axis LogAxis(string label, double min, double max) =>
        Axis.Log(label, Math.Max(min, Math.Max(max * 1e-6, 1e-12)), Math.Max(max, 1e-11));

    private static string Caption(TrainingSeries series, int? window)
    {
        string smoothing = window switch
        {
            Window => $"smoothed with a Savitzky-Golay filter, window {Window}, order {Order}",
            { } shorter => $"smoothed with a Savitzky-Golay filter, order {Order}; "
                + $"the run is shorter than the usual window of {Window}, so the window is {shorter}",
            null => $"not smoothed, because the run is too short for a polynomial of order {Order}",
        };
        string start = series.FirstUpdate > 1
            ? string.Create(
                CultureInfo.InvariantCulture, $" There are no values before update {series.FirstUpdate:#,0}.")
            : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"The reconstruction error (NMSE: mean squared error / variance of the training images; recon_error in "
            + $"the logs) and the perplexity of each of {series.Count:#,0} training batches, {smoothing}.{start} The "
            + $"perplexity is the effective number of codes in use, from 1 to the size of the codebook. In a healthy "
            + $"run the error falls ever more slowly, and the perplexity rises and stays high. If the perplexity falls "
            + $"towards 1, the codebook collapses: almost everything gets the same code.");
    }
}
