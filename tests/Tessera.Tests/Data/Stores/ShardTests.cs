using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Parquet;
using Parquet.Schema;
using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Imaging;

namespace Tessera.Tests.Data.Stores;

/// <summary>Tar archives and Parquet files of images, good and damaged, packed into a store.</summary>
public sealed class ShardTests : IDisposable
{
    private const int Side = 8;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Store => _folder["images.tpk"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("shard.tar")]
    [InlineData("shard.tar.gz")]
    [InlineData("shard.tgz")]
    [InlineData("SHARD.TAR")]
    public void Tar_samples_have_the_class_of_their_text_json_or_folder(string name)
    {
        WriteTar(
            name, ("a/001.cls", "2"u8.ToArray()), ("a/001.png", Png(1)), ("a/002.png", Png(2)),
            ("a/002.json", """{"caption": "x", "label": 0}"""u8.ToArray()), ("a/003.jpg.png", Png(3)),
            ("readme.txt", "no image"u8.ToArray()), ("b/004.png", Png(4)), ("b/004.seg.png", Png(9)),
            ("b/004.cls", "sea horse\n"u8.ToArray()), ("005.png", Png(5)), ("005.json", "{}"u8.ToArray()),
            ("a/._001.png", Png(8)), (".cache/6.png", Png(6)));
        PackResult result = Pack(_folder[name]);
        Assert.Equal((5, 0), (result.Added, result.LeftOut.Count));
        using ImageStore store = ImageStore.Open(Store);
        Assert.Equal(["0", "1", "2", "a", "sea horse", ImageFolder.Unlabelled], store.ClassNames);
        ImageSource images = store.Images(Split.All);
        Assert.Equal(
            [$"{name}/a/001.png", $"{name}/a/002.png", $"{name}/a/003.jpg.png", $"{name}/b/004.png", $"{name}/005.png"],
            Enumerable.Range(0, 5).Select(images.NameOf));
        Assert.Equal([2, 0, 3, 4, 5], images.Labels);
        for (int i = 0; i < 5; i++) Assert.Equal(Fitted(i + 1), images.Read(i));
    }

    /// <summary>Compressed or not is seen by the bytes.</summary>
    [Fact]
    public void A_compressed_archive_may_be_named_as_one_that_is_not()
    {
        File.Move(WriteTar("shard.tgz", ("1.png", Png(1))), _folder["shard.tar"]);
        Assert.Equal(1, Pack(_folder["shard.tar"]).Added);
    }

    /// <summary>Only a number as it is usually written, and where the file says that the class is one.</summary>
    [Fact]
    public void Texts_and_folders_that_look_like_numbers_are_names()
    {
        WriteTar(
            "shard.tar", ("2019/1.png", Png(1)), ("2.cls", "00012"u8.ToArray()), ("2.png", Png(2)),
            ("3.json", """{"label": "7"}"""u8.ToArray()), ("3.png", Png(3)),
            ("4.json", """{"label": 1}"""u8.ToArray()), ("4.png", Png(4)));
        Pack(_folder["shard.tar"]);
        using ImageStore store = ImageStore.Open(Store);
        Assert.Equal(["2019", "00012", "7", "0", "1"], store.ClassNames);
    }

