using System.Formats.Tar;
using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Imaging;

namespace Tessera.Tests.Data.Stores;

/// <summary>What of a folder is packed, and which splits files of many images are.</summary>
public sealed class PackSourceTests : IDisposable
{
    private const int Side = 8;

    private readonly TemporaryFolder _folder = new();

    private static byte[] Png { get; } = ImageFile.EncodePng(SyntheticShapes.Image(1, 16));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Hidden_files_and_folders_hide_no_archive()
    {
        WriteTar("shards/0.tar");
        WriteTar("shards/.1.tar");
        _folder.Write("shards/.cache/x.png", Png);
        _folder.Write("shards/.cache/x.parquet", []);
        Assert.Equal(["0.tar/1.png"], Names("shards"));
    }

    [Fact]
    public void A_folder_of_several_kinds_is_refused_with_what_is_in_it()
    {
        WriteTar("mixed/0.tar");
        WriteTar("mixed/1.tar");
        _folder.Write("mixed/assets/logo.png", Png);
        Assert.Contains(
            "mixed holds 1 image (assets/logo.png) and 2 tar archives (0.tar, ...); name one of the files, or a "
            + "folder of one kind", Refusal(), StringComparison.Ordinal);
        Directory.Delete(_folder["mixed", "assets"], recursive: true);
        _folder.Write("mixed/a.parquet", []);
        Assert.Contains(
            "mixed holds 2 tar archives (0.tar, ...) and 1 Parquet file (a.parquet)", Refusal(),
            StringComparison.Ordinal);
        Assert.Equal(["0.tar/1.png"], Names("mixed/0.tar"));

        string Refusal() => Assert.Throws<InputException>(() => Names("mixed")).Message;
    }

    [Theory]
    [InlineData("train-0.tar train-1.tar validation-0.tar extra.tar", "train train test all",
        "extra.tar: in neither split; train-0.tar and 1 more: to train on; validation-0.tar: to test on")]
    [InlineData("test/0.tar test/1.tar", "test test", "test/0.tar and 1 more: to test on")]
    [InlineData("test-0.tar", "test", "test-0.tar: to test on")]
    [InlineData("extra.tar test-0.tar", "hash test",
        "extra.tar: a tenth to test on, by a hash of the images' names; test-0.tar: to test on")]
    [InlineData("train-0.tar", "hash", "train-0.tar: a tenth to test on, by a hash of the images' names")]
    public void The_names_of_archives_are_their_splits(string files, string splits, string described)
    {
        foreach (string file in files.Split(' ')) WriteTar($"shards/{file}");
        PackSource source = PackSource.Find(_folder["shards"], Side, 3, Cancellation);
        Assert.Equal(described, source.Splits);
        Dictionary<string, Split> found = source.Entries(Cancellation).ToDictionary(e => e.Name, e => e.Split);
        foreach ((string file, string split) in files.Split(' ').Zip(splits.Split(' ')))
        {
            string name = $"{file}/1.png";
            Assert.Equal(
                split switch
                {
                    "train" => Split.Train,
                    "test" => Split.Test,
                    "all" => Split.All,
                    _ => ImageFolder.IsHeldOut(name) ? Split.Test : Split.Train,
                },
                found[name]);
        }
    }

    private IEnumerable<string> Names(string name) => PackSource.Find(_folder[name], Side, 3, Cancellation)
        .Entries(Cancellation).Select(entry => entry.Name);

    private void WriteTar(string name)
    {
        using var tar = new TarWriter(File.Create(_folder.Write(name, [])));
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "1.png") { DataStream = new MemoryStream(Png) });
    }
}
