using System.Formats.Tar;
using System.IO.Compression;
using Tessera.Data;

namespace Tessera.Tests.Data;

/// <summary>Small CIFAR-10 files: every batch holds the two images of the fixtures.</summary>
internal static class CifarFiles
{
    public const int RecordLength = 3073;

    public static readonly byte[] TwoRecords = Fixture("two.bin");

    private static readonly string[] BinaryNames =
    [
        "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin",
        "test_batch.bin",
    ];

    public static byte[] Fixture(string name) => File.ReadAllBytes(Repository.Fixture("cifar10", name));

    /// <summary>
    /// The binary layout. The first image of batch i has label i, the second label 9; the test batch is number 6.
    /// </summary>
    public static Dictionary<string, byte[]> Binary() =>
        BinaryNames.Select((name, i) => (name, i)).ToDictionary(file => file.name, file => Relabel(file.i + 1));

    /// <summary>The Python layout: every batch holds the same two images with labels 6 and 9.</summary>
    public static Dictionary<string, byte[]> Python() =>
        BinaryNames.ToDictionary(name => name[..^".bin".Length], _ => Fixture("python2.pickle"));

    public static void WriteTo(TemporaryFolder folder, string below, Dictionary<string, byte[]> files)
    {
        foreach ((string name, byte[] bytes) in files) folder.Write($"{below}/{name}", bytes);
    }

    /// <summary>A .tar.gz like the originals: a folder, the batches, a page and, optionally, a symbolic link.</summary>
    public static byte[] Archive(
        string top, Dictionary<string, byte[]> files, (string Name, string Target)? link = null) =>
        Zip(Tar(top, files, link));

    public static byte[] Tar(
        string top, Dictionary<string, byte[]> files, (string Name, string Target)? link = null)
    {
        var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Ustar, leaveOpen: true))
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, $"{top}/"));
            foreach ((string name, byte[] bytes) in files.Append(new("readme.html", "<html>"u8.ToArray())))
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, $"{top}/{name}")
                {
                    DataStream = new MemoryStream(bytes),
                });
            }
            if (link is var (linkName, target))
                tar.WriteEntry(new UstarTarEntry(TarEntryType.SymbolicLink, $"{top}/{linkName}") { LinkName = target });
        }
        return stream.ToArray();
    }

    public static byte[] Zip(byte[] bytes)
    {
        var stream = new MemoryStream();
        using (var zip = new GZipStream(stream, CompressionLevel.Fastest)) zip.Write(bytes);
        return stream.ToArray();
    }

    /// <summary>Asserts an error whose message is one line that contains <paramref name="named"/>.</summary>
    public static InputException Refused(string named, Action action)
    {
        InputException e = Assert.ThrowsAny<InputException>(action);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        return e;
    }

    /// <summary>All bytes of a set, concatenated.</summary>
    public static byte[] Pixels(ImageSet set) =>
        [.. Enumerable.Range(0, set.Count).SelectMany(i => set.Pixels(i).ToArray())];

    public static int[] Labels(ImageSet set) => [.. Enumerable.Range(0, set.Count).Select(set.Label)];

    private static byte[] Relabel(int first)
    {
        byte[] bytes = [.. TwoRecords];
        bytes[0] = (byte)first;
        return bytes;
    }
}
