namespace Tessera.Reporting.Plots;

/// <summary>Reduces the points of a line to those that are visible on a screen.</summary>
internal static class Decimation
{
    /// <summary>
    /// The indices to draw of a series of evenly spaced values: the first, lowest, highest and last value of each
    /// column, so that no spike is lost. A series of at most four values per column is kept whole.
    /// </summary>
    /// <param name="values">The series.</param>
    /// <param name="columns">Columns of pixels, at least 1.</param>
    /// <returns>Distinct indices in ascending order.</returns>
    public static int[] Indices(ReadOnlySpan<double> values, int columns)
    {
        if (values.Length <= 4 * columns)
        {
            int[] all = new int[values.Length];
            for (int i = 0; i < all.Length; i++) all[i] = i;
            return all;
        }
        var kept = new SortedSet<int>();
        for (int column = 0; column < columns; column++)
        {
            int from = (int)((long)values.Length * column / columns);
            int to = (int)((long)values.Length * (column + 1) / columns);
            int lowest = from, highest = from;
            for (int i = from; i < to; i++)
            {
                if (values[i] < values[lowest]) lowest = i;
                if (values[i] > values[highest]) highest = i;
            }
            kept.UnionWith([from, lowest, highest, to - 1]);
        }
        return [.. kept];
    }
}
