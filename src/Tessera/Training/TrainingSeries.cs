using System.Globalization;
using Tessera.Files;

namespace Tessera.Training;

/// <summary>
/// The losses of every update of a run, from <c>series.csv</c> (about 27 bytes per update): the reference notebook's
/// <c>train_res_recon_error</c> and <c>train_res_perplexity</c>.
/// </summary>
/// <param name="FirstUpdate">The update of the first value: 1, or later if earlier rows are missing.</param>
/// <param name="ReconError">MSE / data variance of each update's batch.</param>
/// <param name="Perplexity">The perplexity of each update's batch.</param>
public sealed record TrainingSeries(long FirstUpdate, float[] ReconError, float[] Perplexity)
{
    /// <summary>The columns of the file.</summary>
    internal static readonly string[] Columns = ["update", "recon_error", "perplexity"];

    /// <summary>The number of updates in the series.</summary>
    public int Count => ReconError.Length;

    /// <summary>Reads a series.</summary>
    /// <param name="path">The file.</param>
    /// <param name="lastUpdate">Later rows are ignored: a running run is ahead of its checkpoint.</param>
    /// <exception cref="InputException">
    /// The file is missing, damaged or has no rows; the message says which.
    /// </exception>
    public static TrainingSeries Read(string path, long lastUpdate = long.MaxValue)
    {
        List<float> reconError = [], perplexity = [];
        long first = 0;
        var table = CsvTable.Read(path);
        if (table.Columns.Count > 0 && !table.Columns.SequenceEqual(Columns))
            throw Damaged(path, $"its first line is not '{string.Join(',', Columns)}'");
        foreach (CsvRow row in table.Rows)
        {
            if (Parse(row.Fields) is not { } parsed
                || (reconError.Count > 0 && parsed.Update != first + reconError.Count))
                throw Damaged(path, $"line {row.Line} is not the row of the next update");
            if (parsed.Update > lastUpdate) break;
            if (reconError.Count == 0) first = parsed.Update;
            reconError.Add(parsed.ReconError);
            perplexity.Add(parsed.Perplexity);
        }
        return reconError.Count > 0
            ? new TrainingSeries(first, [.. reconError], [.. perplexity])
            : throw new InputException($"{path} holds no update yet");
    }

    private static InputException Damaged(string path, string what) => new(
        $"{path} is damaged: {what}; fix it, or move the file away: a resumed run starts a new one");

    /// <summary>Parses a row; null if it has a wrong field or an impossible value.</summary>
    private static (long Update, float ReconError, float Perplexity)? Parse(string[] fields)
    {
        bool valid = fields.Length == Columns.Length
            & long.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out long update)
            & float.TryParse(fields.ElementAtOrDefault(1), CultureInfo.InvariantCulture, out float reconError)
            & float.TryParse(fields.ElementAtOrDefault(2), CultureInfo.InvariantCulture, out float perplexity);
        return valid && update > 0
            && float.IsFinite(reconError) && reconError >= 0 && float.IsFinite(perplexity) && perplexity > 0
            ? (update, reconError, perplexity)
            : null;
    }
}
