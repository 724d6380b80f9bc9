using System.Numerics.Tensors;

namespace Tessera.Analysis;

/// <summary>Points and their exact nearest neighbours, by brute force in double precision.</summary>
internal sealed class Points
{
    private readonly double[] _values;
    private readonly int _columns;
    private readonly DistanceMetric _metric;

    private Points(double[] values, int columns, DistanceMetric metric) =>
        (_values, _columns, _metric) = (values, columns, metric);

    /// <summary>The number of points.</summary>
    public int Count => _values.Length / _columns;

    /// <summary>The number of coordinates.</summary>
    public int Columns => _columns;

    /// <summary>
    /// The points, <c>[count, columns]</c>, row-major. For the cosine distance they are scaled to length 1, except
    /// zeros.
    /// </summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>Creates points that are compared by a metric.</summary>
    /// <param name="rows"><c>[rows, columns]</c>, row-major.</param>
    /// <param name="columns">Numbers in a row.</param>
    /// <param name="metric">The distance.</param>
    /// <param name="least">The minimum number of rows.</param>
    /// <exception cref="ArgumentException">As for <see cref="Rows.Count"/>, or the metric is undefined.</exception>
    public static Points From(ReadOnlySpan<float> rows, int columns, DistanceMetric metric, int least)
    {
        Rows.Count(rows, columns, least);
        double[] values = new double[rows.Length];
        TensorPrimitives.ConvertChecked(rows, values);
        return metric switch
        {
            DistanceMetric.Euclidean => new Points(values, columns, metric),
            DistanceMetric.Cosine => new Points(UnitVectors(values, columns), columns, metric),
            _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "the metric is undefined"),
        };
    }

    /// <summary>Creates points in the plane, compared by the Euclidean distance.</summary>
    /// <param name="layout"><c>[points, 2]</c>, row-major.</param>
    /// <exception cref="ArgumentException">As for <see cref="Rows.Count"/>.</exception>
    public static Points InPlane(ReadOnlySpan<double> layout)
    {
        Rows.Count(layout, columns: 2, least: 0);
        return new Points(layout.ToArray(), 2, DistanceMetric.Euclidean);
    }

    /// <summary>Writes the distances from a point to all points, including itself.</summary>
    public void FillDistances(int point, Span<double> distances)
    {
        ReadOnlySpan<double> from = Point(point);
        for (int other = 0; other < distances.Length; other++)
        {
            double distance = TensorPrimitives.Distance(from, Point(other));
            distances[other] =
                _metric == DistanceMetric.Cosine ? CosineDistance(from, Point(other), distance) : distance;
        }
    }

    /// <summary>Finds the nearest other points, the nearest first, the lowest index first on a tie.</summary>
    /// <param name="point">The point.</param>
    /// <param name="distances">Its distances to all points.</param>
    /// <param name="nearest">Receives the indices; its length, below the number of points, says how many.</param>
    public static void FindNearest(int point, ReadOnlySpan<double> distances, Span<int> nearest)
    {
        int found = 0;
        for (int other = 0; other < distances.Length; other++)
        {
            if (other == point) continue;
            if (found == nearest.Length && distances[other] >= distances[nearest[^1]]) continue;
            int place = found < nearest.Length ? found++ : found - 1;
            for (; place > 0 && distances[other] < distances[nearest[place - 1]]; place--)
                nearest[place] = nearest[place - 1];
            nearest[place] = other;
        }
    }

    private ReadOnlySpan<double> Point(int index) => _values.AsSpan(index * _columns, _columns);

    /// <summary>
    /// For unit vectors u and v, 1 - u . v = |u - v|^2 / 2, which avoids cancellation. Zero vectors have distance 0 to
    /// each other and 1 to all other vectors.
    /// </summary>
    private static double CosineDistance(ReadOnlySpan<double> first, ReadOnlySpan<double> second, double chord) =>
        chord > 0 && (IsZero(first) || IsZero(second)) ? 1 : chord * chord / 2;

    private static double[] UnitVectors(double[] values, int columns)
    {
        for (int start = 0; start < values.Length; start += columns)
        {
            Span<double> vector = values.AsSpan(start, columns);
            double norm = TensorPrimitives.Norm<double>(vector);
            if (norm > 0) TensorPrimitives.Divide(vector, norm, vector);
        }
        return values;
    }

    private static bool IsZero(ReadOnlySpan<double> vector) => !vector.ContainsAnyExcept(0);
}
