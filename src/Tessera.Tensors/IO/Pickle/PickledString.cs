using System.Text;

namespace Tessera.Tensors.IO.Pickle;

/// <summary>
/// A byte string or text in a pickle: a view of the file. It is decoded only where it is used, so that a pickle which
/// names one long string a million times costs no more than the file itself.
/// </summary>
/// <param name="Raw">The bytes as they stand in the file.</param>
/// <param name="IsLatin1AsUtf8">
/// Whether the bytes have to be decoded from UTF-8 and then encoded as Latin-1: Python 3's protocol 2 knows no byte
/// strings and writes <c>codecs.encode('...', 'latin1')</c> instead.
/// </param>
public sealed record PickledString(ReadOnlyMemory<byte> Raw, bool IsLatin1AsUtf8 = false)
{
    private const int LongestName = 200;

    /// <summary>The bytes.</summary>
    /// <exception cref="InvalidDataException">The text has characters beyond Latin-1.</exception>
    public byte[] ToBytes() => IsLatin1AsUtf8 ? Latin1Bytes() : Raw.ToArray();

    /// <summary>Whether it is short enough for a key or a name.</summary>
    public bool IsName => Raw.Length <= LongestName;

    /// <summary>The text of a key or a name.</summary>
    /// <exception cref="InvalidDataException">It is too long to be one.</exception>
    public string ToName() => IsName
        ? ToText()
        : throw new InvalidDataException("a name is too long");

    /// <summary>The text, however long.</summary>
    public string ToText() => Encoding.UTF8.GetString(Raw.Span);

    private byte[] Latin1Bytes()
    {
        byte[] bytes = new byte[Raw.Length];
        int length = 0;
        ReadOnlySpan<byte> rest = Raw.Span;
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(rest, out Rune rune, out int used) != 0 || rune.Value > 255)
                throw new InvalidDataException("a byte string is not encoded as Latin-1");
            bytes[length++] = (byte)rune.Value;
            rest = rest[used..];
        }
        return bytes[..length];
    }
}
