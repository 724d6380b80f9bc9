using System.Buffers.Binary;
using Tessera.Tensors.IO.Numpy;

namespace Tessera.Tensors.IO;

/// <summary>Writes an array of integers as a numpy <c>.npy</c> file, part by part.</summary>
/// <example><code>
/// using FileStream stream = File.Create("codes.npy");
/// var writer = new NpyWriter(stream, largest: 511, [1000, 8, 8]);    // uint16
/// for (int i = 0; i &lt; 1000; i++) writer.Write(new int[64]);
/// writer.Complete();
/// </code></example>
public sealed class NpyWriter
{
    private readonly Stream _stream;
    private readonly NpyInteger _type;
    private readonly int _largest;
    private byte[] _buffer = [];
    private long _left = 1;

    /// <summary>Writes the header.</summary>
    /// <param name="stream">The destination; left open.</param>
    /// <param name="largest">
    /// The largest allowed number, at least 0: numbers are written as uint16 up to 65535, else as int32.
    /// </param>
    /// <param name="shape">The dimensions, outermost first, each at least 0.</param>
    /// <exception cref="ArgumentException">A dimension or the largest number is negative.</exception>
    public NpyWriter(Stream stream, int largest, params ReadOnlySpan<int> shape)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(largest);
        foreach (int size in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(size, nameof(shape));
            _left = checked(_left * size);
        }
        _stream = stream;
        _largest = largest;
        _type = largest <= ushort.MaxValue ? NpyInteger.UInt16 : NpyInteger.Int32;
        stream.Write(new NpyHeader(_type.Name, shape.ToArray()).Format());
    }

    /// <summary>The element type, by numpy's name.</summary>
    public string TypeName => _type == NpyInteger.UInt16 ? "uint16" : "int32";

    /// <summary>Writes the next numbers.</summary>
    /// <param name="values">Each from 0 to the largest allowed number.</param>
    /// <exception cref="ArgumentException">
    /// A number is out of range, or there are more numbers than the shape holds.
    /// </exception>
    public void Write(ReadOnlySpan<int> values)
    {
        if (values.Length > _left)
            throw new ArgumentException(
                $"{values.Length} numbers were given, but the array has room for {_left} more", nameof(values));
        if (_buffer.Length < values.Length * _type.Bytes) _buffer = new byte[values.Length * _type.Bytes];
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] < 0 || values[i] > _largest)
                throw new ArgumentException($"{values[i]} is not between 0 and {_largest}", nameof(values));
            Span<byte> place = _buffer.AsSpan(i * _type.Bytes);
            if (_type == NpyInteger.UInt16) BinaryPrimitives.WriteUInt16LittleEndian(place, (ushort)values[i]);
            else BinaryPrimitives.WriteInt32LittleEndian(place, values[i]);
        }
        _stream.Write(_buffer, 0, values.Length * _type.Bytes);
        _left -= values.Length;
    }

    /// <summary>Checks that the array is complete.</summary>
    /// <exception cref="InvalidOperationException">Numbers are missing.</exception>
    public void Complete()
    {
        if (_left > 0) throw new InvalidOperationException($"{_left} numbers of the array have not been written");
    }
}
