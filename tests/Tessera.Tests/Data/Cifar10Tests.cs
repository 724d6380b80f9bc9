using Tessera.Data;
using static Tessera.Tests.Data.CifarFiles;

namespace Tessera.Tests.Data;

public sealed class Cifar10Tests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("cifar-10-batches-bin", false)]
    [InlineData("cifar-10-batches-py", true)]
    [InlineData(".", false)]
    [InlineData(".", true)]
    public void Loose_batches_load(string below, bool python)
    {
        WriteTo(_folder, below, python ? Python() : Binary());
        CheckSplits(python);
    }

    [Theory]
    [InlineData("cifar-10-batches-bin", "cifar-10-binary.tar.gz", false)]
    [InlineData("./cifar-10-batches-bin", "cifar-10-binary.tar.gz", false)]
    [InlineData("cifar-10-batches-py", "cifar-10-python.tar.gz", true)]
    public void Archives_load_and_nothing_is_unpacked(string top, string archive, bool python)
    {
        _folder.Write(archive, Archive(top, python ? Python() : Binary()));
        CheckSplits(python);
        Assert.Equal([_folder[archive]], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Planes_become_interleaved_pixels()
    {
        WriteTo(_folder, "cifar-10-batches-bin", Binary());
        ReadOnlySpan<byte> image = Cifar10.Load(_folder.Path, Split.Test).Pixels(1);
        ReadOnlySpan<byte> planes = TwoRecords.AsSpan(RecordLength + 1);
        for (int row = 0; row < 32; row++)
        {
            for (int column = 0; column < 32; column++)
            {
                for (int channel = 0; channel < 3; channel++)
                {
                    Assert.Equal(
                        planes[(channel * 32 + row) * 32 + column], image[(row * 32 + column) * 3 + channel]);
                }
            }
        }
    }

    [Fact]
    public void Only_the_files_of_the_split_are_needed()
    {
        _folder.Write("cifar-10-batches-bin/test_batch.bin", TwoRecords);
        Assert.Equal(2, Cifar10.Load(_folder.Path, Split.Test).Count);
        InputException e = Refused("data_batch_1.bin", () => Cifar10.Load(_folder.Path, Split.Train));
        Assert.Contains("is missing", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_missing_batch_is_named(bool python)
    {
        Dictionary<string, byte[]> files = python ? Python() : Binary();
        string name = python ? "data_batch_4" : "data_batch_4.bin";
        files.Remove(name);
        WriteTo(_folder, "cifar-10-batches", files);
        Refused(name, () => Cifar10.Load(_folder["cifar-10-batches"], Split.All));

        string kind = python ? "python" : "binary";
        string archive = _folder.Write($"cifar-10-{kind}.tar.gz", Archive("top", files));
        InputException e = Refused(archive, () => Cifar10.Load(_folder.Path, Split.Train));
        Assert.Contains($"lacks {name}", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "is empty")]
    [InlineData(1, "truncated")]
    [InlineData(3072, "truncated")]
    [InlineData(3074, "truncated")]
    [InlineData(6145, "truncated")]
    public void A_batch_of_another_length_is_refused(int length, string reason)
    {
        Dictionary<string, byte[]> files = Binary();
        files["data_batch_2.bin"] = TwoRecords[..length];
        WriteTo(_folder, "cifar-10-batches-bin", files);
        InputException e = Refused(
            _folder["cifar-10-batches-bin", "data_batch_2.bin"], () => Cifar10.Load(_folder.Path, Split.Train));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.Contains("delete it and download CIFAR-10 again", e.Message, StringComparison.Ordinal);
        Assert.Equal(2, Cifar10.Load(_folder.Path, Split.Test).Count);
    }

    [Fact]
    public void A_label_beyond_nine_is_refused()
    {
        Dictionary<string, byte[]> files = Binary();
        files["test_batch.bin"][RecordLength] = 10;
        WriteTo(_folder, "cifar-10-batches-bin", files);
        InputException e = Refused("test_batch.bin", () => Cifar10.Load(_folder.Path, Split.Test));
        Assert.Contains("image 1 has label 10", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_missing_or_holds_something_else_is_refused()
    {
        Refused("nowhere", () => Cifar10.Load(_folder["nowhere"], Split.Train));
        _folder.Write("image.png", [1, 2, 3]);
        InputException e = Refused(_folder.Path, () => Cifar10.Load(_folder.Path, Split.Train));
        Assert.Contains("holds no CIFAR-10", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_archive_is_refused_wherever_it_ends()
    {
        byte[] whole = Archive("cifar-10-batches-bin", Binary());
        string path = _folder["cifar-10-binary.tar.gz"];
        for (int length = 0; length < whole.Length * 8 / 10; length += 509)
        {
            File.WriteAllBytes(path, whole[..length]);
            Refused(path, () => Cifar10.Load(_folder.Path, Split.All));
        }
    }

    [Fact]
    public void A_foreign_archive_is_refused()
    {
        string path = _folder.Write("cifar-10-binary.tar.gz", "<html>404</html>"u8.ToArray());
        Refused(path, () => Cifar10.Load(_folder.Path, Split.All));
        _folder.Write("cifar-10-binary.tar.gz", Zip("no tar at all"u8.ToArray()));
        Refused(path, () => Cifar10.Load(_folder.Path, Split.All));
    }

    [Fact]
    public void Damaged_archives_are_read_or_refused()
    {
        byte[] tar = Tar("cifar-10-batches-bin", Binary());
        var random = new Random(1);
        for (int i = 0; i < 300; i++)
        {
            byte[] damaged = [.. tar];
            // Headers begin at multiples of 512; this damages those of the folder and of the first two files.
            int header = new[] { 0, 512, 512 + 512 + 6656 }[i % 3];
            for (int flips = 0; flips < 2; flips++) damaged[header + random.Next(512)] = (byte)random.Next(256);
            if (i % 2 == 0) RepairChecksum(damaged.AsSpan(header, 512));
            _folder.Write("cifar-10-binary.tar.gz", Zip(damaged));
            Exception? e = Record.Exception(() => Cifar10.Load(_folder.Path, Split.All));
            Assert.True(e is null or InputException, $"Damage {i}: {e}");
        }
    }

    [Fact]
    public void Links_in_an_archive_are_not_followed()
    {
        Dictionary<string, byte[]> files = Binary();
        files.Remove("data_batch_1.bin");
        string target = _folder.Write("elsewhere/secret.bin", TwoRecords);
        _folder.Write("cifar-10-binary.tar.gz", Archive("cifar-10-batches-bin", files, ("data_batch_1.bin", target)));
        InputException e = Refused("cifar-10-binary.tar.gz", () => Cifar10.Load(_folder.Path, Split.Train));
        Assert.Contains("lacks data_batch_1.bin", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unreadable_batch_is_refused_in_one_line()
    {
        Dictionary<string, byte[]> files = Binary();
        WriteTo(_folder, ".", files);
        using FileStream locked = new(
            _folder["data_batch_3.bin"], FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Refused(_folder.Path, () => Cifar10.Load(_folder.Path, Split.Train));
    }

    [Fact]
    public void Find_returns_the_first_folder_that_holds_the_data()
    {
        string empty = Directory.CreateDirectory(_folder["empty"]).FullName, full = _folder["full"];
        Assert.Null(Cifar10.Find([empty, full]).Folder);
        WriteTo(_folder, "full/cifar-10-batches-bin", Binary());
        WriteTo(_folder, "second/cifar-10-batches-py", Python());
        DataSearch search = Cifar10.Find([empty, full, _folder["second"]]);
        Assert.Equal(full, search.Folder);
        Assert.Equal([empty, full, _folder["second"]], search.Places);
        Assert.Equal(full, Cifar10.Find(full).Folder);
    }

    private void CheckSplits(bool python)
    {
        ImageSet train = Cifar10.Load(_folder.Path, Split.Train), test = Cifar10.Load(_folder.Path, Split.Test);
        ImageSet all = Cifar10.Load(_folder.Path, Split.All);
        Assert.Equal(["cifar10 train", "cifar10 test", "cifar10"], [train.Name, test.Name, all.Name]);
        Assert.Equal((32, 32, 3), (train.Width, train.Height, train.Channels));
        Assert.Equal(Cifar10.ClassNames, train.ClassNames);
        Assert.Equal(python ? [6, 9, 6, 9, 6, 9, 6, 9, 6, 9] : [1, 9, 2, 9, 3, 9, 4, 9, 5, 9], Labels(train));
        Assert.Equal([6, 9], Labels(test));
        Assert.Equal([.. Labels(train), .. Labels(test)], Labels(all));
        Assert.Equal([.. Pixels(train), .. Pixels(test)], Pixels(all));
        CifarBatch expected = CifarBatch.FromRecords(TwoRecords, "two.bin");
        Assert.Equal(Enumerable.Range(0, 2).SelectMany(i => expected.Image(i).ToArray()), Pixels(test));
    }

    private static void RepairChecksum(Span<byte> header)
    {
        Span<byte> field = header.Slice(148, 8);
        field.Fill((byte)' ');
        int sum = 0;
        foreach (byte value in header) sum += value;
        System.Text.Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(field);
    }
}
