using System.Buffers.Binary;
using Tessera.Imaging;

namespace Tessera.Tests.Imaging;

public class ImageDamageTests
{
    private static readonly byte[] GoodRows = [0, 1, 2, 0, 3, 4];

    // Exif with one entry: tag 0x0112 (orientation), of type 3 (short), 1 value: 3.
    internal static readonly byte[] UpsideDown =
        [.. "MM"u8, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0];

    private static PngBuilder Begin() => new PngBuilder().Header();

    private static PngBuilder BeginPalette(int bitDepth = 8) =>
        new PngBuilder().Header(bitDepth: bitDepth, colorType: 3);

    /// <summary>Damage that checksums do not reveal.</summary>
    private static readonly Dictionary<string, byte[]> Damaged = new()
    {
        ["signature alone"] = new PngBuilder().ToBytes(),
        ["no IHDR"] = new PngBuilder().Rows(GoodRows).End(),
        ["short IHDR"] = new PngBuilder().Chunk("IHDR", new byte[12]).Rows(GoodRows).End(),
        ["width 0"] = new PngBuilder().Header(width: 0).Rows(GoodRows).End(),
        ["height 0"] = new PngBuilder().Header(height: 0).Rows(GoodRows).End(),
        ["filter method"] = new PngBuilder().Header(filter: 64).Rows(GoodRows).End(),
        ["interlace method"] = new PngBuilder().Header(interlace: 2).Rows(GoodRows).End(),
        ["no IDAT"] = Begin().End(),
        ["no IEND"] = Begin().Rows(GoodRows).ToBytes(),
        ["no palette"] = BeginPalette().Rows(GoodRows).End(),
        ["row filter"] = Begin().Rows(0, 1, 2, 5, 3, 4).End(),
        ["no zlib header"] = Begin().Chunk("IDAT", new byte[20]).End(),
        ["no rows"] = Begin().Rows().End(),
        ["a row missing"] = Begin().Rows(GoodRows[..3]).End(),
        ["the last sample missing"] = Begin().Rows(GoodRows[..5]).End(),
        ["a row missing of a white image"] = Begin().Rows(0, 255, 255).End(),
        ["a row missing of an upside-down image"] = Begin().Chunk("eXIf", UpsideDown).Rows(GoodRows[..3]).End(),
        ["interlaced rows missing"] = new PngBuilder().Header(8, 8, interlace: 1).Rows(GoodRows).End(),
    };

    /// <summary>Files of wrong sizes and of other kinds, with words of the reason given.</summary>
    public static TheoryData<string, byte[], string> Explained => new()
    {
        {
            "absurd size", new PngBuilder().Header(0x7FFFFFFF, 0x7FFFFFFF).Rows(GoodRows).End(),
            "2147483647 x 2147483647 pixels"
        },
        { "absurd width", new PngBuilder().Header(0x7FFFFFFF, 1).Rows(GoodRows).End(), "the limit is 67108864" },
        { "2^30 x 2^30", new PngBuilder().Header(1 << 30, 1 << 30).Rows(GoodRows).End(), "1073741824 x 1073741824" },
        { "text", "Not an image at all."u8.ToArray(), "of another format" },
        { "rows missing", Begin().Rows(GoodRows[..3]).End(), "it has too little data" },
        { "animated WebP", AnimatedWebp(), "this kind of WEBP file is not supported; save it as PNG" },
        { "half a WebP", ImagingFixtures.Formats["webp"].File[..200], "ends before the image does" },
        { "half a file", ImagingFixtures.Jpegs["4:4:4"].File[..700], "ends before the image does" },
    };

    // The flag alone, without an animation.
    private static byte[] AnimatedWebp()
    {
        byte[] file = [.. ImagingFixtures.Formats["webp, colour profile"].File];
        file[20] |= 2;
        return file;
    }

    public static TheoryData<string> Cases => [.. Damaged.Keys];

    [Fact]
    public void The_rows_of_these_tests_are_valid() =>
        Assert.Equal([1, 2, 3, 4], ImageFile.Decode(Begin().Rows(GoodRows).End()).Pixels);

    [Fact]
    public void The_upside_down_image_of_these_tests_is_valid() =>
        Assert.Equal(
            [4, 3, 2, 1], ImageFile.Decode(Begin().Chunk("eXIf", UpsideDown).Rows(GoodRows).End()).Pixels);

    [Fact]
    public void An_image_with_a_black_last_row_is_read() =>
        Assert.Equal([1, 2, 0, 0], ImageFile.Decode(Begin().Rows(0, 1, 2, 0, 0, 0).End()).Pixels);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Damage_is_one_line_that_names_the_file(string name) => AssertRefused(Damaged[name], "");

    [Theory]
    [MemberData(nameof(Explained))]
    public void The_reason_is_given(string name, byte[] file, string words)
    {
        Assert.NotEmpty(name);
        AssertRefused(file, words);
    }

