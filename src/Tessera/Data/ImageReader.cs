using System.Globalization;
using Tessera.Imaging;

namespace Tessera.Data;

/// <summary>Reads image files and resizes or crops them to one size.</summary>
internal sealed class ImageReader
{
    // Raise it with every change by which the same file gives other pixels: decoding, scaling, cropping, colours.
    private const int OwnVersion = 1;

    private readonly int _channels;
    private readonly string? _sizeOf;
    private readonly int _multiple;

    /// <summary>Creates a reader.</summary>
    /// <param name="paths">The files, at least one.</param>
    /// <param name="size">
    /// The target size; <see cref="ImageSize.Native"/> for the cropped size of the first readable file.
    /// </param>
    /// <param name="channels">1 or 3.</param>
    /// <exception cref="InputException">
    /// The size is native, and no file can be read or the first is too small.
    /// </exception>
    public ImageReader(IReadOnlyList<string> paths, ImageSize size, int channels)
    {
        _channels = channels;
        Size = size;
        if (!size.IsNative) return;
        _multiple = size.NativeMultiple;
        (Image first, _sizeOf) = FirstReadable(paths);
        Size = Cropped(first, _sizeOf);
    }

    /// <summary>
    /// Of the code that makes pixels of files, its library included: of the same version, the same file gives the same
    /// pixels.
    /// </summary>
    public static string PixelVersion { get; } =
        string.Create(CultureInfo.InvariantCulture, $"{OwnVersion}, {ImageCodec.LibraryVersion}");

    /// <summary>Height and width of every image read.</summary>
    public ImageSize Size { get; }

    /// <summary>Reads an image, <c>[height, width, channels]</c>.</summary>
    /// <exception cref="InputException">It cannot be read.</exception>
    /// <exception cref="NativeSizeException">The size is native, and this image has another one.</exception>
    public byte[] Read(string path) => Fit(ImageFile.Read(path), path);

    /// <summary>Decodes the bytes of an image file, to <c>[height, width, channels]</c>.</summary>
    /// <inheritdoc cref="Read"/>
    public byte[] Decode(byte[] data, string name) => Fit(ImageFile.Decode(data, name), name);

    private byte[] Fit(Image image, string path)
    {
        if (_sizeOf is null) return ImageTransform.Fit(image, Size.Width, Size.Height, _channels).Pixels;
        ImageSize own = Cropped(image, path);
        if (own != Size)
            throw new NativeSizeException(
                $"{path} is {own} (height x width) and {_sizeOf} is {Size}: at their native size all images "
                + "must have the same size; give a size, or use one image at a time");
        return ImageTransform.ToChannels(ImageTransform.CropCentre(image, Size.Width, Size.Height), _channels).Pixels;
    }

    private static (Image Image, string Path) FirstReadable(IReadOnlyList<string> paths)
    {
        List<(string, InputException)> damaged = [];
        foreach (string path in paths)
        {
            try
            {
                return (ImageFile.Read(path), path);
            }
            catch (InputException e)
            {
                damaged.Add((path, e));
            }
        }
        throw new DamagedImagesException(paths.Count, damaged);
    }

    private ImageSize Cropped(Image image, string path)
    {
        ImageSize size = new(image.Height - image.Height % _multiple, image.Width - image.Width % _multiple);
        return size is { Height: > 0, Width: > 0 } ? size : throw new NativeSizeException(
            $"{path} is {image.Height}x{image.Width} (height x width), smaller than {_multiple}x{_multiple}, "
            + "the cell of a code; give a size");
    }
}
