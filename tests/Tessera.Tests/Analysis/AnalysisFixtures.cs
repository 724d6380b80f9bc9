using System.Globalization;
using System.Text.Json;
using Tessera.Analysis;
using Tessera.Tensors.IO;

namespace Tessera.Tests.Analysis;

/// <summary>The files of <c>tests/fixtures/analysis</c>; its README describes them.</summary>
internal static class AnalysisFixtures
{
    private static readonly JsonSerializerOptions CamelCase = new(JsonSerializerDefaults.Web);

    private static readonly Lazy<TensorFile> UmapFile =
        new(() => SafeTensors.Read(Repository.Fixture("analysis", "umap.safetensors")));

    public static TensorFile Umap => UmapFile.Value;

    /// <summary>The cases of a JSON file.</summary>
    public static T[] Cases<T>(string file) =>
        JsonSerializer.Deserialize<T[]>(File.ReadAllText(Repository.Fixture("analysis", file)), CamelCase)!;

    /// <summary>A data set of <see cref="Umap"/>.</summary>
    public static (float[] Rows, int Columns, int Neighbors, DistanceMetric Metric) DataSet(string name)
    {
        TensorEntry rows = Umap[name + "/rows"];
        bool cosine = Umap.Ints(name + "/cosine").Values.Span[0] != 0;
        return (
            rows.Values.ToArray(), (int)rows.Shape[1], Umap.Ints(name + "/neighbors").Values.Span[0],
            cosine ? DistanceMetric.Cosine : DistanceMetric.Euclidean);
    }

    /// <summary>
    /// Asserts that each number is close to the expected one, relative to it or to <paramref name="scale"/>, if larger.
    /// </summary>
    public static void AssertClose(
        ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double tolerance, string what, double scale = 0)
    {
        Assert.True(expected.Length == actual.Length, $"{what}: {actual.Length} numbers, not {expected.Length}.");
        for (int i = 0; i < expected.Length; i++)
        {
            double allowed = tolerance * Math.Max(Math.Abs(expected[i]), scale);
            // Written so that NaN fails.
            if (!(Math.Abs(actual[i] - expected[i]) <= allowed))
                Assert.Fail(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{what}: number {i} is {actual[i]:r}, not {expected[i]:r} within {allowed:g2}."));
        }
    }

    /// <summary>Fixed pseudo-random numbers from -1 to about 1.</summary>
    public static float[] Scattered(int count) =>
        [.. Enumerable.Range(0, count).Select(i => i * 7919L * (i + 13) % 1009 / 504.5f - 1)];
}
