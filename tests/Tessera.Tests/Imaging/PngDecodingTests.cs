using Tessera.Imaging;

namespace Tessera.Tests.Imaging;

public class PngDecodingTests
{
    public static TheoryData<string> Names => [.. ImagingFixtures.Pngs.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Decodes_what_the_script_encoded(string name)
    {
        ImagingFixtures.EncodedPicture expected = ImagingFixtures.Pngs[name];

        Image image = Png.Decode(expected.File, name);

        Assert.Equal((expected.Width, expected.Height, expected.Channels), (image.Width, image.Height, image.Channels));
        Assert.Equal(expected.Pixels, image.Pixels);
    }

    [Fact]
    public void Fixtures_hold_every_kind_of_png()
    {
        IEnumerable<(int Color, int Depth, int Interlace)> kinds =
            ImagingFixtures.Pngs.Values.Select(png => ((int)png.File[25], (int)png.File[24], (int)png.File[28]));

        // 5 depths of grey, 4 of palette, 2 each of RGB, grey and alpha, RGB and alpha; plain and interlaced.
        Assert.Equal(2 * (5 + 4 + 2 + 2 + 2), kinds.Distinct().Count());
    }

    [Fact]
    public void Unknown_ancillary_chunks_and_bytes_after_the_end_are_ignored()
    {
        byte[] file = new PngBuilder().Header().Chunk("abCd", 1, 2, 3).Rows(0, 1, 2, 0, 3, 4).Chunk("zzZz").End();

        Assert.Equal([1, 2, 3, 4], Png.Decode([.. file, 9, 9, 9]).Pixels);
    }

    [Fact]
    public void A_picture_of_exactly_the_limit_is_read_and_one_above_is_not()
    {
        byte[] file = Png.Encode(ImagingFixtures.Noisy(7, 5, 3));

        Assert.Equal(7, Png.Decode(file, maxPixels: 35).Width);
        InputException e = Assert.Throws<InputException>(() => Png.Decode(file, "big.png", maxPixels: 34));
        Assert.Contains("7 x 5 pixels; the limit is 34", e.Message);
    }

    [Fact]
    public void Reads_a_file_by_its_path()
    {
        using TemporaryFolder folder = new();
        Image image = ImagingFixtures.Noisy(9, 4, 3);

        Assert.Equal(image.Pixels, Png.Read(folder.Write("a.png", Png.Encode(image))).Pixels);
    }
}
