using System.Buffers.Binary;
using Tessera.Imaging;

namespace Tessera.Tests.Imaging;

public class PngDamageTests
{
    private static readonly byte[] GoodRows = [0, 1, 2, 0, 3, 4];

    private static PngBuilder Begin() => new PngBuilder().Header();

    private static PngBuilder BeginPalette(int bitDepth = 8) =>
        new PngBuilder().Header(bitDepth: bitDepth, colorType: 3);

    /// <summary>Every way of being wrong that a checksum does not show, and words that the message must have.</summary>
    private static readonly Dictionary<string, (byte[] File, string Words)> Damaged = new()
    {
        ["empty"] = ([], "signature"),
        ["signature alone"] = (new PngBuilder().ToBytes(), "ends before"),
        ["line ends changed"] =
            ([.. Png.Signature[..4], 10, 26, 10, .. Begin().Rows(GoodRows).End()[8..]], "signature"),
        ["no IHDR"] = (new PngBuilder().Rows(GoodRows).End(), "begins with IDAT"),
        ["second IHDR"] = (Begin().Header().Rows(GoodRows).End(), "IHDR chunk is out of place"),
        ["short IHDR"] = (new PngBuilder().Chunk("IHDR", new byte[12]).Rows(GoodRows).End(), "12 bytes"),
        ["width 0"] = (new PngBuilder().Header(width: 0).Rows(GoodRows).End(), "0 x 2 pixels"),
        ["height 0"] = (new PngBuilder().Header(height: 0).Rows(GoodRows).End(), "2 x 0 pixels"),
        ["absurd size"] = (new PngBuilder().Header(uint.MaxValue, uint.MaxValue).Rows(GoodRows).End(), "4294967295"),
        ["absurd width"] = (new PngBuilder().Header(uint.MaxValue, 1).Rows(GoodRows).End(), "limit"),
        ["absurd height"] = (new PngBuilder().Header(1, 0x80000000).Rows(GoodRows).End(), "limit"),
        ["large size"] = (new PngBuilder().Header(8192, 8192).Rows(GoodRows).End(), "too little data"),
        ["compression method"] = (new PngBuilder().Header(compression: 1).Rows(GoodRows).End(), "compression method 1"),
        ["filter method"] = (new PngBuilder().Header(filter: 64).Rows(GoodRows).End(), "filter method 64"),
        ["interlace method"] = (new PngBuilder().Header(interlace: 2).Rows(GoodRows).End(), "interlace method 2"),
        ["no IDAT"] = (Begin().End(), "no IDAT"),
        ["empty IDAT"] = (Begin().Chunk("IDAT").End(), "no IDAT"),
        ["no IEND"] = (Begin().Rows(GoodRows).ToBytes(), "ends before"),
        ["parted IDAT"] = (Begin().Rows(GoodRows).Chunk("tEXt", 65, 0).Rows(GoodRows).End(), "do not follow"),
        ["critical chunk"] = (Begin().Chunk("CgBI").Rows(GoodRows).End(), "CgBI"),
        ["chunk name"] = (Begin().Chunk("te t").Rows(GoodRows).End(), "name is damaged"),
        ["no palette"] = (BeginPalette().Rows(GoodRows).End(), "no PLTE"),
        ["empty palette"] = (BeginPalette().Chunk("PLTE").Rows(GoodRows).End(), "has 0 bytes"),
        ["palette of 4 bytes"] = (BeginPalette().Chunk("PLTE", new byte[4]).Rows(GoodRows).End(), "has 4 bytes"),
        ["palette of 257"] = (BeginPalette().Chunk("PLTE", new byte[771]).Rows(GoodRows).End(), "has 771 bytes"),
        ["two palettes"] =
            (BeginPalette().Chunk("PLTE", new byte[15]).Chunk("PLTE", new byte[15]).Rows(GoodRows).End(),
                "out of place"),
        ["late palette"] = (BeginPalette().Rows(GoodRows).Chunk("PLTE", new byte[15]).End(), "out of place"),
        ["colour beyond the palette"] =
            (BeginPalette().Chunk("PLTE", new byte[12]).Rows(GoodRows).End(), "colour 4 of a palette of 4"),
        ["colour beyond the palette, 2 bits"] =
            (BeginPalette(bitDepth: 2).Chunk("PLTE", new byte[9]).Rows(0, 0x30, 0, 0).End(),
                "colour 3 of a palette of 3"),
        ["row filter"] = (Begin().Rows(0, 1, 2, 5, 3, 4).End(), "row filter 5"),
        ["a byte too few"] = (Begin().Rows(GoodRows[..^1]).End(), "too little data"),
        ["a byte too many"] = (Begin().Rows([.. GoodRows, 0]).End(), "too much data"),
        ["no zlib header"] = (Begin().Chunk("IDAT", new byte[20]).End(), "compressed data"),
        ["zlib cut within the rows"] =
            (Begin().Chunk("IDAT", PngBuilder.Compress(GoodRows)[..5]).End(), "too little data"),
        ["zlib checksum"] =
            (Begin().Chunk("IDAT", [.. PngBuilder.Compress(GoodRows)[..^1], 0]).End(), "compressed data"),
    };

