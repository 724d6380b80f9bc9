using Tessera.Analysis;

namespace Tessera.Tests.Analysis;

public class UmapGraphTests
{
    [Theory]
    [InlineData("codebook")]
    [InlineData("digits")]
    [InlineData("swiss_roll")]
    [InlineData("duplicates")]
    [InlineData("zeros")]
    [InlineData("few")]
    public void Has_the_edges_and_weights_of_umap_learn(string name)
    {
        (float[] rows, int columns, int neighbors, DistanceMetric metric) = AnalysisFixtures.DataSet(name);
        UmapEdge[] edges = UmapGraph.Build(rows, columns, neighbors, metric);

        (int, int)[] expected = [.. AnalysisFixtures.Umap.Ints(name + "/edges").Values.ToArray()
            .Chunk(2).Select(edge => (edge[0], edge[1]))];
        (int, int)[] actual = [.. edges.Select(edge => (edge.First, edge.Second))];
        Assert.True(
            expected.SequenceEqual(actual),
            $"{name}: missing {string.Join(' ', expected.Except(actual).Take(5))}, "
            + $"not umap-learn's {string.Join(' ', actual.Except(expected).Take(5))}.");
        double[] weights = Array.ConvertAll(AnalysisFixtures.Umap[name + "/weights"].Values.ToArray(), w => (double)w);
        AnalysisFixtures.AssertClose(
            weights, edges.Select(edge => edge.Weight).ToArray(), 1e-4, name, scale: 1);
    }

    [Theory]
    [InlineData(DistanceMetric.Euclidean)]
    [InlineData(DistanceMetric.Cosine)]
    public void Equal_rows_are_neighbours_with_weight_1(DistanceMetric metric)
    {
        UmapEdge[] edges = UmapGraph.Build(new float[10 * 3], 3, 4, metric);
        Assert.NotEmpty(edges);
        Assert.All(edges, edge => Assert.Equal(1, edge.Weight));
    }

    [Fact]
    public void Edges_are_sorted_and_distinct()
    {
        UmapEdge[] edges = UmapGraph.Build(AnalysisFixtures.Scattered(60 * 4), 4, 6, DistanceMetric.Euclidean);
        Assert.All(edges, edge => Assert.True(edge is { First: >= 0, Second: < 60, Weight: > 0 and <= 1 }, $"{edge}"));
        Assert.All(edges, edge => Assert.True(edge.First < edge.Second, $"{edge}"));
        (int, int)[] ends = [.. edges.Select(edge => (edge.First, edge.Second))];
        Assert.Equal(ends.Order().Distinct(), ends);
    }

    [Fact]
    public void Invalid_rows_and_arguments_are_refused()
    {
        float[] rows = AnalysisFixtures.Scattered(10);
        Assert.Throws<ArgumentException>(() => UmapGraph.Build(rows.AsSpan(0, 6), 2, 2, DistanceMetric.Euclidean));
        Assert.Throws<ArgumentException>(() => UmapGraph.Build(rows, 3, 2, DistanceMetric.Euclidean));
        Assert.Throws<ArgumentOutOfRangeException>(() => UmapGraph.Build(rows, 2, 1, DistanceMetric.Euclidean));
        Assert.Throws<ArgumentOutOfRangeException>(() => UmapGraph.Build(rows, 2, 3, (DistanceMetric)7));
        rows[3] = float.NaN;
        ArgumentException error =
            Assert.Throws<ArgumentException>(() => UmapGraph.Build(rows, 2, 3, DistanceMetric.Cosine));
        Assert.Contains("row 1 holds NaN", error.Message, StringComparison.Ordinal);
    }
}
