using System.Numerics.Tensors;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>Bytes of an image to numbers.</summary>
internal static unsafe class ImageKernel
{
    // 16 KiB of float32: three passes over it stay in the L1 cache.
    private const int ChunkLength = 4096;

    /// <summary><c>values = bytes / 255 - 0.5</c>.</summary>
    public static void ToNumbers(byte* bytes, float* values, int length)
    {
        for (int first = 0; first < length; first += ChunkLength)
        {
            int count = Math.Min(ChunkLength, length - first);
            var chunk = new Span<float>(values + first, count);
            TensorPrimitives.ConvertTruncating(new ReadOnlySpan<byte>(bytes + first, count), chunk);
            // Not a product with 1/255, which rounds differently.
            TensorPrimitives.Divide(chunk, 255f, chunk);
            TensorPrimitives.Subtract(chunk, 0.5f, chunk);
        }
    }

    /// <summary>Reverses the order of the pixels in each row.</summary>
    public static void Mirror(float* image, int length, int width, int channels)
    {
        int rowLength = width * channels;
        for (int row = 0; row < length; row += rowLength)
        {
            // Reverses the whole row, then restores the channel order within each pixel.
            var pixels = new Span<float>(image + row, rowLength);
            pixels.Reverse();
            for (int pixel = 0; pixel < rowLength && channels > 1; pixel += channels)
                pixels.Slice(pixel, channels).Reverse();
        }
    }
}
