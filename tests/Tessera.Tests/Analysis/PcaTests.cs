using Tessera.Analysis;

namespace Tessera.Tests.Analysis;

public class PcaTests
{
    // Relative to the largest number: scikit-learn decomposes the rows, Pca their covariance, both in doubles.
    private const double Tolerance = 1e-9;

    private static readonly Case[] Cases = AnalysisFixtures.Cases<Case>("pca.json");

    public static TheoryData<string> Names => [.. Cases.Select(item => item.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Agrees_with_scikit_learn(string name)
    {
        Case item = Cases.Single(item => item.Name == name);
        Pca pca = Pca.Fit(item.Rows, item.Columns, item.ComponentCount);
        AssertClose(item.Mean, pca.Mean, "mean");
        AssertClose(item.Components, pca.Components, "components");
        AssertClose(item.ExplainedVariance, pca.ExplainedVariance, "variance");
        AssertClose(item.ExplainedVarianceRatio, pca.ExplainedVarianceRatio, "variance ratio");
        AssertClose(item.Transformed, pca.Transform(item.Rows), "transformed");

        void AssertClose(double[] expected, ReadOnlySpan<double> actual, string what) =>
            AnalysisFixtures.AssertClose(expected, actual, Tolerance, $"{name}: {what}", expected.Max(Math.Abs));
    }

    [Fact]
    public void Other_rows_are_transformed_by_the_same_mean_and_components()
    {
        Pca pca = Pca.Fit([0, 0, 2, 0, 4, 0], columns: 2, components: 1);
        Assert.Equal([1, 0], pca.Components.ToArray());
        Assert.Equal([8, -2], pca.Transform([10, 5, 0, -7]));
        Assert.Empty(pca.Transform([]));
    }

    [Theory]
    [InlineData(1, 5, 3)]
    [InlineData(2, 5, 5)]
    [InlineData(3, 4, 4)]
    public void Components_beyond_the_rank_are_orthonormal_and_without_variance(int rows, int columns, int components)
    {
        float[] values = AnalysisFixtures.Scattered(rows * columns);
        Pca pca = Pca.Fit(values, columns, components);
        AssertOrthonormal(pca, columns);
        for (int component = rows - 1; component < components; component++)
            Assert.Equal(0, pca.ExplainedVariance[component], 1e-12);
        double[] transformed = pca.Transform(values);
        for (int i = 0; i < transformed.Length; i++)
            if (i % components >= rows - 1) Assert.Equal(0, transformed[i], 1e-6);
    }

    [Fact]
    public void Equal_rows_have_no_variance_and_no_NaN()
    {
        float[] values = [.. Enumerable.Repeat(new[] { 0.1f, -7, 3 }, 20).SelectMany(row => row)];
        Pca pca = Pca.Fit(values, 3, 2);
        AssertOrthonormal(pca, 3);
        Assert.All(pca.ExplainedVariance.ToArray(), variance => Assert.Equal(0, variance, 1e-12));
        Assert.All(pca.ExplainedVarianceRatio.ToArray(), ratio => Assert.InRange(ratio, 0, 1));
        Assert.All(pca.Transform(values), place => Assert.Equal(0, place, 1e-12));
    }

    [Fact]
    public void The_largest_loading_is_positive()
    {
        float[] values = AnalysisFixtures.Scattered(40 * 7);
        Pca pca = Pca.Fit(values, 7, 7);
        for (int component = 0; component < 7; component++)
        {
            double largest = pca.Components.Slice(component * 7, 7).ToArray().MaxBy(Math.Abs);
            Assert.True(largest > 0, $"the largest loading of component {component} is {largest}");
        }
    }

    [Fact]
    public void Invalid_rows_and_sizes_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Pca.Fit([], 2, 1));
        Assert.Throws<ArgumentException>(() => Pca.Fit([1, 2, 3], 2, 1));
        Assert.Throws<ArgumentException>(() => Pca.Fit([1, float.NaN, 3, 4], 2, 1));
        Assert.Throws<ArgumentException>(() => Pca.Fit([1, float.PositiveInfinity, 3, 4], 2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Pca.Fit([1, 2, 3, 4], 2, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => Pca.Fit([1, 2, 3, 4], 2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Pca.Fit([1, 2, 3, 4], 0, 1));
        Assert.Throws<ArgumentException>(() => Pca.Fit([1, 2, 3, 4], 2, 1).Transform([1, 2, 3]));
    }

    private static void AssertOrthonormal(Pca pca, int columns)
    {
        double[][] components = [.. pca.Components.ToArray().Chunk(columns)];
        for (int i = 0; i < components.Length; i++)
        {
            for (int j = 0; j <= i; j++)
                Assert.Equal(i == j ? 1 : 0, components[i].Zip(components[j], (a, b) => a * b).Sum(), 1e-12);
        }
    }

    /// <summary>A case of <c>pca.json</c>.</summary>
    private sealed record Case(
        string Name, int Columns, int ComponentCount, float[] Rows, double[] Mean, double[] Components,
        double[] ExplainedVariance, double[] ExplainedVarianceRatio, double[] Transformed);
}
