using System.Buffers.Binary;

namespace Tessera.Tensors.IO;

/// <summary>Reads and writes the elements of a tensor: little-endian, without gaps.</summary>
internal static class ElementStream
{
    // A multiple of the size of every element type.
    private const int BufferBytes = 1 << 16;

    /// <summary>Writes numbers as F32 or, rounded to the nearest, as F16.</summary>
    public static void Write(Stream stream, ReadOnlySpan<float> values, ElementType type = ElementType.F32)
    {
        int size = type.Bytes();
        byte[] buffer = new byte[(int)Math.Min(BufferBytes, (long)values.Length * size)];
        while (!values.IsEmpty)
        {
            ReadOnlySpan<float> chunk = values[..Math.Min(values.Length, BufferBytes / size)];
            for (int i = 0; i < chunk.Length; i++)
            {
                Span<byte> place = buffer.AsSpan(i * size);
                if (type == ElementType.F16) BinaryPrimitives.WriteHalfLittleEndian(place, (Half)chunk[i]);
                else BinaryPrimitives.WriteSingleLittleEndian(place, chunk[i]);
            }
            stream.Write(buffer, 0, chunk.Length * size);
            values = values[chunk.Length..];
        }
    }

    /// <summary>Reads elements of a floating-point type as float32.</summary>
    /// <exception cref="EndOfStreamException">The stream ends early.</exception>
    public static float[] ReadFloats(Stream stream, ElementType type, int count) => type switch
    {
        ElementType.F32 => Read(stream, type, count, static bytes => BinaryPrimitives.ReadSingleLittleEndian(bytes)),
        ElementType.F64 => Read(
            stream, type, count, static bytes => (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes)),
        ElementType.F16 => Read(
            stream, type, count, static bytes => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes)),
        ElementType.BF16 => Read(
            stream, type, count, static bytes => Widen(BinaryPrimitives.ReadUInt16LittleEndian(bytes))),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>Reads elements of an integer type.</summary>
    /// <exception cref="EndOfStreamException">The stream ends early.</exception>
    /// <exception cref="LongIntegerException">A number takes more than 32 bits.</exception>
    public static int[] ReadInts(Stream stream, ElementType type, int count) => type switch
    {
        ElementType.I32 => Read(stream, type, count, static bytes => BinaryPrimitives.ReadInt32LittleEndian(bytes)),
        ElementType.I64 => Read(
            stream, type, count, static bytes => Narrow(BinaryPrimitives.ReadInt64LittleEndian(bytes))),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>A bfloat16 is the upper half of a float32.</summary>
    private static float Widen(ushort bfloat16) => BitConverter.UInt32BitsToSingle((uint)bfloat16 << 16);

    private static int Narrow(long value) => value == (int)value ? (int)value : throw new LongIntegerException();

    private static T[] Read<T>(Stream stream, ElementType type, int count, Func<ReadOnlySpan<byte>, T> decode)
    {
        int size = type.Bytes();
        var values = new T[count];
        byte[] buffer = new byte[(int)Math.Min(BufferBytes, (long)count * size)];
        for (int start = 0; start < count;)
        {
            int chunk = Math.Min(count - start, buffer.Length / size);
            ReadOnlySpan<byte> bytes = buffer.AsSpan(0, chunk * size);
            stream.ReadExactly(buffer, 0, bytes.Length);
            for (int i = 0; i < chunk; i++) values[start + i] = decode(bytes.Slice(i * size, size));
            start += chunk;
        }
        return values;
    }
}
