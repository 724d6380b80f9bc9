using System.Buffers.Binary;
using System.IO.Hashing;
using Tessera.Imaging;

namespace Tessera.Data.Stores;

/// <summary>
/// The layout of a store (docs/formats.md): a header, two commits of which the newer valid one counts, then blocks. All
/// numbers are little-endian, all checksums CRC-32 as in zlib. Every byte is covered by a checksum.
/// </summary>
internal static class StoreFormat
{
    public const string Extension = ".tpk";
    public const uint Version = 1;

    /// <summary>Bytes of the header and of each commit: a page, which a disk writes whole or not at all.</summary>
    public const int PageLength = 4096;

    /// <summary>The place of the first block.</summary>
    public const long FirstBlock = 3 * PageLength;

    /// <summary>About as many bytes of images are in a block.</summary>
    public const int UsualBlockLength = 32 << 20;

    // As PNG's: it shows whether a transfer as text has changed the bytes.
    private static ReadOnlySpan<byte> Magic =>
        [0x89, (byte)'T', (byte)'P', (byte)'K', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n'];

    /// <summary>The checksum of some bytes.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes) => Crc32.HashToUInt32(bytes);

    /// <summary>The first page.</summary>
    public static byte[] Encode(StoreHeader header)
    {
        byte[] page = new byte[PageLength];
        Magic.CopyTo(page);
        Span<byte> at = page.AsSpan(8);
        BinaryPrimitives.WriteUInt32LittleEndian(at, Version);
        BinaryPrimitives.WriteInt32LittleEndian(at[4..], header.Size.Height);
        BinaryPrimitives.WriteInt32LittleEndian(at[8..], header.Size.Width);
        BinaryPrimitives.WriteInt32LittleEndian(at[12..], header.Channels);
        BinaryPrimitives.WriteInt32LittleEndian(at[16..], header.ImagesPerBlock);
        BinaryPrimitives.WriteUInt128LittleEndian(at[24..], header.Fingerprint);
        return Sealed(page);
    }

    /// <summary>Reads the first page.</summary>
    /// <exception cref="InvalidDataException">It is not that of a store, or it is damaged.</exception>
    public static StoreHeader DecodeHeader(ReadOnlySpan<byte> page)
    {
        if (!page.StartsWith(Magic))
            throw new InvalidDataException(
                page.StartsWith(Magic[..4]) ? "its line ends were changed by a transfer as text; copy it as binary"
                : "it is no store of images; make one with tessera data pack");
        ReadOnlySpan<byte> at = page[8..];
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(at);
        if (IsSealed(page) && version != Version)
            throw new InvalidDataException(
                $"it has version {version} of the format, and this program reads version {Version}; "
                + "use the program that wrote it");
        var header = new StoreHeader(
            new ImageSize(
                BinaryPrimitives.ReadInt32LittleEndian(at[4..]), BinaryPrimitives.ReadInt32LittleEndian(at[8..])),
            BinaryPrimitives.ReadInt32LittleEndian(at[12..]), BinaryPrimitives.ReadInt32LittleEndian(at[16..]),
            BinaryPrimitives.ReadUInt128LittleEndian(at[24..]));
        return IsSealed(page) && header.IsValid
            ? header : throw new InvalidDataException("its header is damaged; copy the file again");
    }

    /// <summary>A commit's page.</summary>
    public static byte[] Encode(StoreCommit commit)
    {
        byte[] page = new byte[PageLength];
        BinaryPrimitives.WriteInt32LittleEndian(page, commit.Blocks);
        BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(4), commit.Images);
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(8), commit.End);
        BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(16), commit.IsComplete ? 1 : 0);
        return Sealed(page);
    }

    /// <summary>Reads a commit's page; null if it was never written, or not completely.</summary>
    public static StoreCommit? DecodeCommit(ReadOnlySpan<byte> page)
    {
        if (!IsSealed(page)) return null;
        var commit = new StoreCommit(
            BinaryPrimitives.ReadInt32LittleEndian(page), BinaryPrimitives.ReadInt32LittleEndian(page[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(page[8..]), BinaryPrimitives.ReadInt32LittleEndian(page[16..]) == 1);
        return commit is { Blocks: >= 0, Images: >= 0, End: >= FirstBlock } ? commit : null;
    }

    /// <summary>
    /// The place of a commit's page. It overwrites the older of the two, so that one is valid at every moment.
    /// </summary>
    public static long PlaceOf(StoreCommit commit) =>
        PageLength * (1L + (commit.Blocks + (commit.IsComplete ? 1 : 0)) % 2);

    private static byte[] Sealed(byte[] page)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(PageLength - 4), Checksum(page.AsSpan(0, PageLength - 4)));
        return page;
    }

    private static bool IsSealed(ReadOnlySpan<byte> page) =>
        BinaryPrimitives.ReadUInt32LittleEndian(page[^4..]) == Checksum(page[..^4]);
}

/// <summary>What holds for all images of a store.</summary>
/// <param name="Size">Their height and width.</param>
/// <param name="Channels">1 or 3.</param>
/// <param name="ImagesPerBlock">Images in a full block.</param>
/// <param name="Fingerprint">Of the files that a cached store was made of; else 0.</param>
internal sealed record StoreHeader(ImageSize Size, int Channels, int ImagesPerBlock, UInt128 Fingerprint)
{
    /// <summary>Bytes of an image.</summary>
    public int ImageLength => Size.Height * Size.Width * Channels;

    /// <summary>Whether the store is of the cache, which can be made anew at any time.</summary>
    public bool IsCached => Fingerprint != 0;

    /// <summary>Whether the numbers are in their ranges: a block's pixels and its tables fit into an array.</summary>
    public bool IsValid =>
        Size is { Height: > 0, Width: > 0 } && Channels is 1 or 3 && ImagesPerBlock > 0
        && (Int128)Size.Height * Size.Width * Channels * ImagesPerBlock <= Array.MaxLength
        && BlockTables.LengthFor(ImagesPerBlock) <= Array.MaxLength;
}

/// <summary>How far a store is written.</summary>
/// <param name="Blocks">Its blocks.</param>
/// <param name="Images">The images in them.</param>
/// <param name="End">Where the last block ends; what follows is an unfinished block.</param>
/// <param name="IsComplete">Whether packing came to its end.</param>
internal sealed record StoreCommit(int Blocks, int Images, long End, bool IsComplete)
{
    /// <summary>A new store's.</summary>
    public static StoreCommit Empty { get; } = new(0, 0, StoreFormat.FirstBlock, false);

    /// <summary>The newer of two: the one with more blocks; of the same ones, the complete one.</summary>
    public static StoreCommit? Newer(StoreCommit? one, StoreCommit? other) =>
        one is null || other is not null
            && (other.Blocks, other.IsComplete).CompareTo((one.Blocks, one.IsComplete)) > 0 ? other : one;
}
