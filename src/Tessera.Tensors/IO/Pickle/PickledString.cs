using System.Text;

namespace Tessera.Tensors.IO.Pickle;

/// <summary>
/// A byte string or text in a pickle: a view of the file. It is decoded only when it is used, so a pickle that uses one
/// long string a million times takes no more memory than the file.
/// </summary>
/// <param name="Raw">The bytes in the file.</param>
/// <param name="IsLatin1AsUtf8">
/// Whether the bytes must be decoded from UTF-8 and then encoded as Latin-1: protocol 2 has no byte strings, so Python
/// 3 writes <c>codecs.encode('...', 'latin1')</c> instead.
/// </param>
public sealed record PickledString(ReadOnlyMemory<byte> Raw, bool IsLatin1AsUtf8 = false)
{
    private const int LongestName = 200;

    /// <summary>The bytes.</summary>
    /// <exception cref="InvalidDataException">The text has characters beyond Latin-1.</exception>
    public byte[] ToBytes() => IsLatin1AsUtf8 ? Latin1Bytes() : Raw.ToArray();

    /// <summary>Whether the string is short enough for a key or a name.</summary>
    public bool IsName => Raw.Length <= LongestName;

    /// <summary>The text of a key or a name.</summary>
    /// <exception cref="InvalidDataException">The string is too long for a name.</exception>
    public string ToName() => IsName
        ? ToText()
        : throw new InvalidDataException("a name is too long");

    /// <summary>The text, of any length.</summary>
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
