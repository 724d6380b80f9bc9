namespace Tessera.Analysis;

/// <summary>
/// Measures to what extent neighbours in a layout are neighbours in the original space (Venna, Kaski, "Neighborhood
/// Preservation in Nonlinear Projection Methods: An Experimental Study", 2001).
/// </summary>
public static class Trustworthiness
{
    /// <summary>
    /// <c>1 - 2 / (n k (2n - 3k - 1)) * sum of max(0, r(i, j) - k)</c> over all i and the k nearest j of i in the
    /// layout, where j is the r-th nearest row to i. It is 1 if every neighbour in the layout is a neighbour of the
    /// rows, about 0.5 for a random layout, and at least 0. The result is that of
    /// <c>sklearn.manifold.trustworthiness</c>.
    /// </summary>
    /// <param name="rows"><c>[rows, columns]</c>, row-major, finite.</param>
    /// <param name="columns">Numbers in a row.</param>
    /// <param name="layout"><c>[rows, 2]</c>, row-major, finite.</param>
    /// <param name="neighbors">k, at least 1 and less than half the rows.</param>
    /// <param name="metric">The distance of the rows; in the layout it is Euclidean.</param>
    /// <exception cref="ArgumentException">
    /// A length does not fit, a number is not finite, or k is out of range.
    /// </exception>
    public static double Measure(
        ReadOnlySpan<float> rows, int columns, ReadOnlySpan<double> layout, int neighbors,
        DistanceMetric metric = DistanceMetric.Euclidean)
    {
        Points points = Points.From(rows, columns, metric, least: 3), shown = Points.InPlane(layout);
        int count = points.Count;
        if (shown.Count != count)
            throw new ArgumentException($"the layout has {shown.Count} points for {count} rows", nameof(layout));
        if (neighbors < 1 || 2 * (long)neighbors >= count)
            throw new ArgumentOutOfRangeException(
                nameof(neighbors), neighbors, $"neighbors must be at least 1 and below half of the {count} rows");

        double penalty = 0;
        int[] nearest = new int[neighbors];
        double[] distances = new double[count], shownDistances = new double[count];
        for (int row = 0; row < count; row++)
        {
            points.FillDistances(row, distances);
            shown.FillDistances(row, shownDistances);
            Points.FindNearest(row, shownDistances, nearest);
            foreach (int other in nearest) penalty += Math.Max(0, Rank(distances, row, other) - neighbors);
        }
        return 1 - penalty * 2 / ((double)count * neighbors * (2.0 * count - 3.0 * neighbors - 1));
    }

    /// <summary>The rank of a row by its distance from another, from 1; the earlier row comes first on a tie.</summary>
    private static int Rank(ReadOnlySpan<double> distances, int from, int row)
    {
        int rank = 1;
        for (int other = 0; other < distances.Length; other++)
        {
            bool nearer = distances[other] < distances[row] || (distances[other] == distances[row] && other < row);
            if (nearer && other != from) rank++;
        }
        return rank;
    }
}
