using System.IO.Compression;

namespace Tessera.Imaging;

/// <summary>The core of <see cref="Png.Encode"/>.</summary>
internal static class PngEncoder
{
    public static byte[] Encode(Image image)
    {
        PngColor color = image.Channels == 1 ? PngColor.Grey : PngColor.Rgb;
        PngHeader header = new(image.Width, image.Height, BitDepth: 8, color, Interlaced: false);
        using MemoryStream compressed = new();
        using (ZLibStream deflate = new(compressed, CompressionLevel.Optimal, leaveOpen: true))
            WriteRows(deflate, image, header);

        using MemoryStream output = new();
        output.Write(Png.Signature);
        PngChunkWriter.Write(output, "IHDR"u8, header.ToBytes());
        PngChunkWriter.Write(output, "IDAT"u8, compressed.GetBuffer().AsSpan(0, (int)compressed.Length));
        PngChunkWriter.Write(output, "IEND"u8, []);
        return output.ToArray();
    }

    private static void WriteRows(Stream output, Image image, PngHeader header)
    {
        int length = header.RowBytes(image.Width);
        ReadOnlySpan<byte> above = new byte[length];
        byte[] best = new byte[1 + length], candidate = new byte[1 + length];
        for (int y = 0; y < image.Height; y++)
        {
            ReadOnlySpan<byte> row = image.Pixels.AsSpan(y * length, length);
            long smallest = long.MaxValue;
            for (byte filter = 0; filter < PngFilter.Count; filter++)
            {
                candidate[0] = filter;
                PngFilter.Apply(filter, row, above, header.FilterStride, candidate.AsSpan(1));
                long sum = 0;
                foreach (byte difference in candidate.AsSpan(1)) sum += Math.Abs((int)(sbyte)difference);
                if (sum >= smallest) continue;
                smallest = sum;
                (best, candidate) = (candidate, best);
            }
            output.Write(best);
            above = row;
        }
    }
}
