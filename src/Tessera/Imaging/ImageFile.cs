using System.Globalization;
using Tessera.Files;
using Tessera.Tensors.IO;

namespace Tessera.Imaging;

/// <summary>Reads PNG, JPEG, WebP, GIF, BMP and TIFF files; writes PNG files.</summary>
/// <remarks>
/// The Exif orientation is applied. The CMYK of a JPEG is converted to RGB, transparency is dropped, 16-bit samples are
/// rounded to 8 bits. Gamma and colour profiles are not applied. Only the first frame of a GIF and the first page of a
/// TIFF are read; animated WebP and CMYK TIFF files are refused. A truncated file is an error, never a partly grey
/// image.
/// </remarks>
public static class ImageFile
{
    /// <summary>
    /// The default limit of the pixels (width x height) that a file may declare: 64 Mi, or 8192 x 8192. Without a
    /// limit, a file of a few bytes could demand gigabytes of memory.
    /// </summary>
    public const long DefaultMaxPixels = 64L << 20;

    /// <summary>The most bytes of an image's file.</summary>
    internal const long MaxFileBytes = 1L << 30;

    private const int EncodedAtOnce = 64;

    private static readonly string[] Extensions =
        [".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"];

    /// <summary>The extensions of readable image files, for messages: ".png, .jpg, ...".</summary>
    internal static string ExtensionList => string.Join(", ", Extensions);

    /// <summary>Reads an image. The format is detected from the content, not from the name.</summary>
    /// <param name="path">A PNG, JPEG, WebP, GIF, BMP or TIFF file of at most 1 GiB.</param>
    /// <param name="maxPixels">
    /// The maximum number of pixels; checked against the declared size before memory is allocated.
    /// </param>
    /// <returns>The image: 1 channel for a grey PNG or JPEG, else 3.</returns>
    /// <exception cref="InputException">
    /// The file cannot be read, is damaged, has another format or declares too many pixels.
    /// </exception>
    public static Image Read(string path, long maxPixels = DefaultMaxPixels) =>
        Decode(ReadBytes(path), path, maxPixels);

    /// <summary>Decodes the bytes of an image file.</summary>
    /// <param name="data">The whole file.</param>
    /// <param name="name">A name for messages: a file name.</param>
    /// <param name="maxPixels">
    /// The maximum number of pixels; checked against the declared size before memory is allocated.
    /// </param>
    /// <returns>The image: 1 channel for a grey PNG or JPEG, else 3.</returns>
    /// <exception cref="InputException">
    /// The data is damaged, has another format or declares too many pixels.
    /// </exception>
    public static Image Decode(byte[] data, string name = "image", long maxPixels = DefaultMaxPixels)
    {
        // In an archive, a name may hold any character.
        string shown = Printable.OneLine(name);
        if (data.Length == 0) throw new InputException($"{shown}: the file is empty; replace or remove it");
        try
        {
            return ImageCodec.Decode(data, maxPixels);
        }
        catch (InvalidDataException e)
        {
            throw new InputException($"{shown}: not a usable image: {e.Message}; replace or remove it", e);
        }
    }

    /// <summary>
    /// Whether a file name has the extension of a readable image: .png, .jpg, .jpeg, .webp, .gif, .bmp, .tif or
    /// .tiff, in any letter case. The file is not opened.
    /// </summary>
    public static bool IsImage(string path) =>
        Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Encodes an image as a PNG file with 8 bits per sample.</summary>
    /// <param name="image">The image; 1 channel becomes grey, 3 become RGB.</param>
    /// <returns>The bytes of the file; the same image gives the same bytes.</returns>
    public static byte[] EncodePng(Image image) => ImageCodec.EncodePng(image);

    /// <summary>Writes an image as a PNG file, whole or not at all; replaces an existing file.</summary>
    /// <param name="path">The file to write; its folder must exist.</param>
    /// <param name="image">The image.</param>
    /// <exception cref="InputException">
    /// The file cannot be written: the folder is missing, permission is denied, the disk is full, ...
    /// </exception>
    public static void WritePng(string path, Image image)
    {
        byte[] data = EncodePng(image);
        AtomicFile.Write(path, stream => stream.Write(data));
    }

    /// <summary>
    /// Writes images as PNG files into a folder, whole or not at all: 0.png, 1.png, ..., with leading zeros so that
    /// all names have the same length.
    /// </summary>
    /// <param name="folder">The folder; an existing one is replaced.</param>
    /// <param name="count">Number of images.</param>
    /// <param name="images">The images; written while the sequence is enumerated.</param>
    /// <exception cref="InputException">
    /// The folder cannot be written: permission is denied, the disk is full, ...
    /// </exception>
    public static void WritePngFolder(string folder, int count, IEnumerable<Image> images)
    {
        int digits = Math.Max(count - 1, 0).ToString(CultureInfo.InvariantCulture).Length;
        AtomicFolder.Write(folder, temporary =>
        {
            int number = 0;
            foreach (Image[] part in images.Chunk(EncodedAtOnce))
            {
                byte[][] files = new byte[part.Length][];
                Parallel.For(0, files.Length, i => files[i] = EncodePng(part[i]));
                foreach (byte[] file in files)
                {
                    string name = number++.ToString($"D{digits}", CultureInfo.InvariantCulture);
                    File.WriteAllBytes(Path.Combine(temporary, $"{name}.png"), file);
                }
            }
        });
    }

    /// <summary>Reads a whole file; throws an <see cref="InputException"/> that names the file.</summary>
    private static byte[] ReadBytes(string path)
    {
        if (path.Length == 0)
            throw new InputException("the name of an image file is empty; give a name or leave it out");
        try
        {
            using FileStream file = File.OpenRead(path);
            if (!file.CanSeek)
                throw new InputException($"{path}: images are read from files, not from pipes; copy it to a file");
            if (file.Length > MaxFileBytes)
                throw new InputException(
                    $"{path}: {file.Length} bytes are too many for an image (limit 1 GiB); "
                    + "make it smaller or remove it");
            byte[] data = new byte[file.Length];
            file.ReadExactly(data);
            return data;
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
    }
}
