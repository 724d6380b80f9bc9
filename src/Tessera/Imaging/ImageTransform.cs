using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Processing;

namespace Tessera.Imaging;

/// <summary>Resizes, crops and converts images by the rules of Pillow (PIL).</summary>
public static class ImageTransform
{
    private const int LongestShape = 256;

    /// <summary>
    /// Scales an image, with its aspect ratio, to the smallest size that covers <paramref name="width"/> x
    /// <paramref name="height"/>, then crops the centre. For a square target this is torchvision's <c>Resize(size)</c>
    /// and <c>CenterCrop(size)</c> on a PIL image.
    /// </summary>
    /// <remarks>
    /// The filter is PIL's <c>BILINEAR</c>: a triangle that widens with the reduction, which prevents aliasing. The
    /// longer side becomes <c>floor(side * scale)</c>; the crop starts at half the excess, rounded half to even.
    /// Samples differ from PIL's by at most 2 levels, nearly always by at most 1: ImageSharp sums in floating point,
    /// PIL in fixed point. If the aspect ratio is more than 256 times that of the target, only the centre of the
    /// image is used.
    /// </remarks>
    /// <param name="image">The image, 1 or 3 channels, of any size.</param>
    /// <param name="width">Width of the result in pixels, at least 1.</param>
    /// <param name="height">Height of the result in pixels, at least 1.</param>
    /// <param name="channels">Channels of the result, 1 or 3; see <see cref="ToChannels"/>.</param>
    /// <returns>An image of exactly that size; <paramref name="image"/> itself if nothing changes.</returns>
    /// <exception cref="ArgumentException">A size is out of its range.</exception>
    public static Image Fit(Image image, int width, int height, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        // Reducing the channels first leaves less to resize. Expanding grey to RGB gives the same bytes before and
        // after.
        if (channels < image.Channels) image = ToChannels(image, channels);

        image = CutThin(image, width, height);
        // Compares height / image.Height with width / image.Width without a division.
        bool widthBinds = (long)width * image.Height >= (long)height * image.Width;
        int scaledWidth = widthBinds ? width : (int)((long)height * image.Width / image.Height);
        int scaledHeight = widthBinds ? (int)((long)width * image.Height / image.Width) : height;
        Image fitted = (scaledWidth, scaledHeight) == (image.Width, image.Height)
            ? CropCentre(image, width, height)
            : Resize(image, scaledWidth, scaledHeight, width, height);
        return ToChannels(fitted, channels);
    }

    /// <summary>Crops the centre of an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="width">Width of the result in pixels, from 1 to the image's width.</param>
    /// <param name="height">Height of the result in pixels, from 1 to the image's height.</param>
    /// <returns>An image of exactly that size; <paramref name="image"/> itself if nothing changes.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A size is out of its range.</exception>
    public static Image CropCentre(Image image, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, image.Width);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(height, image.Height);
        if ((width, height) == (image.Width, image.Height)) return image;
        Rectangle part = new(CropStart(image.Width, width), CropStart(image.Height, height), width, height);
        return ImageCodec.Transform(image, source => source.Crop(part));
    }

    /// <summary>
    /// Converts grey to RGB by repeating the sample, and RGB to grey by the luma of ITU-R BT.601,
    /// <c>0.299 R + 0.587 G + 0.114 B</c>, in PIL's 16-bit fixed point.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="channels">1 or 3.</param>
    /// <returns>The converted image; <paramref name="image"/> itself if it already has these channels.</returns>
    /// <exception cref="ArgumentException"><paramref name="channels"/> is neither 1 nor 3.</exception>
    public static Image ToChannels(Image image, int channels)
    {
        if (channels is not (1 or 3))
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "an image has 1 or 3 channels");
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

    /// <summary>
    /// Replaces every pixel by a square of <paramref name="factor"/> x <paramref name="factor"/> pixels.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="factor">At least 1.</param>
    /// <returns>A new image, <paramref name="factor"/> times as wide and high.</returns>
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

    // Scales an image and crops its centre.
    private static Image Resize(Image image, int scaledWidth, int scaledHeight, int width, int height)
    {
        var options = new ResizeOptions
        {
            Mode = ResizeMode.Manual,
            Sampler = KnownResamplers.Triangle,
            Size = new Size(width, height),
            TargetRectangle = new Rectangle(
                -CropStart(scaledWidth, width), -CropStart(scaledHeight, height), scaledWidth, scaledHeight),
        };
        return ImageCodec.Transform(image, source => source.Resize(options));
    }

    // A resize builds a table with an entry per scaled column and row. For an image one pixel wide and a million high,
    // the table would be far larger than the image.
    private static Image CutThin(Image image, int width, int height)
    {
        long widest = ((long)LongestShape * width * image.Height + height - 1) / height;
        long highest = ((long)LongestShape * height * image.Width + width - 1) / width;
        return CropCentre(image, (int)Math.Min(widest, image.Width), (int)Math.Min(highest, image.Height));
    }

    private static int CropStart(int length, int wanted) => (int)Math.Round((length - wanted) / 2.0);
}
