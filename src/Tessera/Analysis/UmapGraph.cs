namespace Tessera.Analysis;

/// <summary>An edge of a <see cref="UmapGraph"/>.</summary>
/// <param name="First">A row.</param>
/// <param name="Second">A later row.</param>
/// <param name="Weight">The degree to which the two are neighbours: above 0, at most 1.</param>
internal readonly record struct UmapEdge(int First, int Second, double Weight);

/// <summary>
/// The fuzzy graph of neighbours that <see cref="Umap"/> lays out (McInnes, Healy, Melville, "UMAP: Uniform Manifold
/// Approximation and Projection for Dimension Reduction", 2018, section 3.1 and algorithms 2 and 3). Row j is a
/// neighbour of row i to the degree <c>p(j|i) = exp(-max(0, d(i,j) - rho_i) / sigma_i)</c>, where rho_i is the distance
/// to the nearest neighbour above 0, and sigma_i is chosen so that the degrees of the k - 1 neighbours add up to log2
/// k. The weight of an edge is the probability that at least one of the two holds:
/// <c>p(j|i) + p(i|j) - p(j|i) p(i|j)</c>. The weights are those of umap-learn.
/// </summary>
internal static class UmapGraph
{
    // SMOOTH_K_TOLERANCE, MIN_K_DIST_SCALE and the number of bisections in umap-learn.
    private const double SumTolerance = 1e-5, LeastBandwidth = 1e-3;
    private const int Bisections = 64;

    /// <summary>The edges of the graph, each once, sorted by <c>(First, Second)</c>.</summary>
    /// <param name="rows"><c>[rows, columns]</c>, row-major, finite; at least 4 rows.</param>
    /// <param name="columns">Numbers in a row.</param>
    /// <param name="neighbors">
    /// k: the number of rows in a neighbourhood, including the row itself; at least 2, and limited to rows - 1.
    /// </param>
    /// <param name="metric">The distance.</param>
    /// <remarks>
    /// Neighbours are exact, the earliest row first on a tie, and a row is always its own first neighbour. In
    /// umap-learn both are arbitrary for equal rows. The cost is <c>rows^2 * columns</c>.
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// There are too few rows, a number is not finite, or an argument is out of range.
    /// </exception>
    public static UmapEdge[] Build(ReadOnlySpan<float> rows, int columns, int neighbors, DistanceMetric metric) =>
        Build(Points.From(rows, columns, metric, Umap.LeastRows), neighbors);

    internal static UmapEdge[] Build(Points points, int neighbors)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(neighbors, 2);
        int others = Math.Min(neighbors, points.Count - 1) - 1;
        (int[] nearest, double[] distances) = Neighborhoods(points, others);
        double meanDistance = distances.Sum() / (points.Count * (others + 1));
        var weights = new Dictionary<(int First, int Second), double>();
        for (int row = 0; row < points.Count; row++)
        {
            ReadOnlySpan<double> near = distances.AsSpan(row * others, others);
            (double rho, double sigma) = Calibrate(near, meanDistance);
            for (int i = 0; i < others; i++)
            {
                int other = nearest[row * others + i];
                double degree = Degree(near[i], rho, sigma);
                var edge = (Math.Min(row, other), Math.Max(row, other));
                double reverse = weights.GetValueOrDefault(edge);
                weights[edge] = degree + reverse - degree * reverse;
            }
        }
        return [.. weights
            .Where(edge => edge.Value > 0)
            .OrderBy(edge => edge.Key)
            .Select(edge => new UmapEdge(edge.Key.First, edge.Key.Second, edge.Value))];
    }

    /// <summary>Each row's nearest others and their distances, <c>[rows, others]</c>, the nearest first.</summary>
    private static (int[] Nearest, double[] Distances) Neighborhoods(Points points, int others)
    {
        int[] nearest = new int[points.Count * others];
        double[] distances = new double[nearest.Length], toAll = new double[points.Count];
        for (int row = 0; row < points.Count; row++)
        {
            Span<int> found = nearest.AsSpan(row * others, others);
            points.FillDistances(row, toAll);
            Points.FindNearest(row, toAll, found);
            for (int i = 0; i < others; i++) distances[row * others + i] = toAll[found[i]];
        }
        return (nearest, distances);
    }

    /// <summary>
    /// Finds rho, the first distance above 0 (0 if there is none), and sigma by bisection. Sigma is at least a
    /// thousandth of the mean distance of the neighbourhood, or of the whole graph if rho is 0; the row itself counts
    /// in the mean with distance 0.
    /// </summary>
    private static (double Rho, double Sigma) Calibrate(ReadOnlySpan<double> distances, double meanDistance)
    {
        double target = Math.Log2(distances.Length + 1);
        double rho = 0, mean = 0;
        foreach (double distance in distances)
        {
            if (rho == 0) rho = distance;
            mean += distance / (distances.Length + 1);
        }

        double low = 0, high = double.PositiveInfinity, sigma = 1;
        for (int i = 0; i < Bisections; i++)
        {
            double sum = 0;
            foreach (double distance in distances) sum += Degree(distance, rho, sigma);
            if (Math.Abs(sum - target) < SumTolerance) break;
            if (sum > target) high = sigma;
            else low = sigma;
            sigma = double.IsInfinity(high) ? 2 * sigma : (low + high) / 2;
        }
        return (rho, Math.Max(sigma, LeastBandwidth * (rho > 0 ? mean : meanDistance)));
    }

    private static double Degree(double distance, double rho, double sigma) =>
        distance <= rho ? 1 : Math.Exp(-(distance - rho) / sigma);
}
