using System.Globalization;
using Tessera.Files;

namespace Tessera.Training;

/// <summary>The learning rates and revived codes from a run's <c>metrics.csv</c>: a row per 100 updates.</summary>
/// <param name="Updates">The last update of each row, in ascending order.</param>
/// <param name="LearningRate">The learning rate of that update.</param>
/// <param name="Revived">Codes moved onto vectors of the batch since the previous row.</param>
internal sealed record TrainingMetrics(long[] Updates, double[] LearningRate, long[] Revived)
{
    /// <summary>Reads the rows.</summary>
    /// <param name="path">The file.</param>
    /// <param name="lastUpdate">Later rows are ignored: a running run is ahead of its checkpoint.</param>
    /// <returns>The rows; none if the file is missing or lacks these columns.</returns>
    /// <exception cref="InputException">The file cannot be read or is damaged.</exception>
    public static TrainingMetrics Read(string path, long lastUpdate = long.MaxValue)
    {
        if (!File.Exists(path)) return new TrainingMetrics([], [], []);
        var table = CsvTable.Read(path);
        int rate = table.IndexOf("learning_rate"), revived = table.IndexOf("revived");
        if (rate < 0 || revived < 0) return new TrainingMetrics([], [], []);
        var rows = new List<(long Update, double Rate, long Revived)>();
        foreach ((int line, string[] fields) in table.Rows)
        {
            if (fields.Length <= Math.Max(rate, revived)
                || !long.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out long update)
                || !double.TryParse(fields[rate], CultureInfo.InvariantCulture, out double value)
                || !long.TryParse(fields[revived], NumberStyles.None, CultureInfo.InvariantCulture, out long count)
                || update <= rows.LastOrDefault().Update)
                throw new InputException(
                    $"{path} is damaged: line {line} is not the row of a later update; fix it, "
                    + "or move the file away");
            if (update <= lastUpdate) rows.Add((update, value, count));
        }
        return new TrainingMetrics(
            [.. rows.Select(row => row.Update)],
            [.. rows.Select(row => row.Rate)],
            [.. rows.Select(row => row.Revived)]);
    }
}
