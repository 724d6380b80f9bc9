using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Tessera.Tests.Imaging;

/// <summary>Builds PNG files, most of them invalid; every chunk gets a valid checksum.</summary>
internal sealed class PngBuilder
{
    public static readonly byte[] Signature = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    private byte[] _file = [.. Signature];

    /// <summary>An IHDR chunk; by default that of a 2x2 grey image.</summary>
    public PngBuilder Header(
        uint width = 2, uint height = 2, int bitDepth = 8, int colorType = 0,
        int compression = 0, int filter = 0, int interlace = 0)
    {
        byte[] data = new byte[13];
        BinaryPrimitives.WriteUInt32BigEndian(data, width);
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(4), height);
        byte[] rest = [(byte)bitDepth, (byte)colorType, (byte)compression, (byte)filter, (byte)interlace];
        rest.CopyTo(data, 8);
        return Chunk("IHDR", data);
    }

    public PngBuilder Chunk(string type, params byte[] data)
    {
        byte[] checkedPart = [.. Encoding.Latin1.GetBytes(type), .. data];
        _file = [.. _file, .. BigEndian((uint)data.Length), .. checkedPart, .. BigEndian(Checksum(checkedPart))];
        return this;
    }

    /// <summary>An IDAT chunk of compressed rows, each with its filter byte.</summary>
    public PngBuilder Rows(params byte[] rows) => Chunk("IDAT", Compress(rows));

    public byte[] End() => Chunk("IEND").ToBytes();

    public byte[] ToBytes() => _file;

    /// <summary>The CRC-32 of a chunk's type and data.</summary>
    public static uint Checksum(ReadOnlySpan<byte> data)
    {
        uint checksum = uint.MaxValue;
        foreach (byte value in data)
        {
            checksum ^= value;
            for (int bit = 0; bit < 8; bit++) checksum = (checksum >> 1) ^ (0xEDB88320 & (0 - (checksum & 1)));
        }
        return ~checksum;
    }

    private static byte[] BigEndian(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>Rows of up to 65,535 bytes in zlib's format, but not compressed: 11 bytes more.</summary>
    public static byte[] Store(byte[] rows)
    {
        // Adler-32.
        uint low = 1, high = 0;
        foreach (byte value in rows)
        {
            low = (low + value) % 65521;
            high = (high + low) % 65521;
        }
        byte[] length = [(byte)rows.Length, (byte)(rows.Length >> 8)];
        return
        [
            0x78, 0x01, 0x01, .. length, .. length.Select(value => (byte)~value), .. rows,
            .. BigEndian((high << 16) | low),
        ];
    }

    public static byte[] Compress(byte[] data)
    {
        using MemoryStream compressed = new();
        using (ZLibStream deflate = new(compressed, CompressionLevel.Optimal)) deflate.Write(data);
        return compressed.ToArray();
    }
}
