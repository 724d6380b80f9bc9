using System.Security.Cryptography;
using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Imaging;

namespace Tessera.Tests.Data.Stores;

/// <summary>Packing: interrupted and continued, repeated, with damaged images, into stores of other images.</summary>
public sealed class ImagePackerTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>Stopped after any number of images: whole blocks stay, and the rest comes again.</summary>
    [Fact]
    public void Packing_that_was_interrupted_is_continued_to_the_same_bytes()
    {
        _folder.Fill(23);
        _folder.AddDamaged("a/damaged.png");
        PackOptions options = StoreFolder.Options with { SkipDamaged = true };
        _folder.Pack(options);
        byte[] whole = File.ReadAllBytes(_folder.Path);
        File.Delete(_folder.Path);
        var blocks = new List<int>();
        for (int stopAt = 0; stopAt <= 24; stopAt++)
        {
            PackInto(stopAt);
            using ImageStore store = ImageStore.Open(_folder.Path);
            store.Verify(cancellation: Cancellation);
            Assert.False(store.IsComplete, "an interrupted store says that it is complete");
            blocks.Add(store.Count);
        }
        Assert.Equal([0, 5, 10, 15, 20], blocks.Distinct());
        // A block that was begun.
        using (FileStream file = File.OpenWrite(_folder.Path))
        {
            file.Seek(0, SeekOrigin.End);
            file.Write(new byte[1000]);
        }
        _folder.Pack(options);
        Assert.Equal(Hash(whole), Hash(File.ReadAllBytes(_folder.Path)));

        // Passes on a few images more each time, and then stops as Ctrl-C does.
        void PackInto(int count)
        {
            using var stop = new CancellationTokenSource();
            var source = new StoppingSource(
                new FolderPackSource(ImageFolder.List(_folder.Images, Cancellation), StoreFolder.Side, 3), count, stop);
            Assert.ThrowsAny<OperationCanceledException>(
                () => ImagePacker.Pack(source, _folder.Path, options, null, stop.Token));
        }
    }

    [Fact]
    public void Packing_again_adds_nothing_and_changes_no_byte()
    {
        _folder.Fill(12);
        PackResult first = _folder.Pack();
        Assert.Equal((12, 0), (first.Added, first.Present));
        byte[] bytes = File.ReadAllBytes(_folder.Path);
        PackResult second = _folder.Pack();
        Assert.Equal((0, 12), (second.Added, second.Present));
        Assert.Equal(Hash(bytes), Hash(File.ReadAllBytes(_folder.Path)));
    }

    [Fact]
    public void Progress_counts_images_and_the_part_that_is_done()
    {
        _folder.Fill(300);
        var seen = new List<PackProgress>();
        ImagePacker.Pack(
            _folder.Images, _folder.Path, new PackOptions { Size = StoreFolder.Side },
            new ImmediateProgress<PackProgress>(seen.Add),
            TestContext.Current.CancellationToken);
        Assert.Equal([256, 300], seen.Select(progress => progress.Images));
        Assert.Equal(1, seen[^1].Fraction);
        Assert.InRange(seen[0].Fraction ?? 0, 0.5, 0.99);
    }

    [Fact]
    public void More_images_are_added_behind_the_others_with_their_new_classes()
    {
        _folder.Fill(12);
        _folder.Pack();
        string before = Describe();
        _folder.Add("0-first/new.png", 50);
        _folder.Add("b/new.png", 51);
        PackResult result = _folder.Pack();
        Assert.Equal((2, 12), (result.Added, result.Present));
        using ImageStore store = ImageStore.Open(_folder.Path);
        store.Verify(cancellation: Cancellation);
        Assert.Equal(["a", "b", "c", "0-first"], store.ClassNames);
        string after = Describe();
        Assert.StartsWith(before + "\n0-first/new.png 0-first ", after, StringComparison.Ordinal);
        Assert.Contains("\nb/new.png b ", after, StringComparison.Ordinal);
    }

    /// <summary>The store must not say that it is complete when it lacks an image of the second call.</summary>
    [Fact]
    public void A_complete_store_is_incomplete_from_the_first_new_image_on()
    {
        _folder.Fill(12);
        _folder.Pack();
        _folder.Add("b/new.png", 50);
        byte[] before = File.ReadAllBytes(_folder.Path);
        _folder.Pack();
        byte[] whole = File.ReadAllBytes(_folder.Path);
        File.WriteAllBytes(_folder.Path, before);
        using var stop = new CancellationTokenSource();
        var source = new StoppingSource(
            new FolderPackSource(ImageFolder.List(_folder.Images, Cancellation), StoreFolder.Side, 3), 13, stop);
        Assert.ThrowsAny<OperationCanceledException>(
            () => ImagePacker.Pack(source, _folder.Path, StoreFolder.Options, null, stop.Token));
        using (ImageStore store = ImageStore.Open(_folder.Path))
        {
            Assert.Equal(12, store.Count);
            Assert.False(store.IsComplete, "the store says that it is complete");
        }
        Assert.Equal(1, _folder.Pack().Added);
        Assert.Equal(Hash(whole), Hash(File.ReadAllBytes(_folder.Path)));
    }

    /// <summary>Whoever is told that the images are packed finds them there.</summary>
    [Fact]
    public void Of_several_that_create_a_store_at_once_each_succeeds_or_is_refused()
    {
        _folder.Fill(3);
        for (int round = 0; round < 10; round++)
        {
            int packed = 0;
            Parallel.For(0, 4, _ =>
            {
                try
                {
                    _folder.Pack();
                    Interlocked.Increment(ref packed);
                }
                catch (StoreInUseException)
                {
                    // Another one has it.
                }
            });
            Assert.InRange(packed, 1, 4);
            using (ImageStore store = ImageStore.Open(_folder.Path))
                Assert.Equal((3, true), (store.Count, store.IsComplete));
            File.Delete(_folder.Path);
        }
    }

    [Fact]
    public void An_empty_file_is_a_new_store()
    {
        _folder.Fill(3);
        File.WriteAllBytes(_folder.Path, []);
        Assert.Equal(3, _folder.Pack().Added);
    }

    [Fact]
    public void Errors_that_are_not_of_the_input_come_out_as_they_are()
    {
        var images = new ImageSource(
            "few", 8, 3, new int[5], ["any"], i => i == 3 ? throw new InvalidTimeZoneException("3") : new byte[192]);
        Assert.Equal("3", Assert.Throws<InvalidTimeZoneException>(
            () => ImagePacker.Pack(images, Split.Train, _folder.Path, cancellation: Cancellation)).Message);
    }

    [Fact]
    public void Damaged_images_are_all_named_and_what_came_before_them_stays()
    {
        _folder.Fill(20);
        _folder.AddDamaged("b/0.png");
        _folder.AddDamaged("c/z.png");
        DamagedImagesException e = Assert.Throws<DamagedImagesException>(() => _folder.Pack());
        Assert.Equal(["b/0.png", "c/z.png"], e.Names);
        Assert.Equal(22, e.Tried);
        using (ImageStore store = ImageStore.Open(_folder.Path))
        {
            Assert.Equal(5, store.Count);
            Assert.False(store.IsComplete, "a store that lacks images says that it is complete");
            Assert.Contains("did not come to its end", store.Images(Split.All).LeftAlone, StringComparison.Ordinal);
        }
        // One is repaired, the other left out: as if it had been so from the start.
        _folder.Add("b/0.png", 60);
        PackResult result = _folder.Pack(StoreFolder.Options with { SkipDamaged = true });
        Assert.Equal(["c/z.png"], result.LeftOut);
        Assert.Equal((16, 5), (result.Added, result.Present));
        using (ImageStore store = ImageStore.Open(_folder.Path))
        {
            Assert.Equal(["c/z.png"], store.LeftOut.Select(image => image.Name));
            Assert.Contains("z.png", store.LeftOut[0].Reason, StringComparison.Ordinal);
        }
        Assert.Equal(
            StoreFolder.Describe(
                ImageFolder.Open(_folder.Images, Split.All, StoreFolder.Side, 3, Cancellation).Without(["c/z.png"])),
            Describe());
    }

    [Fact]
    public void Images_of_another_size_and_sizes_that_are_too_large_are_refused()
    {
        _folder.Fill(3);
        _folder.Pack();
        Assert.Contains(
            "holds images of 8x8 with 3 channels, not of 8x16 with 3",
            Assert.Throws<InputException>(
                () => _folder.Pack(StoreFolder.Options with { Size = new ImageSize(8, 16) })).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "too large", Refusal(_folder.Beside("large.tpk"), new PackOptions { Size = 40_000 }),
            StringComparison.Ordinal);
        Assert.Contains(
            "is no store of images", Refusal(Path.Combine(_folder.Images, "a", "000.png"), StoreFolder.Options),
            StringComparison.Ordinal);

        string Refusal(string path, PackOptions options) => Assert.Throws<InputException>(
            () => ImagePacker.Pack(_folder.Images, path, options, cancellation: Cancellation)).Message;
    }

    /// <summary>Appending to a store would move images under a run that reads it.</summary>
    [Fact]
    public void A_store_in_use_is_not_written()
    {
        _folder.Fill(3);
        _folder.Pack();
        using ImageStore one = ImageStore.Open(_folder.Path), other = ImageStore.Open(_folder.Path);
        Assert.Contains(
            "is in use by another process", Assert.Throws<StoreInUseException>(() => _folder.Pack()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_leaves_the_blocks_before_it()
    {
        using var folder = new TemporaryFolder();
        using SmallDisk disk = SmallDisk.Mount(folder, kibibytes: 64);
        var images = new ImageSource("noise", 32, 3, new int[60], ["any"], i => [.. Enumerable.Repeat((byte)i, 3072)]);
        PackOptions options = StoreFolder.Options with { BlockLength = 4 * 3072 };
        InputException e = Assert.Throws<InputException>(
            () => ImagePacker.Pack(images, Split.Train, disk["images.tpk"], options, cancellation: Cancellation));
        Assert.Contains("the disk is full", e.Message, StringComparison.Ordinal);
        using ImageStore store = ImageStore.Open(disk["images.tpk"]);
        store.Verify(cancellation: Cancellation);
        Assert.InRange(store.Count, 4, 59);
    }

    private string Describe()
    {
        using ImageStore store = ImageStore.Open(_folder.Path);
        return StoreFolder.Describe(store.Images(Split.All));
    }

    private static string Hash(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    /// <summary>Cancels after some images, which were passed on one by one.</summary>
    private sealed record StoppingSource(PackSource Inner, int Count, CancellationTokenSource Stop)
        : PackSource(Inner.Name, Inner.Size, Inner.Channels)
    {
        public override IReadOnlyList<string> ClassNames => Inner.ClassNames;

        public override double? Fraction => null;

        public override IEnumerable<PackEntry> Entries(CancellationToken cancellation)
        {
            PackEntry[] entries = [.. Inner.Entries(cancellation)];
            // Enough that are known already to fill a chunk, so that the images before the stop are packed.
            PackEntry known = entries[0];
            foreach (PackEntry entry in entries.Take(Count).Concat(Enumerable.Repeat(known, 256 - Count)))
                yield return entry;
            Stop.Cancel();
            yield return entries[^1];
        }
    }
}
