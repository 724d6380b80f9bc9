using Tessera.Analysis;
using Tessera.Studio.Contract;

namespace Tessera.Studio.Live;

/// <summary>
/// Reduces the rows of every update to what a screen can show: the lowest, highest and mean of a bucket.
/// </summary>
internal static class SeriesReduction
{
    private const int Order = 7;

    /// <summary>Reduces a part of a table.</summary>
    /// <param name="table">The table, a row for each update.</param>
    /// <param name="columns">The columns; null for all.</param>
    /// <param name="from">The first update.</param>
    /// <param name="to">The last update.</param>
    /// <param name="buckets">The most buckets, at least 1.</param>
    /// <param name="window">The window of the smoothing, odd; 0 for none.</param>
    public static SeriesAnswer Reduce(
        GrowingTable table, IReadOnlyList<string>? columns, long from, long to, int buckets, int window)
    {
        int start = table.RowAfter(from - 1), end = table.RowAfter(to), count = Math.Max(end - start, 0);
        int perBucket = Math.Max(1, (count + buckets - 1) / buckets);
        int[] starts = [.. Enumerable.Range(0, (count + perBucket - 1) / perBucket).Select(i => start + i * perBucket)];
        var reduced = new Dictionary<string, SeriesColumn>();
        for (int i = 0; i < table.Columns.Count; i++)
        {
            if (columns?.Contains(table.Columns[i]) != false)
                reduced[table.Columns[i]] = Column(table.Values(i), starts, perBucket, end, window);
        }
        return new SeriesAnswer(
            table.Updates.Count > 0 ? table.Updates[0] : 0, table.Last,
            count > 0 ? table.Updates[start] : 0, count > 0 ? table.Updates[end - 1] : 0, perBucket,
            [.. starts.Select(row => table.Updates[row])], reduced);
    }

    private static SeriesColumn Column(List<float> values, int[] starts, int perBucket, int end, int window)
    {
        float?[] min = new float?[starts.Length], max = new float?[starts.Length], mean = new float?[starts.Length];
        for (int i = 0; i < starts.Length; i++)
        {
            double sum = 0;
            int count = 0;
            for (int row = starts[i]; row < Math.Min(starts[i] + perBucket, end); row++)
            {
                float value = values[row];
                if (float.IsNaN(value)) continue;
                min[i] = min[i] is { } low ? Math.Min(low, value) : value;
                max[i] = max[i] is { } high ? Math.Max(high, value) : value;
                sum += value;
                count++;
            }
            if (count > 0) mean[i] = (float)(sum / count);
        }
        return new SeriesColumn(min, max, mean, Smooth(values, starts, perBucket, end, window));
    }

    private static float?[]? Smooth(List<float> values, int[] starts, int perBucket, int end, int window)
    {
        if (window == 0 || SavitzkyGolay.LargestWindow(values.Count, window, Order) is not { } length) return null;
        double[] smooth = SavitzkyGolay.Smooth([.. values.Select(value => (double)value)], length, Order);
        return
        [
            .. starts.Select(start => smooth[(start + Math.Min(start + perBucket, end) - 1) / 2] is var value
                && double.IsFinite(value)
                    ? (float)value
                    : (float?)null),
        ];
    }
}
