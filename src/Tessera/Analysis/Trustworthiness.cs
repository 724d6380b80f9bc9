namespace Tessera.Analysis;

/// <summary>How well a layout keeps neighbours.</summary>
public static class Trustworthiness
{
    /// <summary>As <c>sklearn.manifold.trustworthiness</c>: 0 to 1.</summary>
    public static double Measure(
        ReadOnlySpan<float> rows, int columns, ReadOnlySpan<double> layout, int neighbors,
        DistanceMetric metric = DistanceMetric.Euclidean) => throw new NotImplementedException();
}
