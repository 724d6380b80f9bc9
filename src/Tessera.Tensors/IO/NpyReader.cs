using System.IO.Compression;
using Tessera.Tensors.IO.Numpy;

namespace Tessera.Tensors.IO;

/// <summary>
/// Reads an array of integers from a numpy file, part by part: a <c>.npy</c> file, or one array of an <c>.npz</c> file,
/// compressed or not. Every integer type of numpy is read, little-endian or big-endian. Numbers are returned in
/// row-major order (C order); an array in Fortran order is held in memory as a whole.
/// </summary>
/// <example><code>
/// using NpyReader reader = NpyReader.Open("codes.npy");   // reader.Shape is [1000, 8, 8]
/// int[] first = new int[64];
/// reader.Read(first);                                     // the numbers of the first 8 x 8
/// </code></example>
public sealed class NpyReader : IDisposable
{
    // An array in Fortran order is held in memory: at most 64 Mi numbers.
    private const int BufferBytes = 1 << 16, MostReordered = 1 << 26;

    private readonly string _source;
    private readonly Stream _stream;
    private readonly IDisposable[] _owned;
    private readonly NpyInteger _type;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly bool _isColumnMajor;
    private int[]? _reordered;
    private long _position, _decoded;

    private NpyReader(string source, Stream stream, long bytes, IDisposable[] owned)
    {
        _source = source;
        _stream = stream;
        _owned = owned;
        NpyHeader header = NpyHeader.Read(stream);
        _type = NpyInteger.Find(header.Type) ?? throw new InvalidDataException(
            $"it holds numbers of type {Printable.Quote(header.Type)}, not integers; save array.astype('<i4')");
        Shape = header.Shape;
        Length = CountElements(header.Shape);
        _isColumnMajor = header.IsColumnMajor;
        long left = bytes - header.Bytes;
        if (Length > left / _type.Bytes || Length * _type.Bytes != left)
            throw new InvalidDataException(
                $"its shape [{string.Join(", ", Shape)}] does not fit the {left} bytes that follow: "
                + "it is truncated or damaged");
        if (_isColumnMajor && Length > MostReordered)
            throw new InvalidDataException(
                $"it has {Length} numbers in Fortran order, and the limit is {MostReordered}; "
                + "save numpy.ascontiguousarray(array)");
    }

    /// <summary>The dimensions, outermost first; empty for a scalar.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>The number of elements.</summary>
    public long Length { get; }

    /// <summary>
    /// Opens a file. Sizes are checked against the file's length before any memory is allocated for them.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="array">The array's name in an <c>.npz</c> file; ignored for a <c>.npy</c> file.</param>
    /// <param name="orOnly">Whether to take the only array of an <c>.npz</c> file, whatever its name.</param>
    /// <exception cref="InvalidDataException">
    /// The file has neither format, is damaged or truncated, lacks the array, or does not hold integers; the message
    /// names the file.
    /// </exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read.</exception>
    public static NpyReader Open(string path, string array = "arr_0", bool orOnly = false)
    {
        FileStream file = TensorFile.Open(path);
        return Open(file, path, array, orOnly);
    }