    private static void AssertRefused(byte[] file, string words)
    {
        InputException e = Assert.Throws<InputException>(() => ImageFile.Decode(file, "some/file.png"));

        Assert.StartsWith("some/file.png: not a usable image: ", e.Message);
        Assert.Contains(words, e.Message);
        Assert.EndsWith("; replace or remove it", e.Message);
        Assert.DoesNotContain('\n', e.Message);
        Assert.DoesNotContain("..", e.Message);
    }

    [Fact]
    public void Every_colour_type_and_depth_that_does_not_exist_is_refused()
    {
        for (int colorType = 0; colorType < 10; colorType++)
        {
            for (int bitDepth = 0; bitDepth < 34; bitDepth++)
            {
                bool exists = (colorType, bitDepth) is (0, 1 or 2 or 4 or 8 or 16) or (3, 1 or 2 or 4 or 8)
                    or (2 or 4 or 6, 8 or 16);
                if (exists) continue;
                byte[] file =
                    new PngBuilder().Header(bitDepth: bitDepth, colorType: colorType).Rows(new byte[256]).End();
                Assert.Throws<InputException>(() => ImageFile.Decode(file));
            }
        }
    }

    [Fact]
    public void A_large_declared_size_allocates_little()
    {
        byte[] file = new PngBuilder().Header(8192, 8193, colorType: 2).Rows(GoodRows).End();

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InputException>(() => ImageFile.Decode(file));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    public static TheoryData<string> Files =>
        [.. ImagingFixtures.Files.Select(file => file.Name).Where(IsOneOfItsKind)];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_cut_anywhere_is_refused(string name)
    {
        byte[] file = ImagingFixtures.Files.Single(image => image.Name == name).File;

        // The last byte of a GIF may be missing.
        int end = name == "gif" ? file.Length - 1 : file.Length;
        for (int length = 0; length < end; length += 3)
            Assert.Throws<InputException>(() => ImageFile.Decode(file[..length]));
    }

    // One file of each kind: the test is slow.
    private static bool IsOneOfItsKind(string name) => name is "type 2, 8 bits, plain" or "type 3, 4 bits, Adam7"
        or "small IDAT chunks" or "4:2:0" or "4:2:0 progressive" or "CMYK" or "webp" or "webp, orientation 6"
        or "webp, lossy with transparency" or "gif" or "bmp" or "tiff";

    [Theory]
    [InlineData("type 3, 8 bits, plain")]
    [InlineData("ancillary chunks")]
    public void A_changed_byte_is_detected_or_changes_no_pixel(string name)
    {
        byte[] file = ImagingFixtures.Pngs[name].File;

        for (int i = 0; i < file.Length; i++)
        {
            byte[] changed = [.. file];
            changed[i] ^= 0x04;
            AssertUnchangedOrRefused(changed, ImagingFixtures.Pngs[name].Pixels);
        }
    }

    private static void AssertUnchangedOrRefused(byte[] file, byte[] pixels)
    {
        try
        {
            Assert.Equal(pixels, ImageFile.Decode(file).Pixels);
        }
        catch (InputException)
        {
            // The damage was detected.
        }
    }

    [Fact]
    public async Task Random_damage_with_valid_checksums_is_read_or_refused_in_one_line()
    {
        Random random = new(20);
        ImagingFixtures.EncodedImage[] images = [.. ImagingFixtures.Files];
        int refused = 0;
        for (int round = 0; round < 3000; round++)
        {
            byte[] file = [.. images[round % images.Length].File];
            for (int change = random.Next(1, 4); change > 0; change--)
                file[random.Next(8, file.Length)] = (byte)random.Next(256);
            if (file[1] == 'P') RepairChecksums(file);
            // A decoder that loops forever would block all tests.
            Task<string?> decoding = Task.Run(() => Refusal(file));
            string? refusal = await decoding.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            if (refusal is null) continue;
            Assert.DoesNotContain('\n', refusal);
            refused++;
        }
        Assert.InRange(refused, 500, 2999);
    }

    private static string? Refusal(byte[] file)
    {
        try
        {
            Image image = ImageFile.Decode(file, maxPixels: 1 << 20);
            Assert.Equal(image.Width * image.Height * image.Channels, image.Pixels.Length);
            return null;
        }
        catch (InputException e)
        {
            return e.Message;
        }
    }

    private static void RepairChecksums(byte[] file)
    {
        for (long at = 8; at + 12 <= file.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan((int)at));
            if (at + 12 + length > file.Length) return;
            Span<byte> checkedPart = file.AsSpan((int)at + 4, (int)length + 4);
            BinaryPrimitives.WriteUInt32BigEndian(
                file.AsSpan((int)(at + 8 + length)), PngBuilder.Checksum(checkedPart));
            at += 12 + length;
        }
    }
}
