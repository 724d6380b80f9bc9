using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Tessera.Tensors.IO.Numpy;

/// <summary>
/// The header of a .npy file (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): a signature, a
/// version, and a Python dict with the type, the order and the shape of the array.
/// </summary>
/// <param name="Type">The element type as numpy writes it: <c>&lt;u2</c>.</param>
/// <param name="Shape">The dimensions, outermost first.</param>
/// <param name="IsColumnMajor">Whether the first dimension varies fastest (Fortran order).</param>
internal sealed partial record NpyHeader(string Type, int[] Shape, bool IsColumnMajor = false)
{
    private const int Alignment = 64, MostBytes = 1 << 16, MostDimensions = 32;

    /// <summary>The number of bytes of the header in the file it was read from.</summary>
    public long Bytes { get; private init; }

    private static ReadOnlySpan<byte> Signature => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads the header, and leaves the stream at the first element.</summary>
    /// <exception cref="InvalidDataException">
    /// The header is damaged, or describes an array that cannot be read.
    /// </exception>
    public static NpyHeader Read(Stream stream)
    {
        Span<byte> start = stackalloc byte[12];
        int found = stream.ReadAtLeast(start[..10], 10, throwOnEndOfStream: false);
        if (found == 0) throw new InvalidDataException("it is empty");
        if (found < 10 || !start.StartsWith(Signature))
            throw new InvalidDataException("it does not begin like a .npy file");
        int version = start[6];
        if (version is < 1 or > 3) throw new InvalidDataException($"its version, {version}, is unknown");
        long length = BinaryPrimitives.ReadUInt16LittleEndian(start[8..]);
        if (version > 1)
        {
            ReadExactly(stream, start[10..]);
            length = BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        }
        if (length > MostBytes)
            throw new InvalidDataException($"its header claims {length} bytes, and the limit is {MostBytes}");
        byte[] text = new byte[length];
        ReadExactly(stream, text);
        return Parse(Encoding.Latin1.GetString(text)) with { Bytes = (version > 1 ? 12 : 10) + length };
    }

    /// <summary>
    /// Formats the header in version 1.0, padded with spaces to a multiple of 64 bytes as numpy does.
    /// </summary>
    public byte[] Format()
    {
        const int Start = 10;
        string shape = string.Join(", ", Shape) + (Shape.Length == 1 ? "," : "");
        string dict = $"{{'descr': '{Type}', 'fortran_order': False, 'shape': ({shape}), }}";
        int length = (Start + dict.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] bytes = new byte[length];
        Signature.CopyTo(bytes);
        bytes[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)(length - Start));
        bytes.AsSpan(Start).Fill((byte)' ');
        Encoding.ASCII.GetBytes(dict, bytes.AsSpan(Start));
        bytes[^1] = (byte)'\n';
        return bytes;
    }

    private static NpyHeader Parse(string dict)
    {
        Match order = Order().Match(dict), shape = ShapeTuple().Match(dict), type = Descr().Match(dict);
        if (!dict.StartsWith('{') || !order.Success || !shape.Success
            || !dict.Contains("'descr'", StringComparison.Ordinal))
            throw new InvalidDataException("its header is damaged");
        if (!type.Success) throw new InvalidDataException("it holds records of fields, not numbers");
        int[] sizes = ParseShape(shape.Groups[1].Value);
        return new NpyHeader(type.Groups[1].Value, sizes, order.Groups[1].Value == "True" && sizes.Length > 1);
    }

    private static int[] ParseShape(string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (parts.Length > MostDimensions) throw new InvalidDataException($"it has {parts.Length} dimensions");
        return Array.ConvertAll(
            parts, part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int size)
            ? size
            : throw new InvalidDataException($"one of its dimensions is {Printable.Quote(part)}"));
    }

    private static void ReadExactly(Stream stream, Span<byte> bytes)
    {
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            throw new InvalidDataException("it is truncated: it ends within its header");
    }

    [GeneratedRegex(@"'descr': ?'([^']{1,16})'")]
    private static partial Regex Descr();

    [GeneratedRegex(@"'fortran_order': ?(True|False)\b")]
    private static partial Regex Order();

    [GeneratedRegex(@"'shape': ?\(([^()]{0,400})\)")]
    private static partial Regex ShapeTuple();
}
