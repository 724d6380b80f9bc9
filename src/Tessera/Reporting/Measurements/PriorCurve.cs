using Tessera.Priors;
using Tessera.Runs;

namespace Tessera.Reporting.Measurements;

/// <summary>The nats a code during the training of a prior.</summary>
/// <param name="FirstUpdate">The update of the first batch.</param>
/// <param name="Nats">The nats of each update's batch.</param>
/// <param name="Test">Those of the test images at each evaluation.</param>
/// <param name="Train">Those of the first training images at each evaluation.</param>
internal sealed record PriorCurve(
    long FirstUpdate, float[] Nats, IReadOnlyList<(long Update, double Nats)> Test,
    IReadOnlyList<(long Update, double Nats)> Train)
{
    /// <summary>Reads a run's curve up to an update.</summary>
    /// <returns>The curve, or null and why there is none.</returns>
    public static (PriorCurve? Curve, string Absence) Read(PriorRun? run, long? update)
    {
        if (run is null) return (null, "A model file does not hold the losses of its training; a run folder does.");
        if (!File.Exists(run.SeriesPath))
            return (null, $"The run has no {Path.GetFileName(run.SeriesPath)}: the file was removed.");
        long last = update ?? long.MaxValue;
        try
        {
            var series = UpdateSeries.Read(run.SeriesPath, ["update", "nats"], values => values is [>= 0], last);
            return (
                new PriorCurve(series.FirstUpdate, series.Values[0], Evaluations("nats"), Evaluations("train_nats")),
                "");
        }
        catch (InputException e)
        {
            return (null, $"The losses of the prior cannot be shown: {e.Message}.");
        }

        (long, double)[] Evaluations(string column) =>
            [.. run.Evaluations(column).Where(row => row.Update <= last && double.IsFinite(row.Value))];
    }
}
