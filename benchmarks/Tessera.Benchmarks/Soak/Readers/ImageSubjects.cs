using System.Text.Json;
using Parquet;
using Parquet.Schema;
using Tessera.Cli.CommandLine;
using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Imaging;

namespace Tessera.Benchmarks.Soak.Readers;

/// <summary>Readers of images and data sets.</summary>
/// <param name="fixtures">The folder tests/fixtures.</param>
/// <param name="folder">A folder for files that are made here.</param>
internal sealed class ImageSubjects(string fixtures, string folder)
{
    // An image takes the memory and the time of its declared size, up to 64 Mi pixels: 400 MB while it is copied.
    private const int Side = 8, ImageMegabytes = 1024, ImageMilliseconds = 20_000;

    private static readonly string[] BatchNames =
        ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"];

    /// <summary>All of them.</summary>
    public IEnumerable<Subject> All() => [.. Images(), .. Cifar(), .. Stores(), .. Shards()];

    private IEnumerable<Subject> Images()
    {
        Sample[] png = Encoded("pngs.json", "png"), others = Encoded("formats.json", "");
        yield return Image("png", 60, png);
        yield return Image("png-mended", 60, [.. png.Select(sample => sample with { Wrap = Packing.MendPng })]);
        // Some images with an orientation are JPEG files too.
        yield return Image("jpeg", 60, [.. Encoded("jpegs.json", "jpg"), .. Of(others, [0xFF, 0xD8])]);
        // ImageSharp reserves the tables of as many codes as a lossless file declares, and uses none of them.
        yield return Image("webp", 40, [.. Of(others, "RIFF"u8)]) with { MostMegabytes = 1536 };
        yield return Image("gif", 40, [.. Of(others, "GIF8"u8)]);
        yield return Image("bmp", 40, [.. Of(others, "BM"u8)]);
        yield return Image("tiff", 40, [.. Of(others, "II"u8), .. Of(others, "MM"u8)]);
        yield return Image("mask", 10, [new Sample("mask.png", MaskFile())]) with
        {
            Read = path => KeptCells.Find(path, 4, 4, 4),
        };
        yield return new Subject(
            "image-folder", 10, [.. png.Take(8).Select(sample => sample with { Name = "tree/a/0.png" })],
            path => ImageFolder.Load(Path.GetDirectoryName(Path.GetDirectoryName(path))!, Split.All, Side))
        { MostMegabytes = ImageMegabytes, MostMilliseconds = ImageMilliseconds };
    }

    private static Subject Image(string name, int weight, IReadOnlyList<Sample> samples) =>
        new(name, weight, samples, path => ImageFile.Read(path))
        { MostMegabytes = ImageMegabytes, MostMilliseconds = ImageMilliseconds, UsesNativeMemory = true };

    private IEnumerable<Subject> Cifar()
    {
        byte[] records = Fixture("cifar10", "two.bin");
        byte[][] pickles =
        [
            .. ((string[])["python2", "python3", "columns"]).Select(name => Fixture("cifar10", $"{name}.pickle")),
        ];
        yield return Batches("cifar-binary", 30, ".bin", records, [records]);
        yield return Batches("cifar-python", 40, "", pickles[0], pickles);
        byte[] binary = Packing.Tar(BatchNames.Select(name => ($"cifar/{name}.bin", records)));
        byte[] python = Packing.Tar(BatchNames.Select(name => ($"cifar/{name}", pickles[0])));
        yield return Archives("cifar-archive", 20, Packing.Gzip(binary), Packing.Gzip(python), null);
        yield return Archives("cifar-archive-inside", 20, binary, python, Packing.Gzip);
    }

    /// <summary>A folder of good batches; the third is damaged.</summary>
    private Subject Batches(string name, int weight, string ending, byte[] good, byte[][] samples)
    {
        foreach (string batch in BatchNames) Write(Path.Combine(folder, name, batch + ending), good);
        return new Subject(
            name, weight, [.. samples.Select(bytes => new Sample($"data_batch_3{ending}", bytes))],
            path => Cifar10.Load(Path.GetDirectoryName(path)!, Split.Train));
    }

    private static Subject Archives(
        string name, int weight, byte[] binary, byte[] python, Func<byte[], byte[]>? wrap) =>
        new(
            name, weight,
            [
                new Sample("binary/cifar-10-binary.tar.gz", binary) { Wrap = wrap },
                new Sample("python/cifar-10-python.tar.gz", python) { Wrap = wrap },
            ],
            path => Cifar10.Load(Path.GetDirectoryName(path)!, Split.All));

