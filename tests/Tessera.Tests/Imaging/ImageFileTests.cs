using System.Text;
using Tessera.Imaging;

namespace Tessera.Tests.Imaging;

public class ImageFileTests
{
    [Theory]
    [InlineData("a.png", true)]
    [InlineData("folder.x/A.PNG", true)]
    [InlineData("a.b.jpg", true)]
    [InlineData("a.JpEg", true)]
    [InlineData("a.jpe", false)]
    [InlineData("a.gif", true)]
    [InlineData("a.WebP", true)]
    [InlineData("a.bmp", true)]
    [InlineData("a.tif", true)]
    [InlineData("a.tiff", true)]
    [InlineData("a.svg", false)]
    [InlineData("a.avif", false)]
    [InlineData("png", false)]
    [InlineData("a.png.txt", false)]
    [InlineData("a.png/b", false)]
    [InlineData("", false)]
    public void Images_are_known_by_their_extension(string path, bool isImage) =>
        Assert.Equal(isImage, ImageFile.IsImage(path));

    [Fact]
    public void The_content_decides_and_not_the_name()
    {
        using TemporaryFolder folder = new();
        Image image = ImagingFixtures.Noisy(5, 6, 3);

        Assert.Equal(image.Pixels, ImageFile.Read(folder.Write("really-a-png.jpg", ImageFile.EncodePng(image))).Pixels);
    }

    [Fact]
    public void A_jpeg_named_png_is_read_as_a_jpeg()
    {
        using TemporaryFolder folder = new();
        ImagingFixtures.EncodedImage jpeg = ImagingFixtures.Jpegs["grey"];

        Assert.Equal(jpeg.Width, ImageFile.Read(folder.Write("really-a-jpeg.png", jpeg.File)).Width);
    }

    [Theory]
    [InlineData("\0\0\0\u0020ftypavif", "AVIF")]
    [InlineData("RIFF", "not a usable image")]
    [InlineData("x", "not a usable image")]
    [InlineData("", "empty")]
    public void Other_files_are_refused_with_a_reason(string content, string words)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("a.png", Encoding.Latin1.GetBytes(content));

        InputException e = Assert.Throws<InputException>(() => ImageFile.Read(path));

        Assert.StartsWith($"{path}: ", e.Message);
        Assert.Contains(words, e.Message);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void A_damaged_file_is_named()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("cut.png", ImageFile.EncodePng(ImagingFixtures.Noisy(9, 9, 3))[..60]);

        InputException e = Assert.Throws<InputException>(() => ImageFile.Read(path));

        Assert.StartsWith($"{path}: not a usable image: ", e.Message);
    }

    [Fact]
    public void Missing_files_and_folders_are_named()
    {
        using TemporaryFolder folder = new();
        string missing = Path.Combine(folder.Path, "no.png"), deeper = Path.Combine(missing, "no.png");

        foreach (string path in new[] { missing, deeper, folder.Path })
        {
            InputException e = Assert.Throws<InputException>(() => ImageFile.Read(path));
            Assert.StartsWith($"cannot read {path}: ", e.Message);
            Assert.DoesNotContain('\n', e.Message);
        }
    }

    [Theory]
    [InlineData(0, 1, 1, 0)]
    [InlineData(1, 0, 1, 0)]
    [InlineData(-1, -1, 1, 1)]
    [InlineData(1, 1, 2, 2)]
    [InlineData(2, 2, 3, 11)]
    [InlineData(65536, 65536, 1, 0)]
    public void An_image_of_inconsistent_sizes_is_refused(int width, int height, int channels, int samples) =>
        Assert.ThrowsAny<ArgumentException>(() => new Image(width, height, channels, new byte[samples]));
}
