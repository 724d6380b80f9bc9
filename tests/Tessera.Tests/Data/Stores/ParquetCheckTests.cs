using System.Buffers.Binary;
using Parquet.Meta;
using Tessera.Data.Stores;

namespace Tessera.Tests.Data.Stores;

/// <summary>Parquet files on which Parquet.Net would read for ever, or which declare more than they hold.</summary>
public sealed class ParquetCheckTests
{
    // Types of Thrift's compact protocol, in a field's header below the step from the field before.
    private const byte Stop = 0, Truth = 1, Int32 = 5, Int64 = 6, Bytes = 8, List = 9, Struct = 12;

    /// <summary>A file's version, schema, rows and groups: the least that it must say.</summary>
    private static readonly byte[] Least =
        [0x10 | Int32, 2, 0x10 | List, Struct, 0x10 | Int64, 0, 0x10 | List, Struct, Stop];

    [Fact]
    public void A_file_that_says_the_least_is_accepted() => Check(Least);

    [Theory]
    // A struct that does not end.
    [InlineData(new byte[] { 0x10 | Int32, 2 })]
    // A list of 2^28 - 1 structs.
    [InlineData(new byte[] { 0x20 | List, 0xF0 | Struct, 0xFF, 0xFF, 0xFF, 0x7F, Stop })]
    // A list of as many truth values, in an unknown field, which take no bytes in Parquet.Net.
    [InlineData(new byte[] { 0xF0 | List, 0xF0 | Truth, 0xFF, 0xFF, 0xFF, 0x7F, Stop })]
    // A text longer than the file.
    [InlineData(new byte[] { 0x60 | Bytes, 0x7F, Stop })]
    // A version that is a text, and an integer without an end.
    [InlineData(new byte[] { 0x10 | Bytes, 0, Stop })]
    [InlineData(new byte[] { 0x10 | Int32, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, Stop })]
    public void Damaged_descriptions_are_refused(byte[] footer) =>
        Assert.Throws<InvalidDataException>(() => Check(footer));

    [Fact]
    public void Structs_inside_each_other_end_at_a_depth() => Assert.Throws<InvalidDataException>(
        () => Check([.. Enumerable.Repeat((byte)(0xF0 | Struct), 100_000)]));

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    [InlineData(1000)]
    public void A_description_outside_the_file_is_refused(int length) =>
        Assert.Throws<InvalidDataException>(() => Check(Least, length));

    /// <summary>Snappy's bytes begin with the length of what they hold, which its reader takes memory for.</summary>
    [Theory]
    [InlineData(new byte[] { 10 }, 1, true)]
    [InlineData(new byte[] { 11 }, 1, false)]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0x7F }, 1, false)]
    [InlineData(new byte[] { 10 }, 2, false)]
    public void A_page_holds_as_much_as_it_says(byte[] length, int rows, bool isAccepted)
    {
        // Kind 0, 10 bytes, 8 of them packed, one value; integers are in zigzag.
        byte[] header =
            [0x10 | Int32, 0, 0x10 | Int32, 20, 0x10 | Int32, 16, 0x20 | Struct, 0x10 | Int32, 2, Stop, Stop];
        byte[] file = [.. header, .. length, .. new byte[8 - length.Length]];
        var column = new ColumnMetaData
        {
            Codec = CompressionCodec.SNAPPY,
            NumValues = rows,
            TotalCompressedSize = file.Length,
        };
        Exception? e = Record.Exception(() => ParquetCheck.Pages(new MemoryStream(file), column, rows));
        if (isAccepted) Assert.Null(e);
        else Assert.IsType<InvalidDataException>(e);
    }

    private static void Check(byte[] footer, int? length = null)
    {
        byte[] declared = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(declared, length ?? footer.Length);
        ParquetCheck.Footer(new MemoryStream([.. "PAR1"u8, .. footer, .. declared, .. "PAR1"u8]));
    }
}
