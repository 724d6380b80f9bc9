using Tessera.Data;
using Tessera.Imaging;
using static Tessera.Tests.Data.CifarFiles;

namespace Tessera.Tests.Data;

public sealed class ImageFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_first_folder_is_the_class_at_any_depth()
    {
        Add("cat/b.png", 2);
        Add("cat/a/deep/er.png", 1);
        Add("Zebra/1.png", 3);
        Add("loose.png", 4);
        _folder.Write("cat/notes.txt", [1]);
        ImageSet set = Load(Split.All);
        Assert.Equal(["Zebra", "cat", ImageFolder.Unlabelled], set.ClassNames);
        Assert.Equal([3, 1, 2, 4], Values(set));
        Assert.Equal([0, 1, 1, 2], Labels(set));
        Assert.Equal((4, 4, 3), (set.Width, set.Height, set.Channels));
        Assert.Equal(_folder.Path, set.Name);
    }

    [Fact]
    public void Train_and_test_inside_are_the_splits_and_share_their_classes()
    {
        Add("train/dog/1.png", 1);
        Add("train/cat/1.png", 2);
        Add("test/dog/1.png", 3);
        Add("test/ant/1.png", 4);
        Add("test/5.png", 5);
        Add("spare/6.png", 6);
        ImageSet train = Load(Split.Train), test = Load(Split.Test), all = Load(Split.All);
        Assert.Equal(["ant", "cat", "dog", "spare", ImageFolder.Unlabelled], train.ClassNames);
        Assert.Equal(train.ClassNames, test.ClassNames);
        Assert.Equal([2, 1], Values(train));
        Assert.Equal([1, 2], Labels(train));
        Assert.Equal([5, 4, 3], Values(test));
        Assert.Equal([4, 0, 2], Labels(test));
        Assert.Equal([6, 5, 4, 3, 2, 1], Values(all));
    }

    [Fact]
    public void A_folder_called_train_alone_is_a_class()
    {
        Add("train/1.png", 1);
        Add("plane/1.png", 2);
        Assert.Equal(["plane", "train"], Load(Split.All).ClassNames);
    }

    [Fact]
    public void Without_splits_a_tenth_by_hash_is_held_out()
    {
        for (int i = 0; i < 60; i++) Add($"a/{i}.png", (byte)i);
        int[] train = Values(Load(Split.Train)), test = Values(Load(Split.Test));
        Assert.Equal(Enumerable.Range(0, 60), train.Concat(test).Order());
        Assert.Equal(Enumerable.Range(0, 60).Where(i => ImageFolder.IsHeldOut($"a/{i}.png")), test.Order());
    }

    [Fact]
    public void The_hash_holds_out_a_tenth_and_never_changes()
    {
        // From Python:
        // [i for i in range(100) if int.from_bytes(sha256(f"cat/{i}.png".encode()).digest()[:8], "little") % 10 == 0]
        Assert.Equal(
            (int[])[3, 13, 39, 51, 63, 76, 77, 87, 94, 96],
            Enumerable.Range(0, 100).Where(i => ImageFolder.IsHeldOut($"cat/{i}.png")));
        Assert.InRange(Enumerable.Range(0, 10_000).Count(i => ImageFolder.IsHeldOut($"{i}")), 900, 1100);
    }

    [Fact]
    public void Images_are_converted_to_the_size_and_channels()
    {
        ImageFile.WritePng(Path.Combine(_folder.Path, "wide.png"), Filled(20, 10, 3, 77));
        ImageSet set = Load(Split.All, 8, 4, 1);
        Assert.Equal((8, 4, 1), (set.Width, set.Height, set.Channels));
        Assert.Equal(Enumerable.Repeat((byte)77, 32), Pixels(set));
    }

    [Fact]
    public void Progress_counts_every_image()
    {
        for (int i = 0; i < 9; i++) Add($"{i}.png", (byte)i);
        var seen = new System.Collections.Concurrent.ConcurrentBag<int>();
        var progress = new Reporter(seen.Add);
        ImageFolder.Load(_folder.Path, Split.All, 4, 3, progress, TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(1, 9), seen.Order());
    }

    [Fact]
    public void Loading_can_be_cancelled()
    {
        Add("a.png", 1);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(
            () => ImageFolder.Load(_folder.Path, Split.All, 4, 3, null, cancelled.Token));
    }

    [Fact]
    public void Hidden_files_and_folders_are_skipped()
    {
        Add("a/1.png", 1);
        _folder.Write("a/._1.png", [0, 5]);
        _folder.Write(".thumbs/1.png", [0, 5]);
        Assert.Equal([1], Values(Load(Split.All)));
    }

    [Fact]
    public void Links_are_followed_but_cycles_are_not()
    {
        using var elsewhere = new TemporaryFolder();
        ImageFile.WritePng(elsewhere["1.png"], Filled(4, 4, 3, 9));
        Directory.CreateDirectory(_folder["a"]);
        try
        {
            Directory.CreateSymbolicLink(_folder["linked"], elsewhere.Path);
            Directory.CreateSymbolicLink(_folder["a", "up"], _folder.Path);
            Directory.CreateSymbolicLink(elsewhere["back"], _folder["a"]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Assert.Skip("This user may not create symbolic links.");
        }
        ImageSet set = Load(Split.All);
        Assert.Equal(["linked"], set.ClassNames);
        Assert.Equal([9], Values(set));
    }

    [Fact]
    public void A_folder_that_is_missing_or_without_images_is_refused()
    {
        Refused("nowhere", () => ImageFolder.Load(
            _folder["nowhere"], Split.All, 4, cancellation: TestContext.Current.CancellationToken));
        _folder.Write("a/notes.txt", [1]);
        InputException e = Refused(_folder.Path, () => Load(Split.Train));
        Assert.Contains("(.png, .jpg, .jpeg, .webp, .gif, .bmp, .tif, .tiff)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_split_is_refused()
    {
        string trained = Enumerable.Range(0, 100).Select(i => $"{i}.png").First(name => !ImageFolder.IsHeldOut(name));
        Add(trained, 1);
        InputException noTest = Refused(_folder.Path, () => Load(Split.Test));
        Assert.Contains("none is in the test split", noTest.Message, StringComparison.Ordinal);
        File.Delete(_folder[trained]);
        Add(Enumerable.Range(0, 100).Select(i => $"{i}.png").First(ImageFolder.IsHeldOut), 1);
        InputException noTrain = Refused(_folder.Path, () => Load(Split.Train));
        Assert.Contains("all are in the test split", noTrain.Message, StringComparison.Ordinal);
        Add("train/a/1.png", 1);
        Directory.CreateDirectory(_folder["test"]);
        Refused(_folder["test"], () => Load(Split.Test));
        Assert.Equal(1, Load(Split.Train).Count);
    }

    [Fact]
    public void A_broken_image_is_named()
    {
        for (int i = 0; i < 5; i++) Add($"{i}.png", (byte)i);
        string broken = _folder.Write("a/broken.png", File.ReadAllBytes(_folder["1.png"])[..40]);

        DamagedImagesException e = Assert.Throws<DamagedImagesException>(() => Load(Split.All));

        Assert.Equal(["a/broken.png"], e.Names);
        Assert.Equal(
            $"{broken}: not a usable image: the file ends before the image does; replace or remove it", e.Message);
    }

    [Fact]
    public void Sizes_are_checked()
    {
        Add("a.png", 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => Load(Split.All, 0, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => Load(Split.All, 4, -4));
        Assert.Throws<ArgumentOutOfRangeException>(() => Load(Split.All, 4, 4, 2));
        Refused("GiB", () => Load(Split.All, 1 << 24, 1 << 24));
    }

    private void Add(string path, byte value)
    {
        string file = _folder.Write(path, []);
        ImageFile.WritePng(file, Filled(4, 4, 3, value));
    }

    private ImageSet Load(Split split, int width = 4, int height = 4, int channels = 3) => ImageFolder.Load(
        _folder.Path, split, new ImageSize(height, width), channels,
        cancellation: TestContext.Current.CancellationToken);

    private static Image Filled(int width, int height, int channels, byte value)
    {
        Image image = Image.Black(width, height, channels);
        Array.Fill(image.Pixels, value);
        return image;
    }

    private static int[] Values(ImageSet set) => [.. Enumerable.Range(0, set.Count).Select(i => (int)set.Pixels(i)[0])];

    private sealed class Reporter(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
