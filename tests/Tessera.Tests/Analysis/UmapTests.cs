using System.Globalization;
using Tessera.Analysis;

namespace Tessera.Tests.Analysis;

public class UmapTests
{
    private const int Seeds = 5;

    [Theory]
    [InlineData("codebook")]
    [InlineData("digits")]
    [InlineData("swiss_roll")]
    public void Layouts_are_as_trustworthy_as_umap_learns(string name)
    {
        (float[] rows, int columns, int neighbors, DistanceMetric metric) = AnalysisFixtures.DataSet(name);
        double[] at5 = new double[Seeds], at15 = new double[Seeds];
        Parallel.For(0, Seeds, seed =>
        {
            var options = new UmapOptions { Neighbors = neighbors, Metric = metric, Seed = (ulong)seed };
            double[] layout = Layout(rows, columns, options);
            at5[seed] = Trustworthiness.Measure(rows, columns, layout, 5, metric);
            at15[seed] = Trustworthiness.Measure(rows, columns, layout, 15, metric);
        });
        float[][] expected = [.. AnalysisFixtures.Umap[name + "/trustworthiness"].Values.ToArray().Chunk(2)];
        Compare(5, expected.Average(scores => scores[0]), at5);
        Compare(15, expected.Average(scores => scores[1]), at15);

        void Compare(int k, double umapLearn, double[] scores)
        {
            string message = string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: trustworthiness at {k} is {scores.Average():0.0000}, that of umap-learn {umapLearn:0.0000}.");
            TestContext.Current.SendDiagnosticMessage(message);
            Assert.True(scores.Average() >= umapLearn - 0.02, message);
        }
    }

    [Fact]
    public void The_curve_is_umap_learns()
    {
        foreach (float[] setting in AnalysisFixtures.Umap["curves"].Values.ToArray().Chunk(4))
        {
            (double a, double b) = Umap.FitCurve(setting[0], setting[1]);
            string name = $"a and b for distance {setting[0]}, spread {setting[1]}";
            AnalysisFixtures.AssertClose([setting[2], setting[3]], [a, b], 1e-3, name);
        }
    }

    [Fact]
    public void A_layout_is_a_function_of_the_seed()
    {
        float[] rows = AnalysisFixtures.Scattered(50 * 6);
        var options = new UmapOptions { Neighbors = 5, Epochs = 30, Seed = 3 };
        double[] layout = Layout(rows, 6, options);
        Assert.Equal(layout, Layout(rows, 6, options));
        Assert.NotEqual(layout, Layout(rows, 6, options with { Seed = 4 }));
    }

    [Fact]
    public void Separate_groups_stay_separate()
    {
        // Two groups of 20 rows, 50 apart. With 3 neighbours there is no edge between them.
        float[] rows = AnalysisFixtures.Scattered(40 * 3);
        for (int i = 20 * 3; i < rows.Length; i++) rows[i] += 50;
        double[] layout = Layout(rows, 3, new UmapOptions { Neighbors = 3 });
        double within = 0, between = double.PositiveInfinity;
        for (int i = 0; i < 40; i++)
        {
            double[] distances = [.. Enumerable.Range(0, 40).Select(
                j => Math.Sqrt(Square(layout[2 * i] - layout[2 * j]) + Square(layout[2 * i + 1] - layout[2 * j + 1])))];
            var others = Enumerable.Range(0, 40).Where(j => j != i);
            within = Math.Max(within, others.Where(j => j / 20 == i / 20).Min(j => distances[j]));
            between = Math.Min(between, others.Where(j => j / 20 != i / 20).Min(j => distances[j]));
        }
        Assert.True(within < between, $"A row is {within} from its group, {between} from the other.");

        static double Square(double x) => x * x;
    }

    public static TheoryData<string, int, int, DistanceMetric> Awkward => new()
    {
        { "all zero", 12, 3, DistanceMetric.Euclidean },
        { "all zero", 12, 3, DistanceMetric.Cosine },
        { "all equal", 12, 3, DistanceMetric.Euclidean },
        { "all equal", 12, 3, DistanceMetric.Cosine },
        { "half equal", 30, 4, DistanceMetric.Euclidean },
        { "half equal", 30, 4, DistanceMetric.Cosine },
        { "a line", 30, 3, DistanceMetric.Euclidean },
        { "a line", 30, 3, DistanceMetric.Cosine },
        { "scattered", 4, 1, DistanceMetric.Euclidean },
        { "scattered", 4, 5, DistanceMetric.Cosine },
        { "scattered", 15, 2, DistanceMetric.Euclidean },
        { "huge", 20, 3, DistanceMetric.Euclidean },
        { "huge", 20, 3, DistanceMetric.Cosine },
        { "tiny", 20, 3, DistanceMetric.Euclidean },
    };

