using Tessera.Analysis;

namespace Tessera.Reporting.Measurements;

/// <summary>The codes of a <see cref="CodeAtlas"/> projected to two dimensions.</summary>
/// <param name="Umap">UMAP's layout, <c>[codes, 2]</c>; null with fewer than <see cref="FewestCodes"/> codes.</param>
/// <param name="Pca">The first two principal components, <c>[codes, 2]</c>.</param>
/// <param name="PcaVariance">Each component's share of the codebook's variance, 0 to 1.</param>
internal sealed record CodebookEmbedding(double[]? Umap, double[] Pca, double[] PcaVariance)
{
    /// <summary>The smallest number of codes that UMAP can lay out.</summary>
    public const int FewestCodes = 4;

    /// <summary>
    /// The reference notebook's UMAP options, with a fixed random seed so that equal codebooks give equal figures.
    /// </summary>
    public static UmapOptions Options { get; } = new()
    {
        Neighbors = 3,
        MinDistance = 0.1,
        Metric = DistanceMetric.Cosine,
        Seed = 1,
    };

    /// <summary>Projects codes.</summary>
    /// <param name="codebook">The vectors, <c>[codes, dimensions]</c>, row-major.</param>
    /// <param name="dimensions">Numbers in a vector.</param>
    /// <param name="codes">The codes to project.</param>
    /// <param name="progress">Receives the part that is done, 0 to 1.</param>
    /// <param name="cancellation">Cancels the work.</param>
    public static CodebookEmbedding Make(
        float[] codebook, int dimensions, IReadOnlyList<int> codes, IProgress<double> progress,
        CancellationToken cancellation)
    {
        float[] rows = [.. codes.SelectMany(code => codebook[(code * dimensions)..((code + 1) * dimensions)])];
        int components = Math.Min(2, dimensions);
        Pca pca = Analysis.Pca.Fit(rows, dimensions, components);
        double[] places = pca.Transform(rows), plane = new double[2 * codes.Count];
        for (int i = 0; i < places.Length; i++) plane[i / components * 2 + i % components] = places[i];
        return new CodebookEmbedding(
            codes.Count < FewestCodes ? null : Analysis.Umap.Layout(rows, dimensions, Options, progress, cancellation),
            plane, [.. pca.ExplainedVarianceRatio]);
    }
}
