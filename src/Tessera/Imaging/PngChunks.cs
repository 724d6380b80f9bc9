using System.Buffers.Binary;
using System.Text;

namespace Tessera.Imaging;

/// <summary>
/// Reads the chunks of a PNG one by one (section 5.3: length, type, data, CRC-32 of type and data).
/// </summary>
/// <param name="data">The bytes after the signature.</param>
internal ref struct PngChunkReader(ReadOnlySpan<byte> data)
{
    private const int Overhead = 12;

    private ReadOnlySpan<byte> _rest = data;

    /// <summary>The current chunk's type: four ASCII letters.</summary>
    public string Type { get; private set; } = "";

    /// <summary>The current chunk's data.</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>A decoder may skip the current chunk without knowing it: its type begins with a small letter.</summary>
    public readonly bool IsAncillary => char.IsAsciiLetterLower(Type[0]);

    /// <summary>Goes to the next chunk and checks it.</summary>
    /// <exception cref="InvalidDataException">There is none, or it is damaged.</exception>
    public void Next()
    {
        if (_rest.Length < Overhead) throw new InvalidDataException("the file ends before the picture does");
        uint length = BinaryPrimitives.ReadUInt32BigEndian(_rest);
        Type = Encoding.Latin1.GetString(_rest.Slice(4, 4));
        if (!Type.All(char.IsAsciiLetter)) throw new InvalidDataException("a chunk's name is damaged");
        if (length > _rest.Length - Overhead)
            throw new InvalidDataException($"the file ends within its {Type} chunk");
        Data = _rest.Slice(8, (int)length);
        uint stated = BinaryPrimitives.ReadUInt32BigEndian(_rest[(8 + (int)length)..]);
        if (Crc32.Of(_rest.Slice(4, 4 + (int)length)) != stated)
            throw new InvalidDataException($"its {Type} chunk fails its checksum");
        _rest = _rest[(Overhead + (int)length)..];
    }
}

/// <summary>Writes chunks.</summary>
internal static class PngChunkWriter
{
    /// <summary>Appends one chunk.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="type">Four ASCII letters.</param>
    /// <param name="data">The chunk's data.</param>
    public static void Write(Stream output, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        output.Write(number);
        output.Write(type);
        output.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Of(data, Crc32.Of(type)));
        output.Write(number);
    }
}