    public static TheoryData<string> Cases => [.. Damaged.Keys];

    [Fact]
    public void The_rows_of_these_tests_are_good() =>
        Assert.Equal([1, 2, 3, 4], Png.Decode(Begin().Rows(GoodRows).End()).Pixels);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Damage_is_one_line_that_names_the_file(string name)
    {
        InputException e = Assert.Throws<InputException>(() => Png.Decode(Damaged[name].File, "some/file.png"));

        Assert.StartsWith("some/file.png: not a usable PNG: ", e.Message);
        Assert.Contains(Damaged[name].Words, e.Message);
        Assert.EndsWith(". Replace or remove it.", e.Message);
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
                byte[] file = new PngBuilder().Header(bitDepth: bitDepth, colorType: colorType).ToBytes();
                InputException e = Assert.Throws<InputException>(() => Png.Decode(file));
                Assert.Contains($"colour type {colorType} with {bitDepth} bits a sample does not exist", e.Message);
            }
        }
    }

    [Fact]
    public void A_claim_of_much_memory_takes_little()
    {
        byte[] file = new PngBuilder().Header(8192, 8192, colorType: 2).Rows(GoodRows).End();

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InputException>(() => Png.Decode(file));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData("type 2, 8 bits, plain")]
    [InlineData("type 3, 4 bits, Adam7")]
    [InlineData("IDAT chunks of one byte")]
    public void A_file_cut_anywhere_is_refused(string name)
    {
        byte[] file = ImagingFixtures.Pngs[name].File;

        for (int length = 0; length < file.Length; length++)
            Assert.Throws<InputException>(() => Png.Decode(file.AsSpan(0, length)));
    }

    [Theory]
    [InlineData("type 3, 8 bits, plain")]
    [InlineData("ancillary chunks")]
    public void A_changed_byte_anywhere_is_noticed(string name)
    {
        byte[] file = ImagingFixtures.Pngs[name].File;

        for (int i = 0; i < file.Length; i++)
        {
            byte[] changed = [.. file];
            changed[i] ^= 0x04;
            Assert.Throws<InputException>(() => Png.Decode(changed));
        }
    }

    [Fact]
    public void Random_damage_under_true_checksums_never_ends_otherwise_than_well_or_in_one_line()
    {
        Random random = new(20);
        string[] names = [.. ImagingFixtures.Pngs.Keys];
        int refused = 0;
        for (int round = 0; round < 3000; round++)
        {
            byte[] file = [.. ImagingFixtures.Pngs[names[round % names.Length]].File];
            for (int change = random.Next(1, 4); change > 0; change--)
                file[random.Next(8, file.Length)] = (byte)random.Next(256);
            MendChecksums(file);
            try
            {
                Image image = Png.Decode(file, maxPixels: 1 << 20);
                Assert.Equal(image.Width * image.Height * image.Channels, image.Pixels.Length);
            }
            catch (InputException e)
            {
                Assert.DoesNotContain('\n', e.Message);
                refused++;
            }
        }
        Assert.InRange(refused, 500, 2999);
    }

    private static void MendChecksums(byte[] file)
    {
        for (long at = 8; at + 12 <= file.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan((int)at));
            if (at + 12 + length > file.Length) return;
            Span<byte> checkedPart = file.AsSpan((int)at + 4, (int)length + 4);
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan((int)(at + 8 + length)), Crc32.Of(checkedPart));
            at += 12 + length;
        }
    }
}
