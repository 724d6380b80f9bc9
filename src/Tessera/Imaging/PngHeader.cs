using System.Buffers.Binary;

namespace Tessera.Imaging;

/// <summary>The colour types of the PNG standard, section 11.2.1.</summary>
internal enum PngColor : byte
{
    Grey = 0,
    Rgb = 2,
    Palette = 3,
    GreyAlpha = 4,
    RgbAlpha = 6,
}

/// <summary>The IHDR chunk, checked: only combinations that the standard allows exist.</summary>
internal readonly record struct PngHeader(int Width, int Height, int BitDepth, PngColor Color, bool Interlaced)
{
    /// <summary>Length of the chunk's data in bytes.</summary>
    public const int Length = 13;

    /// <summary>What a pixel of four 16-bit samples takes in the file; no kind takes more, here or there.</summary>
    private const int MaxBytesPerPixel = 8;

    /// <summary>Samples in a pixel of the file.</summary>
    public int Samples => Color switch
    {
        PngColor.Grey or PngColor.Palette => 1,
        PngColor.GreyAlpha => 2,
        PngColor.Rgb => 3,
        _ => 4,
    };

    /// <summary>Channels of the decoded picture: 1 or 3.</summary>
    public int Channels => Color is PngColor.Grey or PngColor.GreyAlpha ? 1 : 3;

    /// <summary>The distance, in bytes, of the neighbour that the row filters take for "left": at least 1.</summary>
    public int FilterStride => Math.Max(Samples * BitDepth / 8, 1);

    /// <summary>Bytes of a row of so many pixels, without the filter byte before it.</summary>
    public int RowBytes(int width) => (int)(((long)width * Samples * BitDepth + 7) / 8);

    /// <summary>Reads and checks the chunk's data.</summary>
    /// <exception cref="InvalidDataException">It is not what the standard allows, or over the limit.</exception>
    public static PngHeader Parse(ReadOnlySpan<byte> data, long maxPixels)
    {
        if (data.Length != Length)
            throw new InvalidDataException($"its IHDR chunk has {data.Length} bytes instead of {Length}");
        long width = BinaryPrimitives.ReadUInt32BigEndian(data);
        long height = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
        int bitDepth = data[8];
        PngColor color = (PngColor)data[9];
        bool allowed = color switch
        {
            PngColor.Grey => bitDepth is 1 or 2 or 4 or 8 or 16,
            PngColor.Palette => bitDepth is 1 or 2 or 4 or 8,
            PngColor.Rgb or PngColor.GreyAlpha or PngColor.RgbAlpha => bitDepth is 8 or 16,
            _ => false,
        };
        if (!allowed)
            throw new InvalidDataException($"colour type {(int)color} with {bitDepth} bits a sample does not exist");
        if (data[10] != 0) throw new InvalidDataException($"compression method {data[10]} does not exist");
        if (data[11] != 0) throw new InvalidDataException($"filter method {data[11]} does not exist");
        if (data[12] > 1) throw new InvalidDataException($"interlace method {data[12]} does not exist");
        ImageFile.CheckSize(width, height, MaxBytesPerPixel, maxPixels);
        return new PngHeader((int)width, (int)height, bitDepth, color, Interlaced: data[12] == 1);
    }

    /// <summary>Writes the chunk's data, <see cref="Length"/> bytes.</summary>
    public byte[] ToBytes()
    {
        byte[] data = new byte[Length];
        BinaryPrimitives.WriteInt32BigEndian(data, Width);
        BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(4), Height);
        data[8] = (byte)BitDepth;
        data[9] = (byte)Color;
        data[12] = (byte)(Interlaced ? 1 : 0);
        return data;
    }
}
