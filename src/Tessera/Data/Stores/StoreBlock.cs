using System.Buffers.Binary;
using System.Text;

namespace Tessera.Data.Stores;

/// <summary>
/// A block's header: how long its parts are, and their checksums. The parts follow it in this order: new classes,
/// left-out images, tables, names, pixels.
/// </summary>
/// <param name="Count">Images in the block.</param>
/// <param name="ClassesLength">Bytes of the names of the classes that begin with this block.</param>
/// <param name="LeftOutLength">Bytes of the names of the images that could not be read, and why.</param>
/// <param name="NamesLength">Bytes of the images' names.</param>
/// <param name="ClassesChecksum">Of the classes.</param>
/// <param name="LeftOutChecksum">Of the left-out images.</param>
/// <param name="TablesChecksum">Of the tables.</param>
/// <param name="NamesChecksum">Of the names.</param>
internal sealed record StoreBlock(
    int Count, int ClassesLength, int LeftOutLength, int NamesLength,
    uint ClassesChecksum, uint LeftOutChecksum, uint TablesChecksum, uint NamesChecksum)
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderLength = 64;

    private const uint Magic = 0x424B5054;

    /// <summary>Where the block begins.</summary>
    public long Start { get; init; }

    /// <summary>Number of the block's first image.</summary>
    public int First { get; init; }

    public long ClassesAt => Start + HeaderLength;

    public long LeftOutAt => ClassesAt + ClassesLength;

    public long TablesAt => LeftOutAt + LeftOutLength;

    public long NamesAt => TablesAt + BlockTables.LengthFor(Count);

    public long PixelsAt => NamesAt + NamesLength;

    /// <summary>The header's bytes.</summary>
    public byte[] Encode()
    {
        byte[] bytes = new byte[HeaderLength];
        ReadOnlySpan<uint> numbers =
        [
            Magic, (uint)Count, (uint)ClassesLength, (uint)LeftOutLength, (uint)NamesLength,
            ClassesChecksum, LeftOutChecksum, TablesChecksum, NamesChecksum,
        ];
        for (int i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4 * i), numbers[i]);
        BinaryPrimitives.WriteUInt32LittleEndian(
            bytes.AsSpan(HeaderLength - 4), StoreFormat.Checksum(bytes.AsSpan(0, HeaderLength - 4)));
        return bytes;
    }

    /// <summary>Reads a header; null if it is damaged.</summary>
    public static StoreBlock? Decode(ReadOnlySpan<byte> bytes)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) != StoreFormat.Checksum(bytes[..^4]))
            return null;
        int[] lengths = new int[4];
        uint[] checksums = new uint[4];
        for (int i = 0; i < 4; i++)
        {
            lengths[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 + 4 * i)..]);
            checksums[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(20 + 4 * i)..]);
        }
        return lengths.Min() < 0 ? null : new StoreBlock(
            lengths[0], lengths[1], lengths[2], lengths[3], checksums[0], checksums[1], checksums[2], checksums[3]);
    }

    /// <summary>Texts one after another, each as its length in bytes and its UTF-8.</summary>
    public static byte[] EncodeTexts(IEnumerable<string> texts)
    {
        using var stream = new MemoryStream();
        byte[] length = new byte[4];
        foreach (string text in texts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            stream.Write(length);
            stream.Write(bytes);
        }
        return stream.ToArray();
    }

    /// <summary>Reads <see cref="EncodeTexts"/>; null if a length is wrong.</summary>
    public static List<string>? DecodeTexts(ReadOnlySpan<byte> bytes)
    {
        var texts = new List<string>();
        while (!bytes.IsEmpty)
        {
            if (bytes.Length < 4) return null;
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            if (length < 0 || length > bytes.Length - 4) return null;
            texts.Add(Encoding.UTF8.GetString(bytes.Slice(4, length)));
            bytes = bytes[(4 + length)..];
        }
        return texts;
    }
}

/// <summary>
/// The tables of a block's images: labels (int32), checksums of their pixels (uint32), splits (a byte), and how often
/// each of 256 values occurs in its training images (int64).
/// </summary>
internal readonly ref struct BlockTables
{
    private const int PerImage = 4 + 4 + 1, HistogramLength = 256 * 8;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly int _count;

    /// <summary>Sees bytes as tables.</summary>
    public BlockTables(ReadOnlySpan<byte> bytes, int count)
    {
        _bytes = bytes;
        _count = count;
    }

    /// <summary>Bytes of the tables of so many images.</summary>
    public static long LengthFor(int count) => (long)count * PerImage + HistogramLength;

    /// <summary>The class of an image.</summary>
    public int Label(int i) => BinaryPrimitives.ReadInt32LittleEndian(_bytes[(4 * i)..]);

    /// <summary>The checksum of an image's pixels.</summary>
    public uint Checksum(int i) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[(4 * (_count + i))..]);

    /// <summary>The split of an image; <see cref="Data.Split.All"/> if it is in neither.</summary>
    public Split Split(int i) => (Split)_bytes[8 * _count + i];

    /// <summary>Adds the histogram of the training images.</summary>
    public void AddHistogram(long[] sums)
    {
        ReadOnlySpan<byte> own = _bytes[(_count * PerImage)..];
        for (int value = 0; value < sums.Length; value++)
            sums[value] += BinaryPrimitives.ReadInt64LittleEndian(own[(8 * value)..]);
    }

    /// <summary>Writes tables.</summary>
    public static byte[] Encode(List<int> labels, List<uint> checksums, List<Split> splits, long[] histogram)
    {
        int count = labels.Count;
        byte[] bytes = new byte[LengthFor(count)];
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * i), labels[i]);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4 * (count + i)), checksums[i]);
            bytes[8 * count + i] = (byte)splits[i];
        }
        for (int value = 0; value < histogram.Length; value++)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(count * PerImage + 8 * value), histogram[value]);
        return bytes;
    }
}
