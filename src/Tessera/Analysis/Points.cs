using System.Numerics.Tensors;

namespace Tessera.Analysis;

/// <summary>Points and their exact nearest neighbours, found by comparing each with all, in double precision.</summary>
internal sealed class Points
{
    private readonly double[] _values;
    private readonly int _columns;
    private readonly DistanceMetric _metric;

    private Points(double[] values, int columns, DistanceMetric metric) =>
        (_values, _columns, _metric) = (values, columns, metric);

    /// <summary>How many.</summary>
    public int Count => _values.Length / _columns;

    /// <summary>Numbers in a point.</summary>
    public int Columns => _columns;

    /// <summary>
    /// The points, <c>[count, columns]</c>: as they were given, or for the cosine vectors of length 1 (or 0).
    /// </summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>Points that are compared by a metric.</summary>
    /// <param name="rows"><c>[rows, columns]</c>.</param>
    /// <param name="columns">Numbers in a row.</param>
    /// <param name="metric">How they are compared.</param>
    /// <param name="least">The fewest rows that will do.</param>
    /// <exception cref="ArgumentException">As for <see cref="Rows.Count"/>, or the metric is none.</exception>
    public static Points From(ReadOnlySpan<float> rows, int columns, DistanceMetric metric, int least)
    {
        Rows.Count(rows, columns, least);
        double[] values = new double[rows.Length];
        TensorPrimitives.ConvertChecked(rows, values);
        return metric switch
        {
            DistanceMetric.Euclidean => new Points(values, columns, metric),
            DistanceMetric.Cosine => new Points(UnitVectors(values, columns), columns, metric),
            _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "There is no such metric."),
        };
    }

    /// <summary>Points in the plane, compared by the Euclidean distance.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Rows.Count"/>.</exception>
    public static Points InPlane(ReadOnlySpan<double> layout)
    {
        Rows.Count(layout, columns: 2, least: 0);
        return new Points(layout.ToArray(), 2, DistanceMetric.Euclidean);
    }

    /// <summary>The distances from a point to all, itself among them.</summary>
    public void FillDistances(int point, Span<double> distances)
    {
        ReadOnlySpan<double> from = Point(point);
        for (int other = 0; other < distances.Length; other++)
        {
            double distance = TensorPrimitives.Distance(from, Point(other));
            distances[other] = _metric == DistanceMetric.Cosine ? CosineDistance(from, Point(other), distance) : distance;
        }
    }

    /// <summary>
    /// The nearest points but for the point itself, the nearest first, the lowest index first on a tie.
    /// </summary>
    /// <param name="point">Whose.</param>
    /// <param name="distances">Its distances to all points.</param>
    /// <param name="nearest">As many as are wanted, fewer than there are points.</param>
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
    /// Of unit vectors u and v the distance 1 - u . v is half the square of |u - v|, which has no cancellation. Vectors
    /// of zeros are no unit vectors: they are at 1 from all but each other.
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
