using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Imaging;
using Tessera.Runs;
using Tessera.Tensors.Autograd;
using Tessera.Tests.Training;
using Tessera.Training;

namespace Tessera.Tests.Data.Stores;

/// <summary>A store gives what the folder gives that it was made of, and training cannot tell them apart.</summary>
public sealed class ImageStoreTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, 3)]
    [InlineData(true, 3)]
    [InlineData(false, 1)]
    public void A_folder_and_its_store_have_the_same_splits_names_classes_and_bytes(bool hasSplits, int channels)
    {
        if (hasSplits)
        {
            for (int i = 0; i < 7; i++) _folder.Add($"{(i < 4 ? "train" : "test")}/{(char)('a' + i % 2)}/{i}.png", i);
            _folder.Add("outside/7.png", 7);
        }
        else
        {
            _folder.Fill(33);
        }
        _folder.Pack(StoreFolder.Options with { Channels = channels });
        using ImageStore store = ImageStore.Open(_folder.Path);
        Assert.True(store.IsComplete, "the store is not complete");
        foreach (Split split in Enum.GetValues<Split>())
        {
            ImageSource folder = ImageFolder.Open(_folder.Images, split, StoreFolder.Side, channels, Cancellation);
            ImageSource stored = store.Images(split);
            Assert.Equal(folder.Count, store.CountOf(split));
            Assert.Equal(folder.ClassNames, stored.ClassNames);
            Assert.Equal(folder.Labels, stored.Labels);
            Assert.Equal(folder.Size, stored.Size);
            Assert.Equal(StoreFolder.Describe(folder), StoreFolder.Describe(stored));
            ImageSet one = folder.Load(cancellation: Cancellation), other = stored.Load(cancellation: Cancellation);
            Assert.Equal(one.Variance(), other.Variance());
            Assert.Equal(
                Enumerable.Range(0, one.Count).Select(one.Label), Enumerable.Range(0, other.Count).Select(other.Label));
            Assert.Equal(one.Image(one.Count - 1).Pixels, other.Image(other.Count - 1).Pixels);
            Assert.Null(other.Block);
        }
    }

    [Fact]
    public void A_run_on_a_store_ends_with_the_bits_of_a_run_on_the_folder()
    {
        _folder.Fill(40);
        _folder.Pack(StoreFolder.Options with { Size = 16 });
        using ImageStore store = ImageStore.Open(_folder.Path);
        string[] runs = [_folder.Beside("one"), _folder.Beside("other")];
        Train(runs[0], split => ImageFolder.Load(_folder.Images, split, 16, cancellation: Cancellation));
        Train(runs[1], split => store.Images(split).Load(cancellation: Cancellation));
        Assert.Equal(SmallRun.Files(runs[0], 24), SmallRun.Files(runs[1], 24));

        static void Train(string path, Func<Split, ImageSet> load)
        {
            TokenizerRun run = TokenizerRun.Create(path, SmallRun.Options with { Flips = true });
            using var learner = new TokenizerLearner(run, load(Split.Train), load(Split.Test));
            using var trainer = new Trainer(learner);
            trainer.Run(cancellation: Cancellation);
        }
    }

    /// <summary>In any order of updates: what was read ahead may not be what is asked for.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(50)]
    public void Batches_have_the_bits_of_images_in_memory(int batch)
    {
        _folder.Fill(30);
        _folder.Pack();
        using ImageStore store = ImageStore.Open(_folder.Path);
        ImageSet memory = ImageFolder.Load(_folder.Images, Split.Train, StoreFolder.Side, cancellation: Cancellation);
        using var expected = new ImageBatches(memory, batch, seed: 3, flips: true);
        ImageSet stored = store.Images(Split.Train).Load(cancellation: Cancellation);
        using var found = new ImageBatches(stored, batch, seed: 3, flips: true);
        foreach (long update in (long[])[0, 1, 2, 2, 9, 10, 4, 0])
        {
            using var tape = new Tape(recording: false);
            Assert.Equal(expected.Load(tape, update).ToArray(), found.Load(tape, update).ToArray());
        }
    }

    [Fact]
    public void Images_can_be_left_out_and_made_grey_without_reading_the_others()
    {
        _folder.Fill(30);
        _folder.Pack();
        using ImageStore store = ImageStore.Open(_folder.Path);
        ImageSource folder = ImageFolder.Open(_folder.Images, Split.All, StoreFolder.Side, 3, Cancellation);
        string[] names = [folder.NameOf(3), folder.NameOf(29), "no such name"];
        ImageSource stored = store.Images(Split.All).Without(names);
        Assert.Equal(StoreFolder.Describe(folder.Without(names)), StoreFolder.Describe(stored));
        ImageSet some = stored.Load(cancellation: Cancellation);
        ImageSet all = folder.Without(names).Load(cancellation: Cancellation);
        Assert.Null(some.Block);
        Assert.Equal(all.Variance(), some.Variance());
        ImageSet grey = stored.ToChannels(1).Load(cancellation: Cancellation);
        Assert.Null(grey.Block);
        Assert.Equal(1, grey.Channels);
        Assert.Equal(all.ToChannels(1).Variance(), grey.Variance());
        byte[] copy = new byte[StoreFolder.Side * StoreFolder.Side];
        grey.CopyPixels(5, copy);
        Assert.Equal(all.ToChannels(1).Image(5).Pixels, copy);
    }

    [Fact]
    public void An_empty_split_is_refused()
    {
        _folder.Fill(1);
        _folder.Pack();
        using ImageStore store = ImageStore.Open(_folder.Path);
        Split empty = store.CountOf(Split.Train) == 0 ? Split.Train : Split.Test;
        InputException e = Assert.Throws<InputException>(() => store.Images(empty));
        Assert.Contains($"no images in the {empty.Name()} split", e.Message, StringComparison.Ordinal);
        Assert.Equal("split", e.Option);
    }

    [Fact]
    public void Data_by_name_finds_a_store_and_refuses_another_size()
    {
        _folder.Fill(20);
        _folder.Pack();
        Assert.Equal((ImageSize)StoreFolder.Side, DataSource.FixedSize(_folder.Path));
        Assert.Null(DataSource.FixedSize(_folder.Images));
        Assert.Equal(20, DataSource.Open(_folder.Path, null, Split.All, StoreFolder.Side, 3, Cancellation).Count);
        ImageSet grey = DataSource.Load(
            _folder.Path, null, Split.All, ImageSize.Native, 1, cancellation: Cancellation);
        Assert.Equal(1, grey.Channels);
        InputException e = Assert.Throws<InputException>(
            () => DataSource.Open(_folder.Path, null, Split.All, 16, 3, Cancellation));
        Assert.Contains("8x8, not 16x16", e.Message, StringComparison.Ordinal);
    }

    /// <summary>The labels, numbers and checksums of a million images, but not their names and pixels.</summary>
    [Fact]
    public void A_set_takes_little_memory_for_each_image()
    {
        const int Count = 200_000;
        var images = new ImageSource("many", 4, 1, new int[Count], ["any"], i => [.. Enumerable.Repeat((byte)i, 16)]);
        ImagePacker.Pack(images, Split.Train, _folder.Path, cancellation: Cancellation);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        using ImageStore store = ImageStore.Open(_folder.Path);
        ImageSet set = store.Images(Split.Train).Load(cancellation: Cancellation);
        long perImage = (GC.GetTotalMemory(forceFullCollection: true) - before) / Count;
        Assert.InRange(perImage, 0, 16);
        Assert.Equal(unchecked((byte)(Count - 1)), set.Pixels(Count - 1)[^1]);
    }
}
