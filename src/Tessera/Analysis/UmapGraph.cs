namespace Tessera.Analysis;

/// <summary>An edge of a <see cref="UmapGraph"/>.</summary>
/// <param name="First">A row.</param>
/// <param name="Second">A later row.</param>
/// <param name="Weight">How surely they are neighbours, more than 0 and at most 1.</param>
public readonly record struct UmapEdge(int First, int Second, double Weight);

/// <summary>The fuzzy graph of neighbours that UMAP lays out.</summary>
public static class UmapGraph
{
    /// <summary>The graph's edges, each once, in the order of <c>(First, Second)</c>.</summary>
    public static UmapEdge[] Build(ReadOnlySpan<float> rows, int columns, int neighbors, DistanceMetric metric) =>
        throw new NotImplementedException();
}
