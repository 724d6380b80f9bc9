using Tessera.Analysis;

namespace Tessera.Tests.Analysis;

public class TrustworthinessTests
{
    /// <summary>Compares with scikit-learn's result for umap-learn's layout with seed 0.</summary>
    [Theory]
    [InlineData("codebook", 1e-6)]
    [InlineData("swiss_roll", 1e-6)]
    [InlineData("digits", 1e-4)]   // Integers: the ranks of equal distances depend on the sort.
    public void Agrees_with_scikit_learn(string name, double tolerance)
    {
        (float[] rows, int columns, _, DistanceMetric metric) = AnalysisFixtures.DataSet(name);
        double[] layout = Array.ConvertAll(AnalysisFixtures.Umap[name + "/layout"].Values.ToArray(), x => (double)x);
        float[] expected = AnalysisFixtures.Umap[name + "/trustworthiness"].Values.ToArray();
        AnalysisFixtures.AssertClose(
            [expected[0], expected[1]],
            [Trustworthiness.Measure(rows, columns, layout, 5, metric),
                Trustworthiness.Measure(rows, columns, layout, 15, metric)],
            tolerance, name);
    }

    [Fact]
    public void A_layout_equal_to_the_rows_has_trustworthiness_1()
    {
        float[] rows = AnalysisFixtures.Scattered(2 * 30);
        Assert.Equal(1, Trustworthiness.Measure(rows, 2, Array.ConvertAll(rows, x => (double)x), 4));
    }

    /// <summary>Rows 0 to 5 on a line, laid out as 0 5 1 4 2 3.</summary>
    [Fact]
    public void A_small_layout_has_the_trustworthiness_computed_by_hand()
    {
        // The position of row i in the layout. Gaps shrink to the right, so the nearest row is the next one to the
        // right.
        double[] place = new double[6];
        int[] order = [0, 5, 1, 4, 2, 3];
        double[] stands = [0, 10, 19, 27, 34, 40];
        for (int i = 0; i < 6; i++) place[order[i]] = stands[i];
        double[] layout = [.. place.SelectMany(x => new[] { x, 0 })];
        // Shown nearest: 0 -> 5 (rank 5), 5 -> 1 (4), 1 -> 4 (4: 0, 2, 3 are nearer), 4 -> 2 (3: 3, 5
        // are nearer), 2 -> 3 (2, as 1 ties and is earlier), 3 -> 2 (1, earlier than 4). Ranks less 1: 4 3 3 2 1 0.
        double expected = 1 - 2.0 / (6 * 1 * (12 - 3 - 1)) * (4 + 3 + 3 + 2 + 1 + 0);
        Assert.Equal(expected, Trustworthiness.Measure([0, 1, 2, 3, 4, 5], 1, layout, 1), 1e-12);
    }

    [Fact]
    public void Invalid_layouts_and_arguments_are_refused()
    {
        float[] rows = AnalysisFixtures.Scattered(12);
        double[] layout = new double[12];
        Assert.Throws<ArgumentException>(() => Trustworthiness.Measure(rows, 2, layout.AsSpan(0, 10), 1));
        Assert.Throws<ArgumentException>(() => Trustworthiness.Measure(rows, 2, layout.AsSpan(0, 11), 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Trustworthiness.Measure(rows, 2, layout, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Trustworthiness.Measure(rows, 2, layout, 3));
        layout[4] = double.NaN;
        Assert.Throws<ArgumentException>(() => Trustworthiness.Measure(rows, 2, layout, 2));
    }
}
