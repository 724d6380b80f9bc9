using System.Buffers.Binary;

namespace Tessera.Tensors.IO.Numpy;

/// <summary>An integer type of numpy.</summary>
/// <param name="Name">The type's name in the header of a .npy file.</param>
/// <param name="Bytes">The bytes of a number.</param>
/// <param name="Decode">Converts bytes to a number.</param>
internal sealed record NpyInteger(string Name, int Bytes, Func<ReadOnlySpan<byte>, Int128> Decode)
{
    /// <summary>Unsigned, 16 bits.</summary>
    public static readonly NpyInteger UInt16 = new("<u2", 2, bytes => BinaryPrimitives.ReadUInt16LittleEndian(bytes));

    /// <summary>Signed, 32 bits.</summary>
    public static readonly NpyInteger Int32 = new("<i4", 4, bytes => BinaryPrimitives.ReadInt32LittleEndian(bytes));

    private static readonly NpyInteger[] All =
    [
        UInt16, Int32,
        new("|u1", 1, bytes => bytes[0]),
        new("|i1", 1, bytes => (sbyte)bytes[0]),
        new("<i2", 2, bytes => BinaryPrimitives.ReadInt16LittleEndian(bytes)),
        new("<u4", 4, bytes => BinaryPrimitives.ReadUInt32LittleEndian(bytes)),
        new("<i8", 8, bytes => BinaryPrimitives.ReadInt64LittleEndian(bytes)),
        new("<u8", 8, bytes => BinaryPrimitives.ReadUInt64LittleEndian(bytes)),
    ];

    /// <summary>The type with a name, little-endian or big-endian; null if it is not an integer type.</summary>
    public static NpyInteger? Find(string name) => name.StartsWith('>')
        ? Find($"<{name[1..]}")?.BigEndian()
        : All.FirstOrDefault(type => type.Name == name);

    private NpyInteger BigEndian() => new($">{Name[1..]}", Bytes, bytes =>
    {
        Span<byte> reversed = stackalloc byte[sizeof(long)];
        reversed = reversed[..bytes.Length];
        bytes.CopyTo(reversed);
        reversed.Reverse();
        return Decode(reversed);
    });
}
