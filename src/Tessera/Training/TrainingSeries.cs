using Tessera.Runs;

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
    private static readonly string[] Columns = ["update", "recon_error", "perplexity"];

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
        var series = UpdateSeries.Read(path, Columns, values => values is [>= 0, > 0], lastUpdate);
        return new TrainingSeries(series.FirstUpdate, series.Values[0], series.Values[1]);
    }
}
