using System.Buffers.Binary;
using Parquet.Meta;

namespace Tessera.Data.Stores;

/// <summary>
/// Refuses damaged Parquet files on which Parquet.Net 6.1 would read for ever or take memory without bound: it believes
/// each length that it reads, and past the end of a structure it reads 255. The structures are those of parquet.thrift
/// (https://github.com/apache/parquet-format).
/// </summary>
internal static class ParquetCheck
{
    private const int Tail = 8, LargestHeader = 1 << 20, UsualHeader = 1 << 10, SchemaField = 2, MostColumns = 10_000;

    // Of gzip; what other methods reach only with pages of zeros.
    private const long MostExpansion = 1100, SparedPage = 1 << 20;

    private static readonly ThriftShape Nothing = new("");
    private static readonly ThriftShape Statistics = new("bbllbbtt");
    private static readonly ThriftShape KeyValue = new("bb");
    private static readonly ThriftShape Time = new("tS", new ThriftShape("SSS", Nothing, Nothing, Nothing));

    private static readonly ThriftShape LogicalType = new(
        "SSSSSSSS.SSSSSSSSS", Nothing, Nothing, Nothing, Nothing, new ThriftShape("ii"), Nothing, Time, Time,
        new ThriftShape("yt"), Nothing, Nothing, Nothing, Nothing, Nothing, new ThriftShape("y"), new ThriftShape("b"),
        new ThriftShape("bi"));

    private static readonly ThriftShape SchemaElement = new("iiibiiiiiS", LogicalType);

    private static readonly ThriftShape ColumnMetaData = new(
        "iIBilllLlllSLliSS", KeyValue, Statistics, new ThriftShape("iii"), new ThriftShape("lJJ"),
        new ThriftShape("SI", new ThriftShape("dddddddd")));

    private static readonly ThriftShape ColumnChunk = new(
        "blSliliSb", ColumnMetaData, new ThriftShape("SS", Nothing, new ThriftShape("Bb")));

    private static readonly ThriftShape RowGroup = new("LllLlls", ColumnChunk, new ThriftShape("itt"));

    private static readonly ThriftShape FileMetaData = new(
        "iLlLLbLSb", SchemaElement, RowGroup, KeyValue, new ThriftShape("SS", Nothing, Nothing),
        new ThriftShape("SS", new ThriftShape("bbt"), new ThriftShape("bbt")));

    private static readonly ThriftShape PageHeader = new(
        "iiiiSSSS", new ThriftShape("iiiiS", Statistics), Nothing, new ThriftShape("iit"),
        new ThriftShape("iiiiiitS", Statistics));

    /// <summary>Checks the file's description of itself, which is at its end.</summary>
    /// <param name="file">The file; its position changes.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static void Footer(Stream file)
    {
        byte[] tail = ReadAt(file, file.Length - Tail, Tail);
        int length = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (!tail.AsSpan(4).SequenceEqual("PAR1"u8)) throw new InvalidDataException("it does not end as one");
        var walk = new ThriftWalk(ReadAt(file, file.Length - Tail - length, length));
        walk.Walk(FileMetaData);
        // Parquet.Net calls itself for every column that is inside another.
        if (walk.Counts.GetValueOrDefault(SchemaField) > MostColumns)
            throw new InvalidDataException($"it has more than {MostColumns} columns");
    }

    /// <summary>Checks the pages of a column in a group of rows.</summary>
    /// <param name="file">The file; its position changes.</param>
    /// <param name="column">The column.</param>
    /// <param name="rows">The rows of the group, which has a value, or the lack of one, for each.</param>
    /// <exception cref="InvalidDataException">They are damaged.</exception>
    public static void Pages(Stream file, ColumnMetaData column, long rows)
    {
        // A row takes a byte at least, with the bytes of its image.
        if (rows < 0 || rows > file.Length || column.NumValues != rows)
            throw new InvalidDataException($"it declares {column.NumValues} values in {rows} rows");
        long at = column.DictionaryPageOffset is > 0 and { } dictionary
            ? Math.Min(dictionary, column.DataPageOffset) : column.DataPageOffset;
        long end = at + column.TotalCompressedSize;
        if (at < 0 || end < at || end > file.Length) throw new InvalidDataException("it declares pages outside itself");
        for (long values = 0; values < rows;)
        {
            ThriftWalk header = ReadHeader(file, at, end);
            long Number(int field, int of = 0) => header.Integers.GetValueOrDefault((of, field), -1);
            (long full, long packed) = (Number(2), Number(3));
            long inPage = Math.Max(Number(1, of: 5), Number(1, of: 8)), inDictionary = Number(1, of: 7);
            long page = at + header.Length;
            at = page + packed;
            if (full < 0 || packed < 0 || at > end || full > SparedPage + MostExpansion * packed
                || inPage > rows - values || inDictionary > full)
                throw ImpossibleSizes();
            if (column.Codec == CompressionCodec.SNAPPY && Number(7, of: 8) != 0)
            {
                // A page of the second version has its levels before what is compressed.
                long levels = Math.Max(0, Number(5, of: 8)) + Math.Max(0, Number(6, of: 8));
                CheckSnappy(file, page + levels, at, full - levels);
            }
            values += Math.Max(inPage, 0);
        }
    }

    /// <summary>Checks the length that Snappy's bytes begin with, which its reader takes memory for.</summary>
    private static void CheckSnappy(Stream file, long at, long end, long expected)
    {
        if (at >= end) return;
        long declared = 0;
        byte[] start = ReadAt(file, at, (int)Math.Min(5, end - at));
        for (int i = 0; i < start.Length; i++)
        {
            declared |= (long)(start[i] & 0x7F) << 7 * i;
            if (start[i] < 0x80) break;
        }
        if (declared != expected) throw ImpossibleSizes();
    }

    private static InvalidDataException ImpossibleSizes() => new("it declares pages of impossible sizes");

    private static ThriftWalk ReadHeader(Stream file, long at, long end)
    {
        for (int length = UsualHeader; ; length = LargestHeader)
        {
            var walk = new ThriftWalk(ReadAt(file, at, (int)Math.Min(length, end - at)));
            try
            {
                walk.Walk(PageHeader);
                return walk;
            }
            catch (InvalidDataException) when (length < LargestHeader && end - at > length)
            {
                // It may be longer, by statistics.
            }
        }
    }

    private static byte[] ReadAt(Stream file, long place, int length)
    {
        if (length < 0 || place < 0 || place + length > file.Length)
            throw new InvalidDataException("it declares parts outside itself");
        byte[] bytes = new byte[length];
        file.Position = place;
        file.ReadExactly(bytes);
        return bytes;
    }
}
