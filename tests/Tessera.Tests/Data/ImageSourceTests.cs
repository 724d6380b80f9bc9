using Tessera.Data;
using Tessera.Imaging;

namespace Tessera.Tests.Data;

/// <summary>Folders of damaged images, of several formats and of several sizes.</summary>
public sealed class ImageSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(13)]
    public void All_damaged_images_are_named_the_first_ten_in_the_message(int damaged)
    {
        AddImages(20);
        for (int i = 0; i < damaged; i++) _folder.Write($"a/bad{i:00}.png", i % 2 == 0 ? [] : [0x89, (byte)'P']);

        DamagedImagesException e = Assert.Throws<DamagedImagesException>(
            () => Open(16).Load(cancellation: Cancellation));

        Assert.Equal(Enumerable.Range(0, damaged).Select(i => $"a/bad{i:00}.png"), e.Names);
        Assert.Equal(20 + damaged, e.Tried);
        string[] lines = e.Message.Split('\n');
        Assert.Equal($"{damaged} of {20 + damaged} images cannot be read:", lines[0]);
        Assert.Equal($"  {_folder["a", "bad00.png"]}: the file is empty; replace or remove it", lines[1]);
        Assert.Equal(1 + Math.Min(damaged, 10) + (damaged > 10 ? 1 : 0), lines.Length);
        if (damaged > 10) Assert.Equal($"  ... and {damaged - 10} more", lines[^1]);
    }

    [Fact]
    public void A_source_without_the_damaged_images_keeps_the_others_and_their_classes()
    {
        AddImages(3);
        _folder.Write("a/1-bad.png", []);
        _folder.Write("b/0.png", ImageFile.EncodePng(SyntheticShapes.Image(7, 16)));

        ImageSource kept = Open(16).Without(["a/1-bad.png", "a/never-there.png"]);
        ImageSet loaded = kept.Load(cancellation: Cancellation);

        Assert.Equal(["a/0.png", "a/1.png", "a/2.png", "b/0.png"], Enumerable.Range(0, kept.Count).Select(kept.NameOf));
        Assert.Equal([0, 0, 0, 1], kept.Labels);
        Assert.Equal(SyntheticShapes.Image(7, 16).Pixels, loaded.Image(3).Pixels);
        Assert.Equal(SyntheticShapes.Image(1, 16).Pixels, loaded.Image(1).Pixels);
    }

    [Fact]
    public void A_source_without_any_image_is_refused()
    {
        _folder.Write("a/bad.png", []);
        InputException e = Assert.Throws<InputException>(() => Open(16).Without(["a/bad.png"]));
        Assert.Contains("none of the 1 images", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_format_is_read_and_files_of_other_kinds_are_counted()
    {
        foreach ((string name, string ending) in new[]
            { ("webp", "WEBP"), ("animated gif", "gif"), ("bmp", "bmp"), ("tiff", "tiff"), ("tiff, LZW", "tif") })
            _folder.Write($"a/{name.Replace(' ', '-')}.{ending}", Imaging.ImagingFixtures.Formats[name].File);
        AddImages(1);
        _folder.Write("a/Thumbs.db", [1]);
        _folder.Write("a/notes.txt", [1]);
        _folder.Write("more.TXT", [1]);
        _folder.Write("LICENSE", [1]);
        _folder.Write("a/.hidden", [1]);

        ImageSource images = Open(16);

        Assert.Equal(6, images.Load(cancellation: Cancellation).Count);
        Assert.Equal("4 other files left alone (.TXT, .db, no ending)", images.LeftAlone);
    }

    [Fact]
    public void LeftAlone_is_null_without_other_files()
    {
        AddImages(1);
        Assert.Null(Open(16).LeftAlone);
    }

    [Fact]
    public void One_image_is_enough()
    {
        AddImages(1);
        ImageSet one = Open(new ImageSize(8, 12)).Load(cancellation: Cancellation);
        Assert.Equal((1, 8, 12), (one.Count, one.Height, one.Width));
    }

    [Fact]
    public void Native_images_are_cropped_to_the_models_stride()
    {
        Image made = ImageTransform.CropCentre(SyntheticShapes.Image(3, 64), 51, 21);
        _folder.Write("a/0.png", ImageFile.EncodePng(made));

        ImageSource images = Open(ImageSize.NativeIn(4));

        Assert.Equal(new ImageSize(20, 48), images.Size);
        Assert.Equal(ImageTransform.CropCentre(made, 48, 20).Pixels, images.Read(0));
    }

    [Fact]
    public void Native_images_of_several_sizes_are_one_error_and_not_damaged()
    {
        AddImages(2);
        _folder.Write("a/2.png", ImageFile.EncodePng(SyntheticShapes.Image(3, 24)));

        InputException e = Assert.ThrowsAny<InputException>(
            () => Open(ImageSize.Native).Load(cancellation: Cancellation));

        Assert.IsNotType<DamagedImagesException>(e);
        Assert.Equal(
            $"{_folder["a", "2.png"]} is 24x24 (height x width) and {_folder["a", "0.png"]} is 16x16: "
            + "at their native size all images must have the same size; give a size, or use one image at a time",
            e.Message);
    }

    [Fact]
    public void A_native_image_smaller_than_the_stride_is_refused()
    {
        _folder.Write("a/0.png", ImageFile.EncodePng(Image.Black(3, 40, 3)));
        InputException e = Assert.ThrowsAny<InputException>(() => Open(ImageSize.NativeIn(4)));
        Assert.Contains(
            "is 40x3 (height x width), smaller than 4x4, the cell of a code", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void If_no_image_has_a_native_size_all_are_named()
    {
        _folder.Write("a/0.png", []);
        _folder.Write("a/1.png", []);
        DamagedImagesException e = Assert.Throws<DamagedImagesException>(() => Open(ImageSize.Native));
        Assert.Equal((2, 2), (e.Names.Count, e.Tried));
    }

    [Fact]
    public void The_names_of_skipped_images_are_stored_sorted_and_once()
    {
        Assert.Empty(SkippedFile.Read(_folder["skipped.txt"]));
        string path = _folder["skipped.txt"];
        SkippedFile.Write(path, ["b.png", "a/ä.png", "b.png", "new\nline.png", "back\\slash\r.png"]);
        Assert.Equal(["a/ä.png", "b.png", "back\\slash\r.png", "new\nline.png"], SkippedFile.Read(path));
    }

    private ImageSource Open(ImageSize size) =>
        ImageFolder.Open(_folder.Path, Split.All, size, cancellation: Cancellation);

    private void AddImages(int count)
    {
        for (int i = 0; i < count; i++) _folder.Write($"a/{i}.png", ImageFile.EncodePng(SyntheticShapes.Image(i, 16)));
    }
}