    /// <summary>Opens a stream; the reader closes it.</summary>
    /// <inheritdoc cref="Open(string, string, bool)"/>
    /// <param name="stream">A stream that can seek, at its beginning.</param>
    /// <param name="source">The name of the stream in error messages.</param>
    /// <param name="array">The array's name in an <c>.npz</c> file; ignored for a <c>.npy</c> file.</param>
    /// <param name="orOnly">Whether to take the only array of an <c>.npz</c> file, whatever its name.</param>
    public static NpyReader Open(Stream stream, string source, string array = "arr_0", bool orOnly = false)
    {
        try
        {
            Span<byte> first = stackalloc byte[2];
            bool isZip = stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false) == 2
                && first.SequenceEqual("PK"u8);
            stream.Position = 0;
            return isZip
                ? OpenEntry(stream, source, array, orOnly)
                : new NpyReader(source, stream, stream.Length, [stream]);
        }
        catch (Exception e)
        {
            stream.Dispose();
            if (e is InvalidDataException) throw Unusable(source, e);
            throw;
        }
    }

    /// <summary>Reads the next numbers.</summary>
    /// <param name="values">Receives the numbers; at most as many as are left.</param>
    /// <exception cref="ArgumentException">Fewer numbers are left.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or a number takes more than 32 bits.</exception>
    public void Read(Span<int> values)
    {
        if (values.Length > Length - _position)
            throw new ArgumentException(
                $"{values.Length} numbers were requested, but only {Length - _position} are left", nameof(values));
        try
        {
            if (_isColumnMajor) (_reordered ??= ReadReordered()).AsSpan((int)_position, values.Length).CopyTo(values);
            else Decode(values);
            _position += values.Length;
        }
        catch (InvalidDataException e)
        {
            throw Unusable(_source, e);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        foreach (IDisposable owned in _owned) owned.Dispose();
    }

    /// <summary>Reads the next numbers, in the file's order.</summary>
    private void Decode(Span<int> values)
    {
        while (!values.IsEmpty)
        {
            int count = Math.Min(values.Length, BufferBytes / _type.Bytes);
            Zip.Checked("it is damaged", () => { _stream.ReadExactly(_buffer, 0, count * _type.Bytes); return 0; });
            for (int i = 0; i < count; i++, _decoded++)
            {
                Int128 value = _type.Decode(_buffer.AsSpan(i * _type.Bytes, _type.Bytes));
                if (value != (int)value)
                    throw new InvalidDataException($"its number {_decoded} is {value}, which takes more than 32 bits");
                values[i] = (int)value;
            }
            values = values[count..];
        }
    }

    /// <summary>Reads a whole array in Fortran order and returns it in row-major order.</summary>
    private int[] ReadReordered()
    {
        // The list grows as numbers are read: a compressed file may claim more than it holds.
        var columns = new List<int>();
        int[] part = new int[BufferBytes];
        while (columns.Count < Length)
        {
            Span<int> next = part.AsSpan(0, (int)Math.Min(part.Length, Length - columns.Count));
            Decode(next);
            columns.AddRange(next);
        }
        int[] rows = new int[columns.Count], index = new int[Shape.Count];
        int at = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = columns[at];
            int axis = Shape.Count - 1, stride = rows.Length / Shape[axis];
            while (axis > 0 && ++index[axis] == Shape[axis])
            {
                at -= (Shape[axis] - 1) * stride;
                index[axis--] = 0;
                stride /= Shape[axis];
            }
            at += stride;
        }
        return rows;
    }

    private static long CountElements(int[] shape)
    {
        if (shape.Contains(0)) return 0;
        Int128 count = 1;
        foreach (int size in shape) count = Int128.Min(count * size, long.MaxValue);
        return (long)count;
    }

    private static NpyReader OpenEntry(Stream stream, string source, string array, bool orOnly)
    {
        ZipArchive zip = Zip.Open(stream);
        ZipArchiveEntry? only =
            orOnly && zip.Entries is [var single] && single.Name.EndsWith(".npy", StringComparison.Ordinal)
                ? single
                : null;
        ZipArchiveEntry entry = zip.GetEntry($"{array}.npy") ?? only ?? throw new InvalidDataException(
            $"it has no array '{array}', only: "
            + Printable.OneLine(string.Join(", ", zip.Entries.Take(10).Select(other => other.Name))));
        Stream opened = Zip.Open(entry);
        return Zip.Checked(
            Printable.Quote(entry.FullName) + " in it cannot be used",
            () => new NpyReader(source, opened, entry.Length, [opened, zip, stream]));
    }

    private static InvalidDataException Unusable(string source, Exception e) =>
        new($"{source}: {e.Message}; give a file of numpy.save or numpy.savez", e);
}
