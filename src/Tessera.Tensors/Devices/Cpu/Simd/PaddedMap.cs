namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Images <c>[image, Height, Width, Channels]</c> as a convolution sees them: with zeros around, so that what lies
/// under a row of the kernel is one run of consecutive floats and no inner loop asks where the border is.
/// </summary>
internal readonly unsafe struct PaddedMap(
    float* pixels, int height, int width, int channels, int top, int left, int paddedHeight, int paddedWidth)
{
    /// <summary>Floats from one padded row to the next.</summary>
    public int RowStride { get; } = paddedWidth * channels;

    /// <summary>Whether nothing is padded, so that the images can be read where they are.</summary>
    public bool IsPlain { get; } = top == 0 && left == 0 && paddedHeight <= height && paddedWidth == width;

    /// <summary>The pixel (row, 0) of an image; only if <see cref="IsPlain"/>.</summary>
    public float* Row(int image, int row) => pixels + ((nint)image * height + row) * width * channels;

    /// <summary>Copies one padded row; rows above 0 and below the image are zeros.</summary>
    public void CopyRow(int image, int paddedRow, float* destination)
    {
        var target = new Span<float>(destination, RowStride);
        int row = paddedRow - top;
        if (row < 0 || row >= height)
        {
            target.Clear();
            return;
        }
        // Where the stride exceeds the kernel, the windows may end within the padding on the left.
        int before = Math.Min(left, paddedWidth) * channels;
        int copied = Math.Min(width * channels, RowStride - before);
        target[..before].Clear();
        new ReadOnlySpan<float>(Row(image, row), copied).CopyTo(target[before..]);
        target[(before + copied)..].Clear();
    }
}
