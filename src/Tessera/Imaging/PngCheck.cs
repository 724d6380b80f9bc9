using System.Buffers.Binary;
using System.IO.Compression;
using SixLabors.ImageSharp;

namespace Tessera.Imaging;

/// <summary>
/// Refuses PNGs with too few rows, which ImageSharp 2.1 reads partly or loops on forever, and gives it only the chunks
/// that it reads well.
/// </summary>
internal static class PngCheck
{
    private const int ChunkHeaderBytes = 8, ChunkBytes = 12, ZlibHeaderBytes = 2, BufferBytes = 1 << 16;

    // The passes of Adam7: first column, first row, distance between columns, distance between rows.
    private static readonly (int X, int Y, int Dx, int Dy)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    // The chunk IEND.
    private static ReadOnlySpan<byte> End =>
        [0, 0, 0, 0, (byte)'I', (byte)'E', (byte)'N', (byte)'D', 0xAE, 0x42, 0x60, 0x82];

    /// <summary>Whether a file begins like a PNG.</summary>
    public static bool IsPng(byte[] file) => file.AsSpan().StartsWith(Signature);

    /// <summary>
    /// The chunks that the decoder needs: without compressed texts and the colour profile, which ImageSharp would
    /// inflate (a megabyte can become a gigabyte), and with the image data last.
    /// </summary>
    /// <exception cref="EndOfStreamException">The file is truncated.</exception>
    public static byte[] ForDecoder(byte[] file)
    {
        List<Range> header = [], imageData = [];
        foreach (Range chunk in Chunks(file))
        {
            ReadOnlySpan<byte> type = file.AsSpan(chunk)[4..];
            if (type.StartsWith("IDAT"u8)) imageData.Add(chunk);
            else if (type.StartsWith("eXIf"u8) || (imageData.Count == 0 && !IsInflated(type))) header.Add(chunk);
        }
        using MemoryStream copy = new(file.Length);
        copy.Write(Signature);
        foreach (Range chunk in header.Concat(imageData)) copy.Write(file.AsSpan(chunk));
        copy.Write(End);
        return copy.ToArray();
    }

    /// <summary>
    /// A stream of <see cref="ForDecoder"/>'s chunks that ends with the image data. Where a buffer of the data ends
    /// before the last bytes of its checksum, ImageSharp does not read these, and takes them for the next chunk's head.
    /// </summary>
    public static Stream Open(byte[] chunks) =>
        new MemoryStream(chunks, 0, chunks.Length - End.Length, writable: false);

    /// <summary>Checks that the data has all rows.</summary>
    /// <exception cref="InvalidDataException">The image cannot be decoded.</exception>
    public static void CheckRows(byte[] file, IImageInfo info, bool isInterlaced)
    {
        (int width, int height, int bitsPerPixel) = (info.Width, info.Height, info.PixelType.BitsPerPixel);
        if (isInterlaced && width <= Passes[1].X)
            throw new InvalidDataException(
                $"it is interlaced and only {width} pixels wide, which cannot be read; save it without interlacing");
        long needed = isInterlaced
            ? Passes.Sum(pass => BytesOf(pass, width, height, bitsPerPixel))
            : BytesOf((0, 0, 1, 1), width, height, bitsPerPixel);
        using MemoryStream data = ImageData(file);
        // Like ImageSharp, without the zlib checksum: the chunks have checksums.
        data.Position = ZlibHeaderBytes;
        using DeflateStream rows = new(data, CompressionMode.Decompress);
        byte[] buffer = new byte[Math.Min(needed, BufferBytes)];
        while (needed > 0)
        {
            int read = Read(rows, buffer);
            if (read == 0) throw new InvalidDataException("it has too little data");
            needed -= read;
        }
    }

    private static bool IsInflated(ReadOnlySpan<byte> type) =>
        type.StartsWith("zTXt"u8) || type.StartsWith("iTXt"u8) || type.StartsWith("iCCP"u8);

    private static int Read(DeflateStream rows, byte[] buffer)
    {
        try
        {
            return rows.Read(buffer);
        }
        catch (InvalidDataException e)
        {
            // The message of .NET is about archives.
            throw new InvalidDataException("its data is damaged", e);
        }
    }

    private static long BytesOf((int X, int Y, int Dx, int Dy) pass, int width, int height, int bitsPerPixel)
    {
        long columns = (width - pass.X + pass.Dx - 1) / pass.Dx, rows = (height - pass.Y + pass.Dy - 1) / pass.Dy;
        return columns <= 0 ? 0 : Math.Max(rows, 0) * (1 + (columns * bitsPerPixel + 7) / 8);
    }

    // The data of all IDAT chunks.
    private static MemoryStream ImageData(byte[] file)
    {
        MemoryStream data = new(file.Length);
        foreach (Range range in Chunks(file))
        {
            ReadOnlySpan<byte> chunk = file.AsSpan(range);
            if (chunk[4..].StartsWith("IDAT"u8)) data.Write(chunk[ChunkHeaderBytes..^4]);
        }
        return data;
    }

    // The chunks up to IEND.
    private static IEnumerable<Range> Chunks(byte[] file)
    {
        bool isEnd = false;
        for (int at = Signature.Length; !isEnd;)
        {
            long left = (long)file.Length - at - ChunkBytes;
            long length = left < 0 ? 0 : BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));
            if (length > left) throw new EndOfStreamException(WholeFileStream.Truncated);
            isEnd = file.AsSpan(at + 4).StartsWith("IEND"u8);
            int end = at + ChunkBytes + (int)length;
            yield return at..end;
            at = end;
        }
    }
}
