using System.Numerics.Tensors;
using Tessera.Imaging;

namespace Tessera.Data;

/// <summary>
/// Converts bytes to the model's pixel values, <c>byte/255 - 0.5</c> (the reference notebook's <c>ToTensor</c> and
/// <c>Normalize</c>), and back.
/// </summary>
public static class PixelValues
{
    // 16 KiB of float32: three passes over it stay in the L1 cache.
    private const int ChunkLength = 4096;

    /// <summary>Converts bytes to numbers in [-0.5, 0.5].</summary>
    /// <param name="bytes">Samples, 0 to 255.</param>
    /// <param name="values">Receives as many numbers.</param>
    /// <exception cref="ArgumentException"><paramref name="values"/> is too short.</exception>
    public static void FromBytes(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        if (values.Length < bytes.Length)
            throw new ArgumentException($"{bytes.Length} bytes, but room for {values.Length} numbers", nameof(values));
        for (int first = 0; first < bytes.Length; first += ChunkLength)
        {
            int count = Math.Min(ChunkLength, bytes.Length - first);
            Span<float> chunk = values.Slice(first, count);
            TensorPrimitives.ConvertTruncating(bytes.Slice(first, count), chunk);
            // Not a product with 1/255, which rounds differently.
            TensorPrimitives.Divide(chunk, 255f, chunk);
            TensorPrimitives.Subtract(chunk, 0.5f, chunk);
        }
    }

    /// <summary>Converts numbers to bytes: clamps to [-0.5, 0.5], then rounds to the nearest of 256 levels.</summary>
    /// <param name="values">Numbers.</param>
    /// <param name="bytes">Receives as many samples.</param>
    /// <exception cref="ArgumentException"><paramref name="bytes"/> is too short.</exception>
    public static void ToBytes(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        if (bytes.Length < values.Length)
            throw new ArgumentException($"{values.Length} numbers, but room for {bytes.Length} bytes", nameof(bytes));
        for (int i = 0; i < values.Length; i++)
        {
            bytes[i] = (byte)MathF.Round(ToUnit(values[i]) * 255f);
        }
    }

    /// <summary>Converts numbers to the range [0, 1] in place: clamps to [-0.5, 0.5] and adds 0.5.</summary>
    /// <param name="values">Numbers; receives the results.</param>
    public static void ToUnitRange(Span<float> values)
    {
        foreach (ref float value in values) value = ToUnit(value);
    }

    /// <summary>The samples of an image as numbers in [0, 1], for metrics.</summary>
    internal static float[] UnitRange(Image image) => Array.ConvertAll(image.Pixels, sample => sample / 255f);

    private static float ToUnit(float value) => Math.Clamp(value + 0.5f, 0f, 1f);
}
