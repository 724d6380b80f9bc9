using System.Buffers.Binary;

namespace Tessera.Imaging;

/// <summary>
/// Refuses truncated WebP files. ImageSharp reads optional chunks up to the end of the stream, so that a
/// <see cref="WholeFileStream"/> would refuse good files too.
/// </summary>
internal static class WebpCheck
{
    private const int HeaderBytes = 12, ChunkHeaderBytes = 8;

    /// <summary>Whether a file begins like a WebP.</summary>
    public static bool IsWebp(byte[] file) =>
        file.AsSpan().StartsWith("RIFF"u8) && file.Length >= HeaderBytes && file.AsSpan(8).StartsWith("WEBP"u8);

    /// <summary>Opens a WebP file, without bytes that follow it.</summary>
    /// <exception cref="EndOfStreamException">The file is truncated.</exception>
    public static MemoryStream Open(byte[] file)
    {
        long end = ChunkHeaderBytes + (long)SizeAt(file, 4);
        if (end > file.Length) throw new EndOfStreamException(WholeFileStream.Truncated);
        for (long at = HeaderBytes; at < end;)
        {
            long left = end - at - ChunkHeaderBytes;
            long size = left < 0 ? 0 : SizeAt(file, (int)at + 4);
            if (size > left) throw new EndOfStreamException(WholeFileStream.Truncated);
            // Chunks begin at even positions.
            at += ChunkHeaderBytes + size + (size & 1);
        }
        return new MemoryStream(file, 0, (int)end);
    }

    private static uint SizeAt(byte[] file, int at) => BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));
}
