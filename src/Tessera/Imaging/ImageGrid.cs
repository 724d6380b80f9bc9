namespace Tessera.Imaging;

/// <summary>Combines images into a grid.</summary>
public static class ImageGrid
{
    /// <summary>
    /// Arranges images in rows like <c>torchvision.utils.make_grid</c>: a margin of <paramref name="padding"/> pixels
    /// around every image, shared between neighbours. Empty cells of the last row have the margin's value.
    /// </summary>
    /// <param name="images">At least one, all of one size. The grid has 3 channels if any image has 3.</param>
    /// <param name="columns">
    /// Images per row, at least 1; reduced to the number of images if there are fewer.
    /// </param>
    /// <param name="padding">Width of the margin in pixels, at least 0.</param>
    /// <param name="padValue">Value of the margin, 0 (black) to 255 (white).</param>
    /// <returns>
    /// An image of <c>padding + columns * (width + padding)</c> by <c>padding + rows * (height + padding)</c> pixels.
    /// (For a single image, torchvision adds no margin; this method does.)
    /// </returns>
    /// <exception cref="ArgumentException">
    /// There are no images, they differ in size, or a number is out of its range.
    /// </exception>
    /// <exception cref="OverflowException">The grid would have over 2^31 - 1 samples.</exception>
    public static Image Make(IReadOnlyList<Image> images, int columns = 8, int padding = 2, byte padValue = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        if (images.Count == 0) throw new ArgumentException("a grid needs at least one image", nameof(images));
        int width = images[0].Width, height = images[0].Height;
        if (images.FirstOrDefault(image => image.Width != width || image.Height != height) is { } odd)
            throw new ArgumentException(
                $"images of {height}x{width} and of {odd.Height}x{odd.Width} do not make a grid", nameof(images));

        columns = Math.Min(columns, images.Count);
        int rows = (images.Count - 1) / columns + 1;
        int channels = images.Max(image => image.Channels);
        Image grid = Image.Black(
            checked(padding + columns * (width + padding)), checked(padding + rows * (height + padding)), channels);
        Array.Fill(grid.Pixels, padValue);
        for (int i = 0; i < images.Count; i++)
        {
            Paste(
                ImageTransform.ToChannels(images[i], channels), grid,
                left: padding + i % columns * (width + padding), top: padding + i / columns * (height + padding));
        }
        return grid;
    }

    /// <summary>Cuts a row of images without margins into its images.</summary>
    /// <param name="row">The row.</param>
    /// <param name="width">The width of an image; what is left over at the end is dropped.</param>
    internal static Image[] Cut(Image row, int width)
    {
        int count = row.Width / width, length = width * row.Channels;
        return
        [
            .. Enumerable.Range(0, count).Select(i =>
            {
                Image part = Image.Black(width, row.Height, row.Channels);
                for (int y = 0; y < row.Height; y++)
                {
                    int from = (y * row.Width + i * width) * row.Channels;
                    row.Pixels.AsSpan(from, length).CopyTo(part.Pixels.AsSpan(y * length));
                }
                return part;
            }),
        ];
    }

    /// <summary>
    /// The number of samples (width x height x channels) of the grid that <see cref="Make"/> would return.
    /// </summary>
    /// <param name="count">Number of images.</param>
    /// <param name="width">Width of each image in pixels.</param>
    /// <param name="height">Height of each image in pixels.</param>
    /// <param name="channels">Channels of each image, 1 or 3.</param>
    /// <param name="columns">Images per row, at least 1.</param>
    /// <param name="padding">Width of the margin in pixels, at least 0.</param>
    public static long CountSamples(int count, long width, long height, int channels, int columns, int padding)
    {
        long across = Math.Min(columns, count), down = (count + columns - 1) / columns;
        return (padding + across * (width + padding)) * (padding + down * (height + padding)) * channels;
    }

    private static void Paste(Image image, Image grid, int left, int top)
    {
        int rowLength = image.Width * image.Channels;
        for (int y = 0; y < image.Height; y++)
        {
            image.Pixels.AsSpan(y * rowLength, rowLength)
                .CopyTo(grid.Pixels.AsSpan(((top + y) * grid.Width + left) * grid.Channels));
        }
    }
}
