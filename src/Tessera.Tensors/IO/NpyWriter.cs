using System.Buffers.Binary;
using Tessera.Tensors.IO.Numpy;

namespace Tessera.Tensors.IO;

/// <summary>Writes an array of integers as a <c>.npy</c> file of numpy, a part at a time.</summary>
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
    /// <param name="stream">Where to; left open.</param>
    /// <param name="largest">The largest number there may be, at least 0: up to 65535 they are written as uint16, else as int32.</param>
    /// <param name="shape">The dimensions, outermost first, each 0 or more.</param>
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

    /// <summary>The type that the numbers are written as, by numpy's name.</summary>
    public string TypeName => _type == NpyInteger.UInt16 ? "uint16" : "int32";

    /// <summary>Writes the numbers that come next.</summary>
    /// <param name="values">Each 0 to the largest there may be.</param>
    /// <exception cref="ArgumentException">A number is out of the range, or there are more than the shape has.</exception>
    public void Write(ReadOnlySpan<int> values)
    {
        if (values.Length > _left)
            throw new ArgumentException($"{values.Length} numbers come where {_left} have room.", nameof(values));
        if (_buffer.Length < values.Length * _type.Bytes) _buffer = new byte[values.Length * _type.Bytes];
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] < 0 || values[i] > _largest)
                throw new ArgumentException($"{values[i]} is not between 0 and {_largest}.", nameof(values));
            Span<byte> place = _buffer.AsSpan(i * _type.Bytes);
            if (_type == NpyInteger.UInt16) BinaryPrimitives.WriteUInt16LittleEndian(place, (ushort)values[i]);
            else BinaryPrimitives.WriteInt32LittleEndian(place, values[i]);
        }
        _stream.Write(_buffer, 0, values.Length * _type.Bytes);
        _left -= values.Length;
    }

    /// <summary>Checks that the array is whole.</summary>
    /// <exception cref="InvalidOperationException">Numbers are missing.</exception>
    public void Complete()
    {
        if (_left > 0) throw new InvalidOperationException($"{_left} numbers of the array have not been written.");
    }
}
