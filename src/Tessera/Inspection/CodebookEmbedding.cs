using Tessera.Analysis;

namespace Tessera.Inspection;

/// <summary>Code vectors projected to two dimensions.</summary>
/// <param name="Umap">
/// UMAP's layout, <c>[codes, 2]</c>, row-major; null with fewer than <see cref="FewestCodes"/> codes.
/// </param>
/// <param name="Pca">
/// The first two principal components, <c>[codes, 2]</c>, row-major. The second is 0 if the vectors have one dimension.
/// </param>
/// <param name="PcaVariance">
/// Each component's share of the variance of the projected vectors, 0 to 1: two numbers, or one if the vectors have one
/// dimension.
/// </param>
/// <example><code>
/// CodebookEmbedding embedding = CodebookEmbedding.Make(
///     new ModelProbe(model).Codebook(), model.Options.CodeDim, atlas.Order);
/// (double x, double y) = (embedding.Pca[0], embedding.Pca[1]);    // of code atlas.Order[0]
/// </code></example>
public sealed record CodebookEmbedding(double[]? Umap, double[] Pca, double[] PcaVariance)
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
    /// <param name="dimensions">Numbers in a vector, at least 1.</param>
    /// <param name="codes">The codes to project, such as <see cref="CodeAtlas.Order"/>; at least one.</param>
    /// <param name="progress">Receives the part of UMAP's layout that is done, 0 to 1.</param>
    /// <param name="cancellation">Cancels the work.</param>
    /// <exception cref="ArgumentException">
    /// There is no code, a code is not in the codebook, or the codebook is not one of such vectors.
    /// </exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static CodebookEmbedding Make(
        float[] codebook, int dimensions, IReadOnlyList<int> codes, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        if (codes.Count == 0) throw new ArgumentException("there is no code to project", nameof(codes));
        if (codebook.Length % dimensions != 0)
            throw new ArgumentException(
                $"{codebook.Length} numbers are no vectors of {dimensions} dimensions", nameof(codebook));
        if (codes.Any(code => code < 0 || code >= codebook.Length / dimensions))
            throw new ArgumentException(
                $"the codes are not all among the codebook's {codebook.Length / dimensions}", nameof(codes));
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
