namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Images <c>[image, Height, Width, Channels]</c> with zeros around them, so that a row of the kernel covers one run of
/// consecutive floats and no inner loop checks for the border.
/// </summary>
/// <param name="pixels">The first image.</param>
/// <param name="height">Rows of an image.</param>
/// <param name="width">Columns of an image.</param>
/// <param name="channels">Floats of a pixel.</param>
/// <param name="top">Zero rows above.</param>
/// <param name="left">Zero columns on the left.</param>
/// <param name="paddedHeight">The number of rows in all.</param>
/// <param name="paddedWidth">The number of columns in all; columns outside the image are zeros.</param>
/// <param name="paddedChannels">Floats of a padded pixel; the floats after the channels are zeros.</param>
internal readonly unsafe struct PaddedMap(
    float* pixels, int height, int width, int channels, int top, int left, int paddedHeight, int paddedWidth,
    int paddedChannels)
{
    /// <summary>Floats from one padded row to the next.</summary>
    public int RowStride { get; } = paddedWidth * paddedChannels;

    /// <summary>Whether nothing is padded, so that the images can be read in place.</summary>
    public bool IsPlain { get; } =
        top == 0 && left == 0 && paddedHeight <= height && paddedWidth == width && paddedChannels == channels;

    /// <summary>Floats from one image to the next, unpadded.</summary>
    public nint PlainImageStride => (nint)height * width * channels;

    /// <summary>The pixel (row, 0) of an image, unpadded.</summary>
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
        // If the stride exceeds the kernel, the windows may end within the left padding or within the image.
        int before = Math.Min(left, paddedWidth), copied = Math.Min(width, paddedWidth - before);
        target[..(before * paddedChannels)].Clear();
        CopyPixels(Row(image, row), copied, target.Slice(before * paddedChannels, copied * paddedChannels));
        target[((before + copied) * paddedChannels)..].Clear();
    }

    private void CopyPixels(float* from, int count, Span<float> to)
    {
        if (paddedChannels == channels)
        {
            new ReadOnlySpan<float>(from, count * channels).CopyTo(to);
            return;
        }
        for (int i = 0; i < count; i++)
        {
            Span<float> pixel = to.Slice(i * paddedChannels, paddedChannels);
            new ReadOnlySpan<float>(from + (nint)i * channels, channels).CopyTo(pixel);
            pixel[channels..].Clear();
        }
    }
}

/// <summary>Padded rows of consecutive images: in place if nothing is padded, else copied to working memory.</summary>
internal readonly unsafe struct PaddedBand : IDisposable
{
    private readonly Scratch _scratch;
    private readonly bool _isCopy;

    public PaddedBand(in PaddedMap map, int firstImage, int images, int firstRow, int rows)
    {
        RowStride = map.RowStride;
        _isCopy = !map.IsPlain;
        if (!_isCopy)
        {
            Pixels = map.Row(firstImage, firstRow);
            ImageStride = map.PlainImageStride;
            return;
        }
        ImageStride = (nint)rows * RowStride;
        _scratch = new Scratch(images * ImageStride);
        Pixels = _scratch.Floats;
        for (int image = 0; image < images; image++)
        {
            for (int row = 0; row < rows; row++)
            {
                map.CopyRow(firstImage + image, firstRow + row, Pixels + image * ImageStride + (nint)row * RowStride);
            }
        }
    }

    /// <summary>The first pixel of the first row of the first image.</summary>
    public float* Pixels { get; }

    /// <summary>Floats from one image to the next.</summary>
    public nint ImageStride { get; }

    /// <summary>Floats from one row to the next.</summary>
    public int RowStride { get; }

    public void Dispose()
    {
        if (_isCopy) _scratch.Dispose();
    }
}
