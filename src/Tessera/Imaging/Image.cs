namespace Tessera.Imaging;

/// <summary>
/// An image of 8-bit samples: <c>Pixels[(y * Width + x) * Channels + c]</c>, rows from the top, channels interleaved.
/// </summary>
public sealed class Image
{
    /// <summary>Creates an image over the given array, without a copy.</summary>
    /// <param name="width">Pixels in a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="channels">1 (grey) or 3 (red, green, blue).</param>
    /// <param name="pixels"><c>height * width * channels</c> samples, 0 to 255.</param>
    /// <exception cref="ArgumentException">A size is out of its range, or the sizes do not agree.</exception>
    public Image(int width, int height, int channels, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (channels is not (1 or 3))
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "an image has 1 or 3 channels");
        if (pixels.Length != (long)width * height * channels)
            throw new ArgumentException(
                $"{width}x{height}x{channels} needs {(long)width * height * channels} samples, not {pixels.Length}",
                nameof(pixels));
        Width = width;
        Height = height;
        Channels = channels;
        Pixels = pixels;
    }

    /// <summary>Pixels in a row, at least 1.</summary>
    public int Width { get; }

    /// <summary>Rows, at least 1.</summary>
    public int Height { get; }

    /// <summary>1 (grey) or 3 (red, green, blue).</summary>
    public int Channels { get; }

    /// <summary>The samples themselves, not a copy: <c>[Height, Width, Channels]</c>.</summary>
    public byte[] Pixels { get; }

    /// <summary>An all-black image.</summary>
    /// <exception cref="ArgumentException">A size is out of its range.</exception>
    /// <exception cref="OverflowException">The image would have over 2^31 - 1 samples.</exception>
    public static Image Black(int width, int height, int channels) =>
        new(width, height, channels, new byte[checked(width * height * channels)]);
}
