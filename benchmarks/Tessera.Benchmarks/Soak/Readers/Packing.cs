using System.Buffers.Binary;
using System.Formats.Tar;
using System.IO.Compression;
using System.IO.Hashing;

namespace Tessera.Benchmarks.Soak.Readers;

/// <summary>
/// What stands around damaged bytes: archives, and checksums that would give the damage away before a reader meets it.
/// </summary>
internal static class Packing
{
    private const int Page = 4096, BlockHeader = 64;

    /// <summary>An archive of files with their contents.</summary>
    public static byte[] Tar(IEnumerable<(string Name, byte[] Content)> files)
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in files)
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
                {
                    DataStream = new MemoryStream(content),
                });
        }
        return bytes.ToArray();
    }

    /// <summary>Compresses bytes as gzip does.</summary>
    public static byte[] Gzip(byte[] content)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(content);
        return bytes.ToArray();
    }

    /// <summary>An entry of a zip file.</summary>
    public static byte[] Entry(byte[] file, string name)
    {
        using var zip = new ZipArchive(new MemoryStream(file));
        using Stream entry = zip.GetEntry(name)!.Open();
        using var bytes = new MemoryStream();
        entry.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>A zip file with another content of an entry.</summary>
    public static byte[] WithEntry(byte[] file, string name, byte[] content)
    {
        using var from = new ZipArchive(new MemoryStream(file));
        using var bytes = new MemoryStream();
        using (var to = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (ZipArchiveEntry entry in from.Entries)
            {
                using Stream copy = to.CreateEntry(entry.FullName, CompressionLevel.NoCompression).Open();
                copy.Write(entry.FullName == name ? content : Entry(file, entry.FullName));
            }
        }
        return bytes.ToArray();
    }

    /// <summary>A PNG with right checksums of its chunks, as far as they can be found.</summary>
    public static byte[] MendPng(byte[] file)
    {
        for (long at = 8; at + 12 <= file.Length;)
        {
            long length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan((int)at));
            if (at + 12 + length > file.Length) break;
            uint checksum = Crc32.HashToUInt32(file.AsSpan((int)at + 4, (int)length + 4));
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan((int)(at + 8 + length)), checksum);
            at += 12 + length;
        }
        return file;
    }

    /// <summary>A store with right checksums of its pages and of its first block (docs/formats.md).</summary>
    public static byte[] MendStore(byte[] file)
    {
        for (int page = 0; page < 3 && (page + 1) * Page <= file.Length; page++)
            Seal(file.AsSpan(page * Page, Page));
        if (file.Length < 3 * Page + BlockHeader) return file;
        Span<byte> block = file.AsSpan(3 * Page);
        int Number(int at) => BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(3 * Page + at));
        long at = BlockHeader;
        // Classes, left-out images, tables, names, each with its length and the place of its checksum.
        foreach ((long length, int place) in ((long, int)[])
            [(Number(8), 20), (Number(12), 24), (9L * Number(4) + 2048, 28), (Number(16), 32)])
        {
            if (length < 0 || at + length > block.Length) break;
            BinaryPrimitives.WriteUInt32LittleEndian(
                block[place..], Crc32.HashToUInt32(block.Slice((int)at, (int)length)));
            at += length;
        }
        Seal(block[..BlockHeader]);
        return file;
    }

    private static void Seal(Span<byte> part) =>
        BinaryPrimitives.WriteUInt32LittleEndian(part[^4..], Crc32.HashToUInt32(part[..^4]));
}
