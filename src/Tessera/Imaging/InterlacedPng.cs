using System.Buffers.Binary;
using System.IO.Compression;

namespace Tessera.Imaging;

/// <summary>
/// Refuses interlaced PNGs on which ImageSharp 2.1 loops forever: narrow ones, and those with too little data.
/// </summary>
internal static class InterlacedPng
{
    private const int SignatureBytes = 8, ChunkHeaderBytes = 8, ChunkBytes = 12;

    // The passes of Adam7: first column, first row, distance between columns, distance between rows.
    private static readonly (int X, int Y, int Dx, int Dy)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    /// <summary>Checks an interlaced PNG.</summary>
    /// <exception cref="InvalidDataException">It cannot be decoded.</exception>
    public static void Check(byte[] file, int width, int height, int bitsPerPixel)
    {
        if (width <= Passes[1].X)
            throw new InvalidDataException(
                $"it is interlaced and only {width} pixels wide, which cannot be read; save it without interlacing");
        long needed = Passes.Sum(pass => BytesOf(pass, width, height, bitsPerPixel));
        using ZLibStream rows = new(new MemoryStream(ImageData(file)), CompressionMode.Decompress);
        byte[] buffer = new byte[1 << 16];
        while (needed > 0)
        {
            int read = rows.Read(buffer);
            if (read == 0) throw new InvalidDataException("it has too little data");
            needed -= read;
        }
    }

    private static long BytesOf((int X, int Y, int Dx, int Dy) pass, int width, int height, int bitsPerPixel)
    {
        long columns = (width - pass.X + pass.Dx - 1) / pass.Dx, rows = (height - pass.Y + pass.Dy - 1) / pass.Dy;
        return columns <= 0 ? 0 : Math.Max(rows, 0) * (1 + (columns * bitsPerPixel + 7) / 8);
    }

    // The data of all IDAT chunks.
    private static byte[] ImageData(byte[] file)
    {
        using MemoryStream data = new();
        for (long at = SignatureBytes; at + ChunkBytes <= file.Length;)
        {
            ReadOnlySpan<byte> chunk = file.AsSpan((int)at);
            long length = BinaryPrimitives.ReadUInt32BigEndian(chunk);
            if (at + ChunkBytes + length > file.Length) break;
            if (chunk[4..].StartsWith("IDAT"u8)) data.Write(chunk.Slice(ChunkHeaderBytes, (int)length));
            at += ChunkBytes + length;
        }
        return data.ToArray();
    }
}
