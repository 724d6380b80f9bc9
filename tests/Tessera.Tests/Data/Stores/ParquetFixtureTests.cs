using Tessera.Data;
using Tessera.Data.Stores;

namespace Tessera.Tests.Data.Stores;

/// <summary>Parquet files as Apache Arrow writes them: tests/fixtures/parquet/make_fixtures.cs made them.</summary>
public sealed class ParquetFixtureTests : IDisposable
{
    private const int Images = 60, Side = 4;

    private readonly TemporaryFolder _folder = new();

    private string Store => _folder["images.tpk"];

    public static TheoryData<string> Whole() => new(
        Directory.GetFiles(Repository.Fixture("parquet"), "*.parquet").Select(Path.GetFileNameWithoutExtension)
            .Where(name => name != "missing-values").Order(StringComparer.Ordinal)!);

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// Many pages a column, of both versions, with each compression and encoding of values, with and without a
    /// dictionary, levels, checksums and an index.
    /// </summary>
    [Theory]
    [MemberData(nameof(Whole))]
    public void Every_row_is_read(string name)
    {
        Assert.Equal((Images, 0), Pack(name, skipDamaged: false));
        using ImageStore store = ImageStore.Open(Store);
        ImageSource images = store.Images(Split.All);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"class {i}"), store.ClassNames);
        Assert.Equal(Enumerable.Range(0, Images).Select(row => row % 10), images.Labels);
        for (int row = 0; row < Images; row++) Assert.Equal(ColorOf(row), images.Read(row)[..3]);
    }

    [Fact]
    public void Rows_without_an_image_are_left_out_and_those_without_a_label_have_none()
    {
        Assert.Equal((52, 8), Pack("missing-values", skipDamaged: true));
        using ImageStore store = ImageStore.Open(Store);
        ImageSource images = store.Images(Split.All);
        int[] rows = [.. Enumerable.Range(0, Images).Where(row => row % 7 != 6)];
        Assert.Equal(rows.Select(row => $"missing-values.parquet/{row}"), rows.Select((_, i) => images.NameOf(i)));
        for (int i = 0; i < rows.Length; i++)
        {
            Assert.Equal(ColorOf(rows[i]), images.Read(i)[..3]);
            Assert.Equal(
                rows[i] % 5 == 4 ? ImageFolder.Unlabelled : $"class {rows[i] % 10}",
                store.ClassNames[images.Labels[i]]);
        }
    }

    private static byte[] ColorOf(int row) => [(byte)(4 * row), (byte)(255 - 4 * row), (byte)(row % 10 * 20)];

    private (int Added, int LeftOut) Pack(string name, bool skipDamaged)
    {
        PackResult result = ImagePacker.Pack(
            Repository.Fixture("parquet", $"{name}.parquet"), Store,
            new PackOptions { Size = Side, SkipDamaged = skipDamaged },
            cancellation: TestContext.Current.CancellationToken);
        return (result.Added, result.LeftOut.Count);
    }
}
