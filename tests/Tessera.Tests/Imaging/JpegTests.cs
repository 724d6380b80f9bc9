using Tessera.Imaging;

namespace Tessera.Tests.Imaging;

public class JpegTests
{
    /// <summary>Versions of the library may round the inverse DCT and the colours by a level each.</summary>
    private const int Tolerance = 2;

    public static TheoryData<string> Names => [.. ImagingFixtures.Jpegs.Keys.Where(name => name != "CMYK")];

    [Theory]
    [MemberData(nameof(Names))]
    public void Decodes_as_Pillow_does(string name)
    {
        SkipWithoutLibrary();
        ImagingFixtures.EncodedPicture expected = ImagingFixtures.Jpegs[name];

        Image image = Jpeg.Decode(expected.File, name);

        Assert.Equal((expected.Width, expected.Height, expected.Channels), (image.Width, image.Height, image.Channels));
        int worst = image.Pixels.Zip(expected.Pixels, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(worst <= Tolerance, $"{name}: a sample is {worst} levels from Pillow's.");
    }

    [Fact]
    public void Cmyk_is_refused_with_the_reason()
    {
        SkipWithoutLibrary();
        byte[] file = ImagingFixtures.Jpegs["CMYK"].File;

        InputException e = Assert.Throws<InputException>(() => Jpeg.Decode(file, "a.jpg"));

        Assert.StartsWith("a.jpg: ", e.Message);
        Assert.Contains("CMYK", e.Message);
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        SkipWithoutLibrary();
        byte[] file = ImagingFixtures.Jpegs["4:2:0"].File;

        // The last two bytes mark the end; nothing is lost without them.
        for (int length = 0; length < file.Length - 2; length += 7)
        {
            InputException e = Assert.Throws<InputException>(() => Jpeg.Decode(file.AsSpan(0, length), "cut.jpg"));
            Assert.StartsWith("cut.jpg: not a usable JPEG: ", e.Message);
            Assert.DoesNotContain('\n', e.Message);
        }
    }

    [Fact]
    public void Random_damage_never_ends_otherwise_than_well_or_in_one_line()
    {
        SkipWithoutLibrary();
        Random random = new(20);
        ImagingFixtures.EncodedPicture[] pictures = [.. ImagingFixtures.Jpegs.Values];
        int refused = 0;
        for (int round = 0; round < 1000; round++)
        {
            byte[] file = [.. pictures[round % pictures.Length].File];
            file[random.Next(file.Length)] = (byte)random.Next(256);
            try
            {
                Image image = Jpeg.Decode(file, maxPixels: 1 << 20);
                Assert.Equal(image.Width * image.Height * image.Channels, image.Pixels.Length);
            }
            catch (InputException e)
            {
                Assert.DoesNotContain('\n', e.Message);
                refused++;
            }
        }
        Assert.InRange(refused, 100, 999);
    }

    [Fact]
    public void Dimensions_over_the_limit_are_refused()
    {
        SkipWithoutLibrary();
        InputException e = Assert.Throws<InputException>(
            () => Jpeg.Decode(ImagingFixtures.Jpegs["4:4:4"].File, "big.jpg", maxPixels: 17 * 13 - 1));

        Assert.Contains("17 x 13 pixels; the limit is 220", e.Message);
    }

    [Fact]
    public void Without_the_library_the_message_says_what_to_install()
    {
        TurboJpeg? library = TurboJpeg.Load(["no-such-library-anywhere"]);
        Assert.Null(library);

        InputException e = Assert.Throws<InputException>(() => Jpeg.Decode([], "a.jpg", 1, library));

        Assert.StartsWith("a.jpg: reading JPEG needs libjpeg-turbo; install it", e.Message);
        Assert.Contains("apt install libturbojpeg0", e.Message);
        Assert.DoesNotContain('\n', e.Message);
    }

    private static void SkipWithoutLibrary()
    {
        if (TurboJpeg.Shared is null) Assert.Skip("libjpeg-turbo is not installed");
    }
}
