using Tessera.Imaging;
using Tessera.Models;

namespace Tessera.Data;

/// <summary>Reads picture files and resizes or crops them to one size.</summary>
internal sealed class PictureReader
{
    private readonly int _channels;
    private readonly string? _sizeOf;

    /// <summary>Creates a reader.</summary>
    /// <param name="paths">The files, at least one.</param>
    /// <param name="size">
    /// The target size; <see cref="PictureSize.Native"/> for the cropped size of the first readable file.
    /// </param>
    /// <param name="channels">1 or 3.</param>
    /// <exception cref="InputException">
    /// The size is native, and no file can be read or the first is too small.
    /// </exception>
    public PictureReader(IReadOnlyList<string> paths, PictureSize size, int channels)
    {
        _channels = channels;
        Size = size;
        if (size != PictureSize.Native) return;
        (Image first, _sizeOf) = FirstReadable(paths);
        Size = Cropped(first, _sizeOf);
    }

    /// <summary>Height and width of every picture read.</summary>
    public PictureSize Size { get; }

    /// <summary>Reads a picture, <c>[height, width, channels]</c>.</summary>
    /// <exception cref="InputException">It cannot be read.</exception>
    /// <exception cref="NativeSizeException">The size is native, and this picture has another one.</exception>
    public byte[] Read(string path)
    {
        Image image = ImageFile.Read(path);
        if (_sizeOf is null) return ImageTransform.Fit(image, Size.Width, Size.Height, _channels).Pixels;
        PictureSize own = Cropped(image, path);
        if (own != Size)
            throw new NativeSizeException(
                $"{path} is {own} (height x width) and {_sizeOf} is {Size}: with --size native all pictures must have "
                + "the same size; give --size HxW, or use one picture at a time");
        return ImageTransform.ToChannels(ImageTransform.CropCentre(image, Size.Width, Size.Height), _channels).Pixels;
    }

    private static (Image Picture, string Path) FirstReadable(IReadOnlyList<string> paths)
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
        throw new DamagedPicturesException(paths.Count, damaged);
    }

    private static PictureSize Cropped(Image image, string path)
    {
        const int Multiple = VqVae.PixelsPerCode;
        PictureSize size = new(image.Height - image.Height % Multiple, image.Width - image.Width % Multiple);
        return size is { Height: > 0, Width: > 0 } ? size : throw new NativeSizeException(
            $"{path} is {image.Height}x{image.Width} (height x width), smaller than the model's stride of {Multiple}; "
            + "give --size");
    }
}
