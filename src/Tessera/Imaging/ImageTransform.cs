namespace Tessera.Imaging;

/// <summary>Changes of size and colour, with the arithmetic of Pillow (PIL), to the bit.</summary>
public static class ImageTransform
{
    /// <summary>
    /// Scales a picture, keeping its proportions, until it just covers <paramref name="width"/> x
    /// <paramref name="height"/>, and cuts what sticks out evenly on both sides. For a square this is what
    /// torchvision's <c>Resize(size)</c> and <c>CenterCrop(size)</c> do to a PIL image.
    /// </summary>
    /// <remarks>
    /// The filter is PIL's <c>BILINEAR</c>: a triangle that widens with the reduction, so that every source pixel
    /// counts and nothing aliases. The side that is not fitted becomes <c>floor(side * scale)</c> long; the cut starts
    /// at half the excess, rounded half to even.
    /// </remarks>
    /// <param name="image">The picture, 1 or 3 channels, of any size.</param>
    /// <param name="width">Width of the result in pixels, at least 1.</param>
    /// <param name="height">Height of the result in pixels, at least 1.</param>
    /// <param name="channels">Channels of the result, 1 or 3; see <see cref="ToChannels"/>.</param>
    /// <returns>A picture of exactly that size; <paramref name="image"/> itself where nothing changes.</returns>
    /// <exception cref="ArgumentException">A size is out of its range.</exception>
    public static Image Fit(Image image, int width, int height, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        // Colour goes first when that leaves less to resize; grey to RGB gives the same bytes before and after.
        if (channels < image.Channels) image = ToChannels(image, channels);

        // Compares height / image.Height with width / image.Width without a division.
        bool widthBinds = (long)width * image.Height >= (long)height * image.Width;
        long scaledWidth = widthBinds ? width : (long)height * image.Width / image.Height;
        long scaledHeight = widthBinds ? (long)width * image.Height / image.Width : height;
        Image fitted = Resampler.Resize(
            image,
            new ResampledAxis(image.Width, scaledWidth, CropStart(scaledWidth, width), width),
            new ResampledAxis(image.Height, scaledHeight, CropStart(scaledHeight, height), height));
        return ToChannels(fitted, channels);
    }

    /// <summary>
    /// Turns grey into RGB by repeating the sample, and RGB into grey by the luma of ITU-R BT.601,
    /// <c>0.299 R + 0.587 G + 0.114 B</c>, in PIL's 16-bit fixed point.
    /// </summary>
    /// <param name="image">The picture.</param>
    /// <param name="channels">1 or 3.</param>
    /// <returns>The converted picture; <paramref name="image"/> itself where it has these channels already.</returns>
    /// <exception cref="ArgumentException"><paramref name="channels"/> is neither 1 nor 3.</exception>
    public static Image ToChannels(Image image, int channels)
    {
        if (channels is not (1 or 3))
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "A picture has 1 or 3 channels.");
        if (channels == image.Channels) return image;

        Image result = Image.Black(image.Width, image.Height, channels);
        byte[] grey = channels == 1 ? result.Pixels : image.Pixels;
        byte[] rgb = channels == 1 ? image.Pixels : result.Pixels;
        for (int i = 0, j = 0; i < grey.Length; i++, j += 3)
        {
            if (channels == 3)
                rgb[j] = rgb[j + 1] = rgb[j + 2] = grey[i];
            else
                grey[i] = (byte)((rgb[j] * 19595 + rgb[j + 1] * 38470 + rgb[j + 2] * 7471 + 0x8000) >> 16);
        }
        return result;
    }

    /// <summary>Makes every pixel a square of <paramref name="factor"/> x <paramref name="factor"/> pixels.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="factor">At least 1.</param>
    /// <returns>A new picture, <paramref name="factor"/> times as wide and high.</returns>
    /// <exception cref="ArgumentException"><paramref name="factor"/> is below 1.</exception>
    /// <exception cref="OverflowException">The result would have over 2^31 - 1 samples.</exception>
    public static Image Enlarge(Image image, int factor)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(factor, 1);
        Image result = Image.Black(checked(image.Width * factor), checked(image.Height * factor), image.Channels);
        int channels = image.Channels, rowLength = result.Width * channels;
        for (int y = 0; y < image.Height; y++)
        {
            Span<byte> row = result.Pixels.AsSpan(y * factor * rowLength, rowLength);
            for (int x = 0; x < result.Width; x++)
                image.Pixels.AsSpan((y * image.Width + x / factor) * channels, channels).CopyTo(row[(x * channels)..]);
            for (int copy = 1; copy < factor; copy++)
                row.CopyTo(result.Pixels.AsSpan((y * factor + copy) * rowLength));
        }
        return result;
    }

    private static long CropStart(long scaled, int wanted) => (long)Math.Round((scaled - wanted) / 2.0);
}
