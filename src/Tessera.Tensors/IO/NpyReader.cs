using System.IO.Compression;
using Tessera.Tensors.IO.Numpy;

namespace Tessera.Tensors.IO;

/// <summary>
/// Reads an array of integers from a file of numpy, a part at a time: from a <c>.npy</c> file, or from one of the
/// arrays of
/// an <c>.npz</c> file, compressed or not. Any integer type of numpy's is read, little-endian or big-endian. Numbers
/// come in C's
/// order; a file in Fortran's order is held in memory as a whole.
/// </summary>
/// <example><code>
/// using NpyReader reader = NpyReader.Open("codes.npy");   // reader.Shape is [1000, 8, 8]
/// int[] first = new int[64];
/// reader.Read(first);                                     // the numbers of the first 8 x 8
/// </code></example>
public sealed class NpyReader : IDisposable
{
    // An array in Fortran's order is held in memory: 64 Mi numbers at most.
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
            $"it holds numbers of type {Printable.Quote(header.Type)}; give integers, as of array.astype('<i4')");
        Shape = header.Shape;
        Length = CountElements(header.Shape);
        _isColumnMajor = header.IsColumnMajor;
        long left = bytes - header.Bytes;
        if (Length > left / _type.Bytes || Length * _type.Bytes != left)
            throw new InvalidDataException(
                $"its shape [{string.Join(", ", Shape)}] does not fit the {left} bytes that follow: it is truncated or damaged");
        if (_isColumnMajor && Length > MostReordered)
            throw new InvalidDataException(
                $"it has {Length} numbers in Fortran's order, where {MostReordered} are the limit; save numpy.ascontiguousarray(array)");
    }

    /// <summary>The dimensions, outermost first; empty for a single number.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>How many numbers there are.</summary>
    public long Length { get; }

    /// <summary>
    /// Opens a file. Sizes are checked against the file's length, and nothing of their size is allocated.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="array">Which array of an <c>.npz</c> file; a <c>.npy</c> file has one, without a name.</param>
    /// <param name="orOnly">Whether the only array of an <c>.npz</c> file is taken, whatever its name.</param>
    /// <exception cref="InvalidDataException">
    /// The file is neither, is damaged or truncated, lacks the array, or holds no integers; the message names the file.
    /// </exception>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read.</exception>
    public static NpyReader Open(string path, string array = "arr_0", bool orOnly = false)
    {
        FileStream file = TensorFile.Open(path);
        return Open(file, path, array, orOnly);
    }

    /// <summary>Opens a stream, which is closed with the reader.</summary>
    /// <inheritdoc cref="Open(string, string, bool)"/>
    /// <param name="stream">A stream that can seek, at its beginning.</param>
    /// <param name="source">What error messages call the stream.</param>
    /// <param name="array">Which array of an <c>.npz</c> file.</param>
    /// <param name="orOnly">Whether the only array of an <c>.npz</c> file is taken, whatever its name.</param>
    public static NpyReader Open(Stream stream, string source, string array = "arr_0", bool orOnly = false)
    {
        try
        {
            Span<byte> first = stackalloc byte[2];
            bool isZip = stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false) == 2 && first.SequenceEqual("PK"u8);
            stream.Position = 0;
            return isZip ? OpenEntry(stream, source, array, orOnly) : new NpyReader(source, stream, stream.Length, [stream]);
        }
        catch (Exception e)
        {
            stream.Dispose();
            if (e is InvalidDataException) throw Unusable(source, e);
            throw;
        }
    }

    /// <summary>Reads the numbers that come next.</summary>
    /// <param name="values">Receives them; not more than are left.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or a number takes more than 32 bits.</exception>
    public void Read(Span<int> values)
    {
        if (values.Length > Length - _position)
            throw new ArgumentException($"{values.Length} numbers are asked for, {Length - _position} are left.", nameof(values));
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

    /// <summary>Reads the numbers that come next in the file's own order.</summary>
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

    /// <summary>Reads a whole array in Fortran's order and puts it in C's.</summary>
    private int[] ReadReordered()
    {
        // Grows as the numbers come: a compressed file may claim more than it has.
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
        ZipArchiveEntry? only = orOnly && zip.Entries is [var single] && single.Name.EndsWith(".npy", StringComparison.Ordinal) ? single : null;
        ZipArchiveEntry entry = zip.GetEntry($"{array}.npy") ?? only ?? throw new InvalidDataException(
            $"it has no array '{array}', only: {Printable.OneLine(string.Join(", ", zip.Entries.Take(10).Select(other => other.Name)))}");
        Stream opened = Zip.Open(entry);
        return Zip.Checked(
            Printable.Quote(entry.FullName) + " in it cannot be used",
            () => new NpyReader(source, opened, entry.Length, [opened, zip, stream]));
    }

    private static InvalidDataException Unusable(string source, Exception e) =>
        new($"{source}: {e.Message}; give a file of numpy.save or numpy.savez.", e);
}
