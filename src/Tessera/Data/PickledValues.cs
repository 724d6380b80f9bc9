using System.Text;

namespace Tessera.Data;

/// <summary>
/// A byte string or text in a pickle: a view of the file. It is decoded only where it is used, so that a pickle which
/// names one long string a million times costs no more than the file itself.
/// </summary>
/// <param name="Raw">The bytes as they stand in the file.</param>
/// <param name="IsLatin1AsUtf8">
/// Whether the bytes have to be decoded from UTF-8 and then encoded as Latin-1: Python 3's protocol 2 knows no byte
/// strings and writes <c>codecs.encode('...', 'latin1')</c> instead.
/// </param>
internal sealed record PickledString(ReadOnlyMemory<byte> Raw, bool IsLatin1AsUtf8 = false)
{
    private const int LongestName = 80;

    /// <summary>The bytes.</summary>
    /// <exception cref="InvalidDataException">The text has characters beyond Latin-1.</exception>
    public byte[] ToBytes() => IsLatin1AsUtf8 ? Latin1Bytes() : Raw.ToArray();

    /// <summary>The text of a key or a name.</summary>
    /// <exception cref="InvalidDataException">It is too long to be one.</exception>
    public string ToName() => Raw.Length <= LongestName
        ? Encoding.Latin1.GetString(Raw.Span)
        : throw new InvalidDataException("a name is too long");

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

/// <summary>The few callables that batch files name. They are tokens: nothing is looked up or called.</summary>
internal enum PickledGlobal
{
    Reconstruct,
    NdArray,
    DType,
    Encode,
}

/// <summary>A numpy dtype; only unsigned bytes (<c>u1</c>) are accepted, so it holds nothing.</summary>
internal sealed record PickledByteType;

/// <summary>A numpy array of bytes, empty until its state is set.</summary>
internal sealed class PickledArray
{
    private PickledString? _data;

    /// <summary>The length of both axes.</summary>
    public long[] Shape { get; private set; } = [];

    /// <summary>Whether the first axis varies fastest (Fortran's order).</summary>
    public bool IsColumnMajor { get; private set; }

    /// <summary>Sets what numpy pickles: (version, shape, dtype, column-major, bytes).</summary>
    /// <exception cref="InvalidDataException">The state is anything else.</exception>
    public void SetState(object? state)
    {
        if (state is not object?[] parts
            || parts is not [long, object?[] axes, PickledByteType, bool isColumnMajor, PickledString data]
            || axes.Length != 2
            || !axes.All(axis => axis is long))
        {
            throw new InvalidDataException("an array is not a table of bytes");
        }
        Shape = [.. axes.Cast<long>()];
        IsColumnMajor = isColumnMajor;
        _data = data;
    }

    /// <summary>The elements in the order of the file.</summary>
    public byte[] Bytes() => _data?.ToBytes() ?? [];
}
