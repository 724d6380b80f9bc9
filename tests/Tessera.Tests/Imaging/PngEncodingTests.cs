using Tessera.Imaging;

namespace Tessera.Tests.Imaging;

public class PngEncodingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Images_of_every_small_size_round_trip(int channels)
    {
        for (int width = 1; width <= 18; width++)
        {
            for (int height = 1; height <= 9; height++)
            {
                Image image = ImagingFixtures.Noisy(width, height, channels);

                Image back = ImageFile.Decode(ImageFile.EncodePng(image));

                Assert.Equal((width, height, channels), (back.Width, back.Height, back.Channels));
                Assert.Equal(image.Pixels, back.Pixels);
            }
        }
    }

    [Theory]
    [InlineData(4001, 3, 1)]
    [InlineData(3, 4001, 3)]
    [InlineData(257, 255, 3)]
    public void Long_and_large_images_round_trip(int width, int height, int channels)
    {
        Image image = ImagingFixtures.Noisy(width, height, channels);

        Assert.Equal(image.Pixels, ImageFile.Decode(ImageFile.EncodePng(image)).Pixels);
    }

    [Fact]
    public void The_file_is_laid_out_as_the_standard_says()
    {
        byte[] file = ImageFile.EncodePng(ImagingFixtures.Noisy(300, 2, 3));

        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], file[..8]);
        Assert.Equal("\0\0\0\rIHDR\0\0\u0001,\0\0\0\u0002\b\u0002\0\0\0"u8, file.AsSpan(8, 21));
        Assert.Equal("IDAT"u8, file.AsSpan(37, 4));
        // An IEND chunk is the same in every PNG file.
        Assert.Equal([0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82], file[^12..]);
    }

    [Fact]
    public void The_same_image_gives_the_same_file() =>
        Assert.Equal(
            ImageFile.EncodePng(ImagingFixtures.Noisy(64, 48, 3)),
            ImageFile.EncodePng(ImagingFixtures.Noisy(64, 48, 3)));

    [Fact]
    public void Write_replaces_a_file_and_leaves_nothing_else()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("grid.png", new byte[100_000]);
        Image image = ImagingFixtures.Noisy(8, 8, 3);

        ImageFile.WritePng(path, image);

        Assert.Equal(ImageFile.EncodePng(image), File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Write_to_a_missing_folder_is_an_error()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "missing", "grid.png");

        InputException e = Assert.Throws<InputException>(
            () => ImageFile.WritePng(path, ImagingFixtures.Noisy(2, 2, 1)));

        Assert.StartsWith($"cannot write {path}: ", e.Message);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void A_failed_write_changes_nothing()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "grid.png");
        Directory.CreateDirectory(path);

        Assert.Throws<InputException>(() => ImageFile.WritePng(path, ImagingFixtures.Noisy(2, 2, 1)));

        Assert.Equal([path], Directory.GetFileSystemEntries(folder.Path));
    }
}
