using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Tessera.Imaging;

namespace Tessera.Tests.Imaging;

/// <summary>Puts together PNG files, wrong ones above all: every chunk gets a true checksum.</summary>
internal sealed class PngBuilder
{
    private byte[] _file = [.. Png.Signature];

    /// <summary>An IHDR chunk; a plain 2x2 grey picture unless told.</summary>
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
        using MemoryStream chunk = new();
        PngChunkWriter.Write(chunk, Encoding.Latin1.GetBytes(type), data);
        _file = [.. _file, .. chunk.ToArray()];
        return this;
    }

    /// <summary>An IDAT chunk of these rows, each with its filter byte, compressed.</summary>
    public PngBuilder Rows(params byte[] rows) => Chunk("IDAT", Compress(rows));

    public byte[] End() => Chunk("IEND").ToBytes();

    public byte[] ToBytes() => _file;

    public static byte[] Compress(byte[] data)
    {
        using MemoryStream compressed = new();
        using (ZLibStream deflate = new(compressed, CompressionLevel.Optimal)) deflate.Write(data);
        return compressed.ToArray();
    }
}
