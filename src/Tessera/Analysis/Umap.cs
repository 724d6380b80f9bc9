namespace Tessera.Analysis;

/// <summary>Uniform manifold approximation and projection.</summary>
public static class Umap
{
    /// <summary>Lays rows out in the plane.</summary>
    /// <returns><c>[rows, 2]</c>, row-major, finite.</returns>
    /// <exception cref="ArgumentException">Fewer than 4 rows, a number that is not finite, or an option out of its range.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static double[] Layout(
        ReadOnlySpan<float> rows, int columns, UmapOptions options,
        IProgress<double>? progress = null, CancellationToken cancellation = default) => throw new NotImplementedException();
}