    /// <summary>A class that is lost must not become another one in silence.</summary>
    [Theory]
    [InlineData("not json", null)]
    [InlineData("""{"label": "\ud800"}""", null)]
    [InlineData("""{"label": "?"}""", (byte)0xFF)]
    public void A_sample_with_a_damaged_json_is_damaged(string json, byte? inPlace)
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(json).Select(b => b == '?' ? inPlace ?? b : b)];
        WriteTar("shard.tar", ("a/1.png", Png(1)), ("a/2.json", bytes), ("a/2.png", Png(2)), ("a/3.png", Png(3)));
        DamagedImagesException e = Assert.Throws<DamagedImagesException>(() => Pack(_folder["shard.tar"]));
        Assert.Equal(["shard.tar/a/2.png"], e.Names);
        Assert.Contains("shard.tar/a/2.json: it is no JSON", e.Message, StringComparison.Ordinal);
        Assert.Equal(2, Pack(_folder["shard.tar"], skipDamaged: true).Added);
    }

    [Fact]
    public void Encoded_images_are_held_up_to_a_limit()
    {
        WriteTar("shard.tar", [.. Enumerable.Range(0, 6).Select(i => ($"{i}.png", Png(i)))]);
        var seen = new List<int>();
        var options = new PackOptions { Size = Side, MostHeld = 2 * Png(0).Length - 1 };
        ImagePacker.Pack(
            _folder["shard.tar"], Store, options, new ImmediateProgress<PackProgress>(p => seen.Add(p.Images)),
            Cancellation);
        Assert.InRange(seen.Count, 3, 6);
        Assert.Equal(6, seen[^1]);
    }

    /// <summary>Each row by its own file's names, though rows of two files are packed together.</summary>
    [Fact]
    public void Parquet_files_of_a_folder_each_have_names_of_their_own()
    {
        Directory.CreateDirectory(_folder["shards"]);
        WriteParquet("shards/a.parquet", [Png(1)], [1], Names("cat", "dog"));
        WriteParquet("shards/b.parquet", [Png(2)], [4], Names("eel", "fox", "gnu"));
        Pack(_folder["shards"]);
        using ImageStore store = ImageStore.Open(Store);
        Assert.Equal(["cat", "dog", "eel", "fox", "gnu", "3", "4"], store.ClassNames);

        static string Names(params string[] names) =>
            """{"info": {"features": {"label": {"names": """ + JsonSerializer.Serialize(names) + "}}}}";
    }

    [Fact]
    public void Parquet_rows_have_the_named_class_of_their_number()
    {
        WriteParquet("data.parquet", [Png(1), Png(2), Png(3)], [1, 0, null], """
            {"info": {"features": {"label": {"names": ["cat", "dog", "eel"], "_type": "ClassLabel"}}}}
            """);
        Pack(_folder["data.parquet"]);
        using ImageStore store = ImageStore.Open(Store);
        Assert.Equal(["cat", "dog", ImageFolder.Unlabelled], store.ClassNames);
        ImageSource images = store.Images(Split.All);
        Assert.Equal([1, 0, 2], images.Labels);
        Assert.Equal("data.parquet/2", images.NameOf(2));
        for (int i = 0; i < 3; i++) Assert.Equal(Fitted(i + 1), images.Read(i));
    }

    [Fact]
    public void Parquet_rows_without_names_have_their_number_and_rows_without_an_image_are_damaged()
    {
        WriteParquet("data.parquet", [Png(1), null, Png(3), [1, 2, 3]], [2, 2, -1, 0], null);
        DamagedImagesException e = Assert.Throws<DamagedImagesException>(() => Pack(_folder["data.parquet"]));
        Assert.Equal(["data.parquet/1", "data.parquet/3"], e.Names);
        Assert.Contains("the row has no image", e.Message, StringComparison.Ordinal);
        PackResult result = Pack(_folder["data.parquet"], skipDamaged: true);
        Assert.Equal(2, result.Added);
        using ImageStore store = ImageStore.Open(Store);
        Assert.Equal(["0", "1", "2", ImageFolder.Unlabelled], store.ClassNames);
        Assert.Equal([2, 3], store.Images(Split.All).Labels);
    }

    [Fact]
    public void Parquet_files_without_images_are_refused()
    {
        using (FileStream file = File.Create(_folder["data.parquet"]))
        {
            var schema = new ParquetSchema(new DataField<long>("label"));
            Write(schema, file, null, writer => writer.WriteAsync<long>(schema.GetDataFields()[0], new long[] { 1 }));
        }
        InputException e = Assert.Throws<InputException>(() => Pack(_folder["data.parquet"]));
        Assert.Contains("has no column image with bytes, only label", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parquet_files_that_are_none_or_have_labels_of_another_type_are_refused_with_the_reason()
    {
        _folder.Write("none.parquet", "PAR1"u8.ToArray());
        DamagedImagesException e = Assert.Throws<DamagedImagesException>(() => Pack(_folder["none.parquet"]));
        Assert.Contains("it is damaged or cut short", e.Message, StringComparison.Ordinal);
        var schema = new ParquetSchema(new DataField<byte[]>("image"), new DataField<double>("label"));
        using (FileStream file = File.Create(_folder["data.parquet"]))
        {
            Write(schema, file, null, async writer =>
            {
                await writer.WriteAsync(schema.GetDataFields()[0], (byte[][])[Png(1)]);
                await writer.WriteAsync<double>(schema.GetDataFields()[1], new double[] { 1 });
            });
        }
        Assert.Contains(
            "its column label is of the type Double; make it int32, int64 or text",
            Assert.Throws<InputException>(() => Pack(_folder["data.parquet"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parquet_classes_can_be_texts_and_images_can_be_the_column_itself()
    {
        var schema = new ParquetSchema(new DataField<byte[]>("image"), new DataField<string>("label"));
        using (FileStream file = File.Create(_folder["data.parquet"]))
        {
            Write(schema, file, null, async writer =>
            {
                await writer.WriteAsync(schema.GetDataFields()[0], (byte[][])[Png(1), Png(2), Png(3)]);
                await writer.WriteAsync(schema.GetDataFields()[1], (string[])["sun", null!, "5"]);
            });
        }
        Pack(_folder["data.parquet"]);
        using ImageStore store = ImageStore.Open(Store);
        Assert.Equal(["sun", ImageFolder.Unlabelled, "5"], store.ClassNames);
        Assert.Equal(Fitted(2), store.Images(Split.All).Read(1));
    }

    [Fact]
    public void Files_named_train_and_test_are_the_splits_and_else_a_hash_chooses()
    {
        foreach (string name in (string[])["train-0.tar", "train-1.tar", "validation-0.tar", "extra.tar"])
            WriteTar($"shards/{name}", ("1.png", Png(1)), ("2.png", Png(2)));
        Assert.Contains(
            "validation-0.tar: to test on", Pack(_folder["shards"]).Splits, StringComparison.Ordinal);
        using (ImageStore store = ImageStore.Open(Store))
            Assert.Equal([4, 2, 8], new[] { Split.Train, Split.Test, Split.All }.Select(store.CountOf));

        File.Delete(Store);
        WriteTar("one.tar", [.. Enumerable.Range(0, 60).Select(i => ($"{i}.png", Png(i)))]);
        Pack(_folder["one.tar"]);
        using ImageStore hashed = ImageStore.Open(Store);
        ImageSource test = hashed.Images(Split.Test);
        Assert.All(
            Enumerable.Range(0, test.Count), i => Assert.True(ImageFolder.IsHeldOut(test.NameOf(i)), test.NameOf(i)));
        Assert.Equal(60 - test.Count, hashed.CountOf(Split.Train));
    }

    /// <summary>Cut at any place: whole samples before it are read; the archive counts as a damaged image.</summary>
    [Fact]
    public void A_tar_archive_that_was_cut_keeps_the_samples_before()
    {
        string path = WriteTar("shard.tar", [.. Enumerable.Range(0, 4).SelectMany(
            i => new[] { ($"{i}.png", Png(i)), ($"{i}.cls", "1"u8.ToArray()) })]);
        byte[] whole = File.ReadAllBytes(path);
        int most = 0;
        for (int length = 1; length < whole.Length - 1024; length += 333)
        {
            File.WriteAllBytes(path, whole[..length]);
            File.Delete(Store);
            PackResult result = Pack(path, skipDamaged: true);
            most = Math.Max(most, result.Added);
            Assert.Equal(["shard.tar"], result.LeftOut);
            using ImageStore store = ImageStore.Open(Store);
            Assert.Equal(result.Added, store.Count);
            Assert.Contains("it is damaged or cut short", store.LeftOut[0].Reason, StringComparison.Ordinal);
            if (store.Count > 0) Assert.All(store.Images(Split.All).Labels, label => Assert.Equal(1, label));
        }
        Assert.Equal(3, most);
    }

    [Fact]
    public void Damaged_images_are_named_by_archive_and_sample()
    {
        WriteTar("shard.tar", ("1.png", Png(1)), ("2.png", [0x89]), ("3.png", []), ("4.png", Png(4)));
        DamagedImagesException e = Assert.Throws<DamagedImagesException>(() => Pack(_folder["shard.tar"]));
        Assert.Equal(["shard.tar/2.png", "shard.tar/3.png"], e.Names);
        Assert.Contains(Path.Combine(_folder.Path, "shard.tar") + "/2.png", e.Message, StringComparison.Ordinal);
        Assert.Equal(2, Pack(_folder["shard.tar"], skipDamaged: true).Added);
    }

    [Fact]
    public void An_archive_that_declares_more_than_it_holds_takes_little_memory()
    {
        byte[] archive = File.ReadAllBytes(WriteTar("shard.tar", ("1.png", Png(1))));
        // The last header is that of the file: its length in octal digits, and the sum of its bytes with spaces there.
        Span<byte> header = archive.AsSpan(archive.AsSpan().LastIndexOf("ustar"u8) - 257, 512);
        "05000000000\0"u8.CopyTo(header[124..]);
        header.Slice(148, 8).Fill((byte)' ');
        int sum = 0;
        foreach (byte b in header) sum += b;
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + '\0', header[148..]);
        File.WriteAllBytes(_folder["shard.tar"], archive);
        long before = GC.GetAllocatedBytesForCurrentThread();
        PackSource source = PackSource.Find(_folder["shard.tar"], Side, 3, Cancellation);
        PackEntry[] entries = [.. source.Entries(Cancellation)];
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
        Assert.Contains(
            "it is damaged or cut short",
            Assert.ThrowsAny<InputException>(() => entries[0].Read()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_longer_image_in_an_archive_is_read()
    {
        byte[] pixels = new byte[1200 * 1200 * 3];
        new Random(1).NextBytes(pixels);
        byte[] file = ImageFile.EncodePng(new Image(1200, 1200, 3, pixels));
        Assert.InRange(file.Length, 4 << 20, 8 << 20);
        WriteTar("shard.tar.gz", ("1.png", file));
        Pack(_folder["shard.tar.gz"]);
        using ImageStore store = ImageStore.Open(Store);
        Assert.Equal(
            ImageTransform.Fit(new Image(1200, 1200, 3, pixels), Side, Side, 3).Pixels,
            store.Images(Split.All).Read(0));
    }

    [Fact]
    public void A_name_with_a_line_break_is_told_in_one_line()
    {
        using (var tar = new TarWriter(File.Create(_folder["shard.tar"]), TarEntryFormat.Ustar))
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "a\nb.png")
            {
                DataStream = new MemoryStream([1, 2, 3]),
            });
        }
        InputException e = Assert.ThrowsAny<InputException>(() => Pack(_folder["shard.tar"]));
        Assert.Contains("/a\\u000ab.png", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void Other_files_are_refused()
    {
        _folder.Write("data.zip", [1, 2]);
        InputException e = Assert.Throws<InputException>(() => Pack(_folder["data.zip"]));
        Assert.Contains("is no folder of images, tar archive or Parquet file", e.Message, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => Pack(_folder["none.tar"]));
    }

    /// <summary>Memory for as much as an archive declares would be a gigabyte for a few bytes.</summary>
    [Theory]
    [InlineData("shard.tar")]
    [InlineData("shard.tar.gz")]
    public void Attributes_of_a_file_that_are_too_long_are_refused(string name)
    {
        byte[] header = new byte[512];
        "x"u8.CopyTo(header);
        "10000000000\0"u8.CopyTo(header.AsSpan(124));
        "ustar\000"u8.CopyTo(header.AsSpan(257));
        header[156] = (byte)'x';
        header.AsSpan(148, 8).Fill((byte)' ');
        string checksum = Convert.ToString(header.Sum(value => value), toBase: 8).PadLeft(6, '0') + "\0 ";
        Encoding.ASCII.GetBytes(checksum).CopyTo(header.AsSpan(148));
        using (Stream file = File.Create(_folder[name]))
        using (Stream stream = name.EndsWith('r') ? file : new GZipStream(file, CompressionLevel.Fastest))
            stream.Write([.. header, .. new byte[4096]]);
        InputException e = Assert.Throws<DamagedImagesException>(() => Pack(_folder[name]));
        Assert.Contains("it declares 1073741824 bytes of attributes", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("few.tar")]
    [InlineData("few.parquet")]
    public void Files_damaged_at_random_are_survived(string name)
    {
        if (TarPackSource.Reads(name))
            WriteTar(
                name, ("a/1.png", Png(1)), ("a/1.cls", "1"u8.ToArray()), ("a/2.png", Png(2)),
                ("a/2.json", """{"caption": "x\u00e9", "label": "sea"}"""u8.ToArray()));
        else WriteParquet(name, [Png(1), Png(2)], [0, 1], null);
        string path = _folder[name];
        Damage.IsSurvived<InputException>(File.ReadAllBytes(path), path, file =>
        {
            File.WriteAllBytes(path, file);
            PackSource source = PackSource.Find(path, Side, 3, Cancellation);
            foreach (PackEntry entry in source.Entries(Cancellation)) entry.Read();
        });
    }

    private PackResult Pack(string source, bool skipDamaged = false) => ImagePacker.Pack(
        source, Store, new PackOptions { Size = Side, SkipDamaged = skipDamaged }, cancellation: Cancellation);

    private static byte[] Png(int number) => ImageFile.EncodePng(SyntheticShapes.Image(number, 16));

    private static byte[] Fitted(int number) =>
        ImageTransform.Fit(SyntheticShapes.Image(number, 16), Side, Side, 3).Pixels;

    private string WriteTar(string name, params (string Name, byte[] Content)[] entries)
    {
        string path = _folder.Write(name, []);
        using FileStream file = File.Create(path);
        using Stream stream = name.EndsWith("tar", StringComparison.OrdinalIgnoreCase)
            ? file : new GZipStream(file, CompressionLevel.Fastest);
        using var tar = new TarWriter(stream);
        foreach ((string entry, byte[] content) in entries)
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, entry) { DataStream = new MemoryStream(content) });
        return path;
    }

    private void WriteParquet(string name, byte[]?[] images, long?[] labels, string? metadata)
    {
        var schema = new ParquetSchema(
            new StructField("image", new DataField<byte[]>("bytes"), new DataField<string>("path")),
            new DataField<long?>("label"));
        DataField[] fields = schema.GetDataFields();
        using FileStream file = File.Create(_folder[name]);
        Write(schema, file, metadata, async writer =>
        {
            await writer.WriteAsync(fields[0], images!);
            await writer.WriteAsync(fields[1], images.Select((_, i) => $"{i}.png").ToArray());
            await writer.WriteAsync<long>(fields[2], labels);
        });
    }

    private static void Write(
        ParquetSchema schema, Stream file, string? metadata, Func<ParquetRowGroupWriter, Task> write)
    {
        Task.Run(async () =>
        {
            await using ParquetWriter writer = await ParquetWriter.CreateAsync(schema, file);
            if (metadata is not null)
                writer.CustomMetadata = new Dictionary<string, string> { ["huggingface"] = metadata };
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            await write(group);
        }, Cancellation).GetAwaiter().GetResult();
    }
}