    [Theory]
    [MemberData(nameof(Awkward))]
    public void Awkward_rows_are_laid_out_without_NaN(string kind, int count, int columns, DistanceMetric metric)
    {
        float[] rows = AnalysisFixtures.Scattered(count * columns);
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = kind switch
            {
                "all zero" => 0,
                "all equal" => 0.3f,
                "half equal" => i < rows.Length / 2 ? 0.5f : rows[i],
                "a line" => i / columns * (1 + i % columns),
                "huge" => rows[i] * 3e38f,
                "tiny" => rows[i] * 1e-38f,
                _ => rows[i],
            };
        }
        foreach (UmapOptions options in new[]
        {
            new UmapOptions { Metric = metric },
            new UmapOptions { Metric = metric, Neighbors = 2, MinDistance = 0 },
            new UmapOptions { Metric = metric, Neighbors = 3, NegativeSamples = 0, Epochs = 1 },
            new UmapOptions { Metric = metric, RepulsionStrength = 0, LearningRate = 10, Epochs = 50 },
        })
        {
            double[] layout = Layout(rows, columns, options);
            Assert.Equal(2 * count, layout.Length);
            Assert.All(layout, place => Assert.True(double.IsFinite(place), $"{options}: {place}"));
            Assert.True(layout.Chunk(2).Distinct().Count() > 1, $"{options}: all points are at one position");
        }
    }

    [Fact]
    public void Progress_ends_at_1_and_cancellation_stops_the_layout()
    {
        float[] rows = AnalysisFixtures.Scattered(20 * 3);
        var options = new UmapOptions { Epochs = 4 };
        var reports = new Reports();
        Layout(rows, 3, options, reports);
        Assert.Equal([0.25, 0.5, 0.75, 1], reports.Values);

        using var cancellation = new CancellationTokenSource();
        var stopping = new Reports { Then = cancellation.Cancel };
        Assert.Throws<OperationCanceledException>(() => Umap.Layout(rows, 3, options, stopping, cancellation.Token));
        Assert.Equal([0.25], stopping.Values);
    }

    [Fact]
    public void Invalid_rows_and_options_are_refused()
    {
        float[] rows = AnalysisFixtures.Scattered(20);
        ArgumentException error = Assert.Throws<ArgumentException>(() => Layout(rows.AsSpan(0, 6), 2, new()));
        Assert.Contains("there are 3 rows; at least 4 are needed", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Layout(rows, 3, new()));
        Assert.Throws<ArgumentNullException>(() => Layout(rows, 2, null!));
        foreach (UmapOptions options in new UmapOptions[]
        {
            new() { Neighbors = 1 }, new() { Spread = 0 }, new() { Spread = double.NaN }, new() { MinDistance = -0.1 },
            new() { MinDistance = 2 }, new() { MinDistance = double.NaN }, new() { Epochs = 0 },
            new() { NegativeSamples = -1 }, new() { LearningRate = 0 },
            new() { LearningRate = double.PositiveInfinity },
            new() { RepulsionStrength = -1 }, new() { Metric = (DistanceMetric)9 },
        })
        {
            Assert.ThrowsAny<ArgumentException>(() => Layout(rows, 2, options));
        }
        rows[5] = float.NegativeInfinity;
        Assert.Throws<ArgumentException>(() => Layout(rows, 2, new()));
    }

    private static double[] Layout(
        ReadOnlySpan<float> rows, int columns, UmapOptions options, IProgress<double>? progress = null) =>
        Umap.Layout(rows, columns, options, progress, TestContext.Current.CancellationToken);

    private sealed class Reports : IProgress<double>
    {
        public List<double> Values { get; } = [];

        public Action? Then { get; init; }

        public void Report(double value)
        {
            Values.Add(value);
            Then?.Invoke();
        }
    }
}
