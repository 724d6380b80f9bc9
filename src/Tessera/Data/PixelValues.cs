using System.Numerics.Tensors;

namespace Tessera.Data;

/// <summary>
/// Bytes to the numbers that the model sees, <c>byte/255 - 0.5</c> (the seed's <c>ToTensor</c> and <c>Normalize</c>), and
/// back.
/// </summary>
public static class PixelValues
{
    // 16 KB of numbers: three passes over it stay in the nearest cache.
    private const int ChunkLength = 4096;

    /// <summary>Bytes to numbers in [-0.5, 0.5].</summary>
    /// <param name="bytes">Samples, 0 to 255.</param>
    /// <param name="values">Receives as many numbers.</param>
    /// <exception cref="ArgumentException">There is not room for as many numbers.</exception>
    public static void FromBytes(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        if (values.Length < bytes.Length)
            throw new ArgumentException($"{bytes.Length} bytes, but room for {values.Length} numbers.", nameof(values));
        for (int first = 0; first < bytes.Length; first += ChunkLength)
        {
            int count = Math.Min(ChunkLength, bytes.Length - first);
            Span<float> chunk = values.Slice(first, count);
            TensorPrimitives.ConvertTruncating(bytes.Slice(first, count), chunk);
            // Not times 1/255, which would round otherwise.
            TensorPrimitives.Divide(chunk, 255f, chunk);
            TensorPrimitives.Subtract(chunk, 0.5f, chunk);
        }
    }

    /// <summary>Numbers to bytes: clamped to [-0.5, 0.5], then rounded to the nearest of 256 levels.</summary>
    /// <param name="values">Numbers.</param>
    /// <param name="bytes">Receives as many samples.</param>
    /// <exception cref="ArgumentException">There is not room for as many samples.</exception>
    public static void ToBytes(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        if (bytes.Length < values.Length)
            throw new ArgumentException($"{values.Length} numbers, but room for {bytes.Length} bytes.", nameof(bytes));
        for (int i = 0; i < values.Length; i++)
        {
            bytes[i] = (byte)MathF.Round(Math.Clamp(values[i] + 0.5f, 0f, 1f) * 255f);
        }
    }
}
