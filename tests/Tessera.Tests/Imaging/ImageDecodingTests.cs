using Tessera.Imaging;

namespace Tessera.Tests.Imaging;

public class ImageDecodingTests
{
    public static TheoryData<string> Pngs => [.. ImagingFixtures.Pngs.Keys];

    [Theory]
    [MemberData(nameof(Pngs))]
    public void A_png_decodes_to_the_pixels_of_the_script(string name)
    {
        ImagingFixtures.EncodedImage expected = ImagingFixtures.Pngs[name];

        Image image = ImageFile.Decode(expected.File, name);

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

        Assert.Equal([1, 2, 3, 4], ImageFile.Decode([.. file, 9, 9, 9]).Pixels);
    }

    /// <summary>
    /// .NET decompresses 8,192 bytes at a time, and ImageSharp leaves unread what is left of the checksum when the
    /// image is complete.
    /// </summary>
    [Fact]
    public void A_png_is_read_wherever_a_buffer_ends()
    {
        for (int length = 8180; length < 8200; length++)
        {
            byte[] rows = [0, .. Enumerable.Range(1, length).Select(i => (byte)i)];
            byte[] data = PngBuilder.Store(rows);
            PngBuilder Begin() => new PngBuilder().Header(width: (uint)length, height: 1);

            byte[] inOne = Begin().Chunk("IDAT", data).End();
            Assert.Equal(rows[1..], ImageFile.Decode(inOne, $"{length}").Pixels);
            Assert.Equal(rows[1..], ImageFile.Decode([.. inOne, .. new byte[100]], $"{length}, more behind").Pixels);
            byte[] inTwo = Begin().Chunk("IDAT", data[..^4]).Chunk("IDAT", data[^4..]).End();
            Assert.Equal(rows[1..], ImageFile.Decode(inTwo, $"{length} in two chunks").Pixels);
            byte[] turned = Begin().Chunk("IDAT", data).Chunk("eXIf", ImageDamageTests.UpsideDown).End();
            Assert.Equal(rows[1..].Reverse(), ImageFile.Decode(turned, $"{length} upside down").Pixels);
        }
    }

    [Fact]
    public void An_image_of_exactly_the_limit_is_read_and_one_above_is_not()
    {
        byte[] file = ImageFile.EncodePng(ImagingFixtures.Noisy(7, 5, 3));

        Assert.Equal(7, ImageFile.Decode(file, maxPixels: 35).Width);
        InputException e = Assert.Throws<InputException>(() => ImageFile.Decode(file, "big.png", maxPixels: 34));
        Assert.Contains("7 x 5 pixels; the limit is 34", e.Message);
    }

    [Fact]
    public void Reads_a_file_by_its_path()
    {
        using TemporaryFolder folder = new();
        Image image = ImagingFixtures.Noisy(9, 4, 3);

        Assert.Equal(image.Pixels, ImageFile.Read(folder.Write("a.png", ImageFile.EncodePng(image))).Pixels);
    }

    [Theory]
    [InlineData("4:4:4", 2, 0.1)]
    [InlineData("grey", 2, 0.1)]
    [InlineData("1x1", 2, 0.1)]
    [InlineData("CMYK", 3, 1)]
    // Pillow interpolates subsampled colour; ImageSharp repeats it.
    [InlineData("4:2:2", 16, 2.5)]
    [InlineData("4:2:0", 16, 2.5)]
    [InlineData("4:2:0 progressive", 16, 2.5)]
    [InlineData("luma 1x4", 16, 2.5)]
    public void A_jpeg_decodes_as_in_Pillow(string name, int mostLevels, double meanLevels) =>
        AssertClose(ImagingFixtures.Jpegs[name], mostLevels, meanLevels);

    public static TheoryData<string> Formats => [.. ImagingFixtures.Formats.Keys];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Other_formats_and_orientations_decode_as_in_Pillow(string name) =>
        AssertClose(
            ImagingFixtures.Formats[name], name.StartsWith("orientation", StringComparison.Ordinal) ? 2 : 0, 0.1);

    [Fact]
    public void A_gif_without_its_last_byte_is_read()
    {
        ImagingFixtures.EncodedImage gif = ImagingFixtures.Formats["gif"];

        Assert.Equal(gif.Pixels, ImageFile.Decode(gif.File[..^1]).Pixels);
    }

    [Fact]
    public void Bytes_after_a_webp_are_ignored()
    {
        ImagingFixtures.EncodedImage webp = ImagingFixtures.Formats["webp, colour profile"];

        Assert.Equal(webp.Pixels, ImageFile.Decode([.. webp.File, 9, 9, 9]).Pixels);
    }

    public static TheoryData<string, byte[]> CompressedTexts => new()
    {
        { "zTXt", "Title\0\0"u8.ToArray() },
        { "iTXt", "Title\0\u0001\0\0\0"u8.ToArray() },
        { "iCCP", "Title\0\0"u8.ToArray() },
    };

    [Theory]
    [MemberData(nameof(CompressedTexts))]
    public void A_compressed_text_is_not_inflated(string type, byte[] start)
    {
        byte[] text = [.. start, .. PngBuilder.Compress(new byte[1 << 24])];
        byte[] file = new PngBuilder().Header().Chunk(type, text).Rows(0, 1, 2, 0, 3, 4).End();

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal([1, 2, 3, 4], ImageFile.Decode(file).Pixels);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_narrow_interlaced_png_is_refused_with_the_reason(uint width)
    {
        byte[] file = new PngBuilder().Header(width: width, interlace: 1).Rows(new byte[64]).End();

        InputException e = Assert.Throws<InputException>(() => ImageFile.Decode(file, "thin.png"));

        Assert.Contains("save it without interlacing", e.Message);
    }

    private static void AssertClose(ImagingFixtures.EncodedImage expected, int mostLevels, double meanLevels)
    {
        Image image = ImageFile.Decode(expected.File, expected.Name);

        Assert.Equal((expected.Width, expected.Height, expected.Channels), (image.Width, image.Height, image.Channels));
        int[] levels = [.. image.Pixels.Zip(expected.Pixels, (a, b) => Math.Abs(a - b))];
        Assert.True(
            levels.Max() <= mostLevels && levels.Average() <= meanLevels,
            $"{expected.Name}: samples differ from Pillow's by up to {levels.Max()} levels, "
            + $"{levels.Average():0.00} on average.");
    }
}
