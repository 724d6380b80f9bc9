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
        var rows = new List<(long Update, double Rate, long Revived)>();
        try
        {
            string[] lines = File.Exists(path) ? File.ReadAllLines(path) : [];
            int rate = Column("learning_rate"), revived = Column("revived");
            if (rate < 0 || revived < 0) return new TrainingMetrics([], [], []);
            for (int i = 1; i < lines.Length; i++)
            {
                string[] fields = lines[i].Split(',');
                if (fields.Length <= Math.Max(rate, revived)
                    || !long.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out long update)
                    || !double.TryParse(fields[rate], CultureInfo.InvariantCulture, out double value)
                    || !long.TryParse(fields[revived], NumberStyles.None, CultureInfo.InvariantCulture, out long count)
                    || update <= rows.LastOrDefault().Update)
                    throw new InputException(
                        $"{path} is damaged: line {i + 1} is not the row of a later update; fix it, "
                        + "or move the file away");
                if (update <= lastUpdate) rows.Add((update, value, count));
            }

            int Column(string name) => lines.Length == 0 ? -1 : Array.IndexOf(lines[0].Split(','), name);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
        return new TrainingMetrics(
            [.. rows.Select(row => row.Update)],
            [.. rows.Select(row => row.Rate)],
            [.. rows.Select(row => row.Revived)]);
    }
}
