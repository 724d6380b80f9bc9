using System.IO.Compression;

namespace Tessera.Imaging;

/// <summary>
/// The core of <see cref="Png.Decode"/>. Whatever is wrong with the data is an <see cref="InvalidDataException"/>.
/// </summary>
internal sealed class PngDecoder
{
    /// <summary>Deflate's best ratio: 258 bytes from two bits (zlib's "Maximum Compression Factor").</summary>
    private const long MaxDeflateRatio = 1032;

    /// <summary>
    /// Adam7 (section 8.1): each pass takes the pixels from (X, Y) on, every DX across and every DY down.
    /// </summary>
    private static readonly (int X, int Y, int DX, int DY)[] Adam7 =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    private readonly PngHeader _header;
    private readonly byte[] _palette;
    private readonly byte[] _pixels;

    private PngDecoder(PngHeader header, byte[] palette)
    {
        _header = header;
        _palette = palette;
        _pixels = new byte[header.Width * header.Height * header.Channels];
    }

    public static Image Decode(ReadOnlySpan<byte> data, long maxPixels)
    {
        (PngHeader header, byte[] palette, MemoryStream compressed) = ReadChunks(data, maxPixels);
        if (RawBytes(header) > compressed.Length * MaxDeflateRatio)
            throw WrongAmount("little", header);
        PngDecoder decoder = new(header, palette);
        using ZLibStream inflate = new(compressed, CompressionMode.Decompress);
        decoder.ReadPasses(inflate);
        return new Image(header.Width, header.Height, header.Channels, decoder._pixels);
    }

    private static (PngHeader Header, byte[] Palette, MemoryStream Compressed) ReadChunks(
        ReadOnlySpan<byte> data, long maxPixels)
    {
        if (!data.StartsWith(Png.Signature))
            throw new InvalidDataException("its first 8 bytes are not the PNG signature");
        PngChunkReader chunks = new(data[Png.Signature.Length..]);
        chunks.Next();
        if (chunks.Type != "IHDR") throw new InvalidDataException($"it begins with {chunks.Type} instead of IHDR");
        PngHeader header = PngHeader.Parse(chunks.Data, maxPixels);
        byte[] palette = [];
        MemoryStream compressed = new();
        string previous = "";
        for (chunks.Next(); chunks.Type != "IEND"; chunks.Next())
        {
            if (chunks.Type == "PLTE" && header.Color == PngColor.Palette)
                palette = ReadPalette(chunks.Data, isFirst: palette.Length == 0 && compressed.Length == 0);
            else if (chunks.Type == "IDAT" && compressed.Length > 0 && previous != "IDAT")
                throw new InvalidDataException("its IDAT chunks do not follow each other");
            else if (chunks.Type == "IDAT")
                compressed.Write(chunks.Data);
            else if (!chunks.IsAncillary && chunks.Type != "PLTE")
                throw new InvalidDataException($"its {chunks.Type} chunk is out of place or unknown");
            previous = chunks.Type;
        }
        if (compressed.Length == 0) throw new InvalidDataException("it has no IDAT chunk");
        if (header.Color == PngColor.Palette && palette.Length == 0)
            throw new InvalidDataException("it has no PLTE chunk, the palette");
        compressed.Position = 0;
        return (header, palette, compressed);
    }

    private static byte[] ReadPalette(ReadOnlySpan<byte> data, bool isFirst)
    {
        if (!isFirst) throw new InvalidDataException("its PLTE chunk, the palette, is out of place");
        if (data.Length is 0 or > 3 * 256 || data.Length % 3 != 0)
            throw new InvalidDataException($"its PLTE chunk, the palette, has {data.Length} bytes");
        return data.ToArray();
    }

    /// <summary>Bytes of all filtered rows together.</summary>
    private static long RawBytes(PngHeader header) =>
        Passes(header).Sum(pass => (1L + header.RowBytes(pass.Width)) * pass.Height);

    private static IEnumerable<(int X, int Y, int DX, int DY, int Width, int Height)> Passes(PngHeader header)
    {
        (int X, int Y, int DX, int DY)[] grids = header.Interlaced ? Adam7 : [(0, 0, 1, 1)];
        return grids
            .Select(grid => (grid.X, grid.Y, grid.DX, grid.DY,
                Width: CeilingDivide(header.Width - grid.X, grid.DX),
                Height: CeilingDivide(header.Height - grid.Y, grid.DY)))
            // A small picture has passes without pixels; these have no rows, not empty ones.
            .Where(pass => pass.Width > 0 && pass.Height > 0);
    }

    private static InvalidDataException WrongAmount(string what, PngHeader header) =>
        new($"it holds too {what} data for {header.Width} x {header.Height} pixels");

    private static int CeilingDivide(int value, int divisor) => (value + divisor - 1) / divisor;

    private void ReadPasses(ZLibStream inflate)
    {
        foreach ((int x0, int y0, int dx, int dy, int width, int height) in Passes(_header))
        {
            int length = _header.RowBytes(width);
            byte[] row = new byte[1 + length], above = new byte[1 + length];
            for (int y = 0; y < height; y++)
            {
                if (Inflate(inflate, row) < row.Length)
                    throw WrongAmount("little", _header);
                PngFilter.Undo(row[0], row.AsSpan(1), above.AsSpan(1), _header.FilterStride);
                WritePixels(row.AsSpan(1), width, ((y0 + y * dy) * _header.Width + x0) * _header.Channels, dx);
                (row, above) = (above, row);
            }
        }
        // Reading past the last row also makes zlib check its Adler-32 checksum.
        if (Inflate(inflate, new byte[1]) > 0)
            throw WrongAmount("much", _header);
    }

    /// <summary>Reads as many bytes as there are, at most as many as there is room for.</summary>
    private static int Inflate(ZLibStream inflate, Span<byte> bytes)
    {
        try
        {
            return inflate.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException("its compressed data is damaged", e);
        }
    }

    /// <summary>
    /// Spreads a row's pixels over the picture, from sample <paramref name="target"/> on, every
    /// <paramref name="dx"/> pixels.
    /// </summary>
    private void WritePixels(ReadOnlySpan<byte> row, int width, int target, int dx)
    {
        int step = dx * _header.Channels;
        if (_header.BitDepth < 8 || _header.Color == PngColor.Palette)
        {
            for (int x = 0; x < width; x++, target += step) WriteIndexed(PackedSample(row, x), target);
            return;
        }
        // Samples are big-endian: the first byte is the upper one, and the only one kept.
        int sampleBytes = _header.BitDepth / 8, pixelBytes = _header.Samples * sampleBytes;
        for (int x = 0; x < width; x++, target += step)
        {
            for (int c = 0; c < _header.Channels; c++)
                _pixels[target + c] = row[x * pixelBytes + c * sampleBytes];
        }
    }

    /// <summary>The sample of a pixel of one sample of at most 8 bits; the leftmost is in the high bits.</summary>
    private int PackedSample(ReadOnlySpan<byte> row, int x)
    {
        int depth = _header.BitDepth, bit = x * depth;
        return (row[bit / 8] >> (8 - depth - bit % 8)) & ((1 << depth) - 1);
    }

    private void WriteIndexed(int sample, int target)
    {
        if (_header.Color == PngColor.Grey)
        {
            _pixels[target] = (byte)(sample * 255 / ((1 << _header.BitDepth) - 1));
            return;
        }
        if (3 * sample >= _palette.Length)
            throw new InvalidDataException($"a pixel has colour {sample} of a palette of {_palette.Length / 3}");
        _palette.AsSpan(3 * sample, 3).CopyTo(_pixels.AsSpan(target));
    }
}
