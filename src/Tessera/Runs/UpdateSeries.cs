using System.Globalization;
using Tessera.Files;

namespace Tessera.Runs;

/// <summary>The values of every update of a run, from <c>series.csv</c>.</summary>
/// <param name="FirstUpdate">The update of the first values: 1, or later if earlier rows are missing.</param>
/// <param name="Values">A list for each column but that of the update.</param>
internal sealed record UpdateSeries(long FirstUpdate, IReadOnlyList<float[]> Values)
{
    /// <summary>Reads a series.</summary>
    /// <param name="path">The file.</param>
    /// <param name="columns">Its columns; the first is the update.</param>
    /// <param name="isPossible">Whether the finite values of an update can be right.</param>
    /// <param name="lastUpdate">Later rows are ignored: a running run is ahead of its checkpoint.</param>
    /// <exception cref="InputException">
    /// The file is missing, damaged or has no rows; the message says which.
    /// </exception>
    public static UpdateSeries Read(
        string path, string[] columns, Func<float[], bool> isPossible, long lastUpdate = long.MaxValue)
    {
        var rows = new List<float[]>();
        long first = 0;
        var table = CsvTable.Read(path);
        if (table.Columns.Count > 0 && !table.Columns.SequenceEqual(columns))
            throw Damaged(path, $"its first line is not '{string.Join(',', columns)}'");
        foreach (CsvRow row in table.Rows)
        {
            if (Parse(row.Fields, columns.Length) is not { } parsed || !isPossible(parsed.Values)
                || (rows.Count > 0 && parsed.Update != first + rows.Count))
                throw Damaged(path, $"line {row.Line} is not the row of the next update");
            if (parsed.Update > lastUpdate) break;
            if (rows.Count == 0) first = parsed.Update;
            rows.Add(parsed.Values);
        }
        if (rows.Count == 0) throw new InputException($"{path} holds no update yet");
        return new UpdateSeries(
            first, [.. Enumerable.Range(0, columns.Length - 1).Select(i => (float[])[.. rows.Select(row => row[i])])]);
    }

    private static InputException Damaged(string path, string what) => new(
        $"{path} is damaged: {what}; fix it, or move the file away: a resumed run starts a new one");

    /// <summary>Parses a row; null if it has a wrong field.</summary>
    private static (long Update, float[] Values)? Parse(string[] fields, int columns)
    {
        if (fields.Length != columns
            || !long.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out long update)
            || update <= 0)
            return null;
        float[] values = new float[columns - 1];
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.TryParse(fields[i + 1], CultureInfo.InvariantCulture, out values[i])
                || !float.IsFinite(values[i]))
                return null;
        }
        return (update, values);
    }
}