    private IEnumerable<Subject> Stores()
    {
        var sample = new Sample("few.tpk", Store());
        Sample mended = sample with { Wrap = Packing.MendStore };
        yield return new Subject("store", 40, [sample], ReadStore);
        yield return new Subject("store-mended", 50, [mended], ReadStore);
        yield return new Subject("store-added-to", 10, [sample, mended], path => ImagePacker.Pack(
            Few(9), Split.Train, path, new PackOptions { BlockLength = 1 << 10 }));
    }

    private static void ReadStore(string path)
    {
        using ImageStore store = ImageStore.Open(path);
        store.Verify();
        ImageSource all = store.Images(Split.All);
        for (int i = 0; i < all.Count; i++) _ = (all.NameOf(i), all.Read(i));
    }

    private byte[] Store()
    {
        string path = Path.Combine(folder, "few.tpk");
        ImagePacker.Pack(Few(7), Split.Train, path, new PackOptions { BlockLength = 1 << 20 });
        return File.ReadAllBytes(path);
    }

    private static ImageSource Few(int count) => new(
        "few", Side, 3, [.. Enumerable.Range(0, count).Select(i => i % 2)], ["cat", "dog"],
        i => [.. Enumerable.Repeat((byte)i, Side * Side * 3)]);

    private static IEnumerable<Subject> Shards()
    {
        byte[] tar = Packing.Tar(
        [
            ("a/1.png", Png(1)), ("a/1.cls", "1"u8.ToArray()), ("a/2.png", Png(2)),
            ("a/2.json", """{"caption": "x", "label": 0}"""u8.ToArray()),
        ]);
        yield return Shard("tar", 40, [new Sample("few.tar", tar), new Sample("few.tgz", Packing.Gzip(tar))]);
        yield return Shard("tar-inside-gzip", 20, [new Sample("few.tar.gz", tar) { Wrap = Packing.Gzip }]);
        yield return Shard(
            "parquet", 60,
            [
                new Sample("plain.parquet", Parquet(CompressionMethod.None)),
                new Sample("snappy.parquet", Parquet(CompressionMethod.Snappy)),
            ]);
    }

    private static Subject Shard(string name, int weight, IReadOnlyList<Sample> samples) => new(
        name, weight, samples, path =>
        {
            PackSource source = PackSource.Find(path, Side, 3, CancellationToken.None);
            InputException? damage = null;
            foreach (PackEntry entry in source.Entries(CancellationToken.None))
            {
                try
                {
                    entry.Read();
                }
                catch (InputException e)
                {
                    damage = e;
                }
            }
            if (damage is not null) throw damage;
        });

    private static byte[] Parquet(CompressionMethod compression)
    {
        var schema = new ParquetSchema(
            new StructField("image", new DataField<byte[]>("bytes"), new DataField<string>("path")),
            new DataField<long?>("label"));
        DataField[] fields = schema.GetDataFields();
        using var file = new MemoryStream();
        WriteAsync().GetAwaiter().GetResult();
        return file.ToArray();

        async Task WriteAsync()
        {
            var options = new ParquetOptions { CompressionMethod = compression };
            await using ParquetWriter writer = await ParquetWriter.CreateAsync(schema, file, options);
            writer.CustomMetadata = new Dictionary<string, string>
            {
                ["huggingface"] = """{"info": {"features": {"label": {"names": ["cat", "dog"]}}}}""",
            };
            for (int group = 0; group < 2; group++)
            {
                using ParquetRowGroupWriter rows = writer.CreateRowGroup();
                await rows.WriteAsync(fields[0], (byte[]?[])[Png(group), Png(group + 2)]);
                await rows.WriteAsync(fields[1], (string?[])["1.png", null]);
                await rows.WriteAsync<long>(fields[2], new long?[] { 1, null });
            }
        }
    }

    private static byte[] Png(int number) => ImageFile.EncodePng(SyntheticShapes.Image(number, 16));

    private static byte[] MaskFile()
    {
        byte[] pixels = new byte[16 * 16];
        pixels.AsSpan(0, 128).Fill(255);
        return ImageFile.EncodePng(new Image(16, 16, 1, pixels));
    }

    private Sample[] Encoded(string name, string ending)
    {
        using JsonDocument json = JsonDocument.Parse(Fixture("imaging", name));
        return
        [
            .. json.RootElement.EnumerateArray().Select((image, i) => new Sample(
                $"{i}.{ending}", image.GetProperty("file").GetBytesFromBase64())),
        ];
    }

    private static List<Sample> Of(Sample[] samples, ReadOnlySpan<byte> start)
    {
        var found = new List<Sample>();
        foreach (Sample sample in samples)
            if (sample.Bytes.AsSpan().StartsWith(start)) found.Add(sample);
        return found;
    }

    private byte[] Fixture(params string[] parts) => File.ReadAllBytes(Path.Combine([fixtures, .. parts]));

    private static void Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    }
}
