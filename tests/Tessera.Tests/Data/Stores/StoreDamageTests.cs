using System.Buffers.Binary;
using System.Text;
using Tessera.Data;
using Tessera.Data.Stores;

namespace Tessera.Tests.Data.Stores;

/// <summary>The layout of a store, byte by byte, and what becomes of every byte that is changed or lost.</summary>
public sealed class StoreDamageTests : IDisposable
{
    private const int Page = 4096, First = 3 * Page, Images = 7, PerBlock = 5, ImageLength = 16;

    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _good;
    private readonly ImageSource _images;

    public StoreDamageTests()
    {
        int[] labels = [0, 1, 0, 1, 1, 0, 1];
        _images = new ImageSource(
            "few", 4, 1, labels, ["cat", "dög"], i => [.. Enumerable.Range(0, ImageLength).Select(j => (byte)(i + j))]);
        ImagePacker.Pack(_images, Split.Train, Path, new PackOptions { BlockLength = PerBlock * ImageLength },
            cancellation: Cancellation);
        _good = File.ReadAllBytes(Path);
    }

    private string Path => _folder["images.tpk"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>Reads the file as docs/formats.md describes it, with code that is not the library's.</summary>
    [Fact]
    public void The_layout_is_the_documented_one()
    {
        Assert.Equal((byte[])[0x89, .. "TPK\r\n\u001a\n"u8], _good[..8]);
        Assert.Equal([1, 4, 4, 1, PerBlock], Numbers(8, 5));
        foreach (int page in (int[])[0, 1, 2]) AssertChecksum(page * Page, Page - 4, page * Page + Page - 4);
        // Two blocks, seven images, the end; the commit in the first page is the complete one: (2 + 1) % 2 is 1.
        Assert.Equal([2, Images, _good.Length, 0, 0], Numbers(Page, 5));
        Assert.Equal([2, Images, _good.Length, 0, 1], Numbers(2 * Page, 5));

        int at = First, first = 0;
        foreach (int count in (int[])[PerBlock, Images - PerBlock])
        {
            Assert.Equal("TPKB", Encoding.ASCII.GetString(_good, at, 4));
            AssertChecksum(at, 60, at + 60);
            int[] header = Numbers(at, 9);
            Assert.Equal(count, header[1]);
            int classes = at + 64, leftOut = classes + header[2], tables = leftOut + header[3];
            int names = tables + 9 * count + 2048, pixels = names + header[4];
            AssertChecksum(classes, header[2], at + 20);
            AssertChecksum(leftOut, header[3], at + 24);
            AssertChecksum(tables, names - tables, at + 28);
            AssertChecksum(names, header[4], at + 32);
            Assert.Equal(first == 0 ? ["cat", "dög"] : [], Texts(classes, header[2]));
            Assert.Equal(Enumerable.Range(first, count).Select(i => $"{i}"), Texts(names, header[4]));
            Assert.Equal(first == 0 ? [0, 1, 0, 1, 1] : [0, 1], Numbers(tables, count));
            for (int i = 0; i < count; i++)
            {
                Assert.Equal((byte)(first + i + 15), _good[pixels + i * ImageLength + 15]);
                AssertChecksum(pixels + i * ImageLength, ImageLength, tables + 4 * (count + i));
                Assert.Equal(0, _good[tables + 8 * count + i]);
            }
            // In the first block, five images have the value 4.
            Assert.Equal(first == 0 ? 5 : 0, _good[tables + 9 * count + 8 * 4]);
            (at, first) = (pixels + count * ImageLength, first + count);
        }
        Assert.Equal(_good.Length, at);
    }

    /// <summary>
    /// A changed byte is found, or it is in the newest commit, without which the store is as it was before that: with
    /// all images, and not complete.
    /// </summary>
    [Fact]
    public void A_changed_byte_in_any_place_is_found()
    {
        string expected = Read(out bool isComplete)!;
        Assert.True(isComplete, "the store is not complete");
        int[] ofPages =
            [.. Enumerable.Range(0, First).Where(i => i % Page < 48 || i % Page >= Page - 4 || i % 97 == 0)];
        foreach (int place in ofPages.Concat(Enumerable.Range(First, _good.Length - First)))
        {
            byte[] bad = [.. _good];
            bad[place] ^= 0x10;
            File.WriteAllBytes(Path, bad);
            string? found = Read(out isComplete);
            Assert.True(
                found is null || place is >= 2 * Page and < 3 * Page && !isComplete && found == expected,
                $"A change of byte {place} was not found.");
        }
    }

    [Fact]
    public void A_file_that_is_cut_anywhere_is_refused()
    {
        int[] lengths = [.. Enumerable.Range(0, First).Where(i => i % 500 == 0 || i % Page is 0 or 1 or Page - 1)];
        foreach (int length in lengths.Concat(Enumerable.Range(First, _good.Length - First)))
        {
            File.WriteAllBytes(Path, _good[..length]);
            InputException e = Assert.Throws<InputException>(() => ImageStore.Open(Path).Dispose());
            Assert.StartsWith(Path, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_follows_the_last_commit_is_ignored_and_cut_when_images_are_added()
    {
        string expected = Read(out _)!;
        File.WriteAllBytes(Path, [.. _good, .. new byte[5000]]);
        Assert.Equal(expected, Read(out bool isComplete));
        Assert.True(isComplete, "the store is not complete");
        var more = new ImageSource("more", 4, 1, [0], ["cat"], _ => new byte[ImageLength], ["another"]);
        ImagePacker.Pack(more, Split.Test, Path, cancellation: Cancellation);
        Assert.Equal($"{expected}\nanother cat {new string('0', 2 * ImageLength)}", Read(out _));
    }

    /// <summary>The commit before the newest one counts where a power cut has spoilt the newest.</summary>
    [Fact]
    public void A_lost_commit_is_written_again_when_the_same_images_are_packed()
    {
        string expected = Read(out _)!;
        byte[] lost = [.. _good];
        lost.AsSpan(2 * Page, Page).Clear();
        File.WriteAllBytes(Path, lost);
        Assert.Equal(expected, Read(out bool isComplete));
        Assert.False(isComplete, "the store says that it is complete");
        ImagePacker.Pack(_images, Split.Train, Path, cancellation: Cancellation);
        Assert.Equal(_good, File.ReadAllBytes(Path));
        lost.AsSpan(Page, Page).Clear();
        File.WriteAllBytes(Path, lost);
        Assert.Null(Read(out _));
    }

    [Fact]
    public void Pixels_that_change_while_the_store_is_open_are_found_when_they_are_read()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows writes no file that is open to be read.");
        using (ImageStore store = ImageStore.Open(Path))
        {
            ImageSet images = store.Images(Split.Train).Load(cancellation: Cancellation);
            using (var file = new FileStream(Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                file.Seek(-1, SeekOrigin.End);
                file.WriteByte(0xFF);
            }
            images.Pixels(0);
            InputException e = Assert.Throws<InputException>(() => { images.Pixels(Images - 1); });
            Assert.Contains("image 6 is damaged", e.Message, StringComparison.Ordinal);
            using var batches = new ImageBatches(images, batch: Images, seed: 1);
            Assert.Throws<InputException>(() => batches.Prepare(0));
        }
    }

    [Fact]
    public void Other_files_are_told_what_they_are_not()
    {
        File.WriteAllBytes(Path, "some text that is no store"u8.ToArray());
        Assert.Contains("is no store of images", Refusal(), StringComparison.Ordinal);
        File.WriteAllBytes(Path, []);
        Assert.Contains("is empty: nothing was packed into it", Refusal(), StringComparison.Ordinal);
        byte[] text = [.. _good];
        text[4] = (byte)'\n';
        File.WriteAllBytes(Path, text);
        Assert.Contains("transfer as text", Refusal(), StringComparison.Ordinal);
        byte[] newer = [.. _good];
        newer[8] = 2;
        BinaryPrimitives.WriteUInt32LittleEndian(newer.AsSpan(Page - 4), Crc(newer.AsSpan(0, Page - 4)));
        File.WriteAllBytes(Path, newer);
        Assert.Contains("has version 2 of the format", Refusal(), StringComparison.Ordinal);
        File.Delete(Path);
        Assert.Contains("there is no such file", Refusal(), StringComparison.Ordinal);

        string Refusal() => Assert.Throws<InputException>(() => ImageStore.Open(Path)).Message;
    }

    /// <summary>Sizes whose product is a small number in 64 bits, and a block of more images than a full one.</summary>
    [Theory]
    [InlineData(int.MaxValue, int.MaxValue, 4, "its header is damaged")]
    [InlineData(1, 1, int.MaxValue, "its header is damaged")]
    [InlineData(4, 4, PerBlock - 1, "block 0, at byte 12288, is damaged")]
    public void Sizes_that_cannot_be_are_refused(int height, int width, int perBlock, string message)
    {
        byte[] bad = [.. _good];
        foreach ((int at, int number) in (ReadOnlySpan<(int, int)>)[(12, height), (16, width), (24, perBlock)])
            BinaryPrimitives.WriteInt32LittleEndian(bad.AsSpan(at), number);
        BinaryPrimitives.WriteUInt32LittleEndian(bad.AsSpan(Page - 4), Crc(bad.AsSpan(0, Page - 4)));
        File.WriteAllBytes(Path, bad);
        Assert.Contains(
            message, Assert.Throws<InputException>(() => ImageStore.Open(Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_named_twice_is_damage()
    {
        File.Delete(Path);
        var images = new ImageSource("few", 4, 1, [0, 1], ["cat", "dog"], _ => new byte[ImageLength]);
        ImagePacker.Pack(images, Split.Train, Path, cancellation: Cancellation);
        byte[] bad = File.ReadAllBytes(Path);
        const int Classes = First + 64, Length = 2 * (4 + 3);
        "cat"u8.CopyTo(bad.AsSpan(Classes + Length - 3));
        BinaryPrimitives.WriteUInt32LittleEndian(bad.AsSpan(First + 20), Crc(bad.AsSpan(Classes, Length)));
        BinaryPrimitives.WriteUInt32LittleEndian(bad.AsSpan(First + 60), Crc(bad.AsSpan(First, 60)));
        File.WriteAllBytes(Path, bad);
        const string Message = "the list of classes of the block at byte 12288 is damaged";
        Assert.Contains(
            Message, Assert.Throws<InputException>(() => ImageStore.Open(Path)).Message, StringComparison.Ordinal);
        Assert.Contains(
            Message,
            Assert.Throws<InputException>(
                () => ImagePacker.Pack(images, Split.Train, Path, cancellation: Cancellation)).Message,
            StringComparison.Ordinal);
    }

    /// <summary>All that the file says, or null if it is refused, in one line that names it.</summary>
    private string? Read(out bool isComplete)
    {
        isComplete = false;
        try
        {
            using ImageStore store = ImageStore.Open(Path);
            isComplete = store.IsComplete;
            store.Verify(cancellation: Cancellation);
            return StoreFolder.Describe(store.Images(Split.All));
        }
        catch (InputException e)
        {
            Assert.StartsWith(Path, e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', e.Message);
            return null;
        }
    }

    private int[] Numbers(int at, int count) =>
        [.. Enumerable.Range(0, count).Select(i => BinaryPrimitives.ReadInt32LittleEndian(_good.AsSpan(at + 4 * i)))];

    private IEnumerable<string> Texts(int at, int length)
    {
        for (int end = at + length; at < end;)
        {
            int bytes = BinaryPrimitives.ReadInt32LittleEndian(_good.AsSpan(at));
            yield return Encoding.UTF8.GetString(_good, at + 4, bytes);
            at += 4 + bytes;
        }
    }

    private void AssertChecksum(int at, int length, int checksumAt) => Assert.Equal(
        BinaryPrimitives.ReadUInt32LittleEndian(_good.AsSpan(checksumAt)), Crc(_good.AsSpan(at, length)));

    /// <summary>CRC-32 as in zlib, bit by bit.</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc % 2 == 1 ? 0xEDB88320 : 0);
        }
        return ~crc;
    }
}
