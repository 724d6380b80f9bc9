using System.Globalization;
using Tessera.Files;

namespace Tessera.Imaging;

/// <summary>Picture files: PNG, JPEG, WebP, GIF, BMP and TIFF are read, PNG is written.</summary>
/// <remarks>
/// A picture is turned upright by its Exif orientation. CMYK becomes RGB, transparency is dropped, samples of 16 bits
/// are rounded to 8. Gamma and colour profiles are not applied. The first frame of an animation is read. A file that
/// ends before its picture does is an error, never a picture that is half grey.
/// </remarks>
public static class ImageFile
{
    /// <summary>
    /// The most pixels (width times height) that a file may declare unless the caller says otherwise: 64 Mi, that is
    /// 8192 x 8192. A file of a few bytes can claim dimensions of gigabytes.
    /// </summary>
    public const long DefaultMaxPixels = 64L << 20;

    private const long MaxFileBytes = 1L << 30;
    private const int EncodedAtOnce = 64;

    private static readonly string[] Extensions =
        [".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"];

    /// <summary>The endings of the names of picture files, for messages: ".png, .jpg, ...".</summary>
    internal static string ExtensionList => string.Join(", ", Extensions);

    /// <summary>Reads a picture. The file's content tells the format, never its name.</summary>
    /// <param name="path">A PNG, JPEG, WebP, GIF, BMP or TIFF file of at most 1 GiB.</param>
    /// <param name="maxPixels">The most pixels that the file may declare; checked before memory is taken.</param>
    /// <returns>The picture: 1 channel for a grey PNG or JPEG, else 3.</returns>
    /// <exception cref="InputException">
    /// The file cannot be read, is damaged, is of another format or declares too many pixels.
    /// </exception>
    public static Image Read(string path, long maxPixels = DefaultMaxPixels) =>
        Decode(ReadBytes(path), path, maxPixels);

    /// <summary>Decodes the bytes of a picture file.</summary>
    /// <param name="data">The whole file.</param>
    /// <param name="name">What to call the data in messages: a file name.</param>
    /// <param name="maxPixels">The most pixels that the data may declare; checked before memory is taken.</param>
    /// <returns>The picture: 1 channel for a grey PNG or JPEG, else 3.</returns>
    /// <exception cref="InputException">
    /// The data is damaged, is of another format or declares too many pixels.
    /// </exception>
    public static Image Decode(byte[] data, string name = "picture", long maxPixels = DefaultMaxPixels)
    {
        if (data.Length == 0) throw new InputException($"{name}: the file is empty; replace or remove it");
        try
        {
            return ImageCodec.Decode(data, maxPixels);
        }
        catch (InvalidDataException e)
        {
            throw new InputException($"{name}: not a usable picture: {e.Message}; replace or remove it", e);
        }
    }

    /// <summary>
    /// Whether a file's name ends as those of readable pictures do: .png, .jpg, .jpeg, .webp, .gif, .bmp, .tif or
    /// .tiff, in any case. The file is not opened.
    /// </summary>
    public static bool IsPicture(string path) =>
        Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Encodes a picture as a PNG file of 8 bits a sample.</summary>
    /// <param name="image">The picture; 1 channel becomes grey, 3 become RGB.</param>
    /// <returns>The bytes of the file; the same picture gives the same bytes.</returns>
    public static byte[] EncodePng(Image image) => ImageCodec.EncodePng(image);

    /// <summary>Writes a picture as a PNG file, whole or not at all. A file that is there already is replaced.</summary>
    /// <param name="path">The file to write, in a folder that exists.</param>
    /// <param name="image">The picture.</param>
    /// <exception cref="InputException">The file cannot be written: no folder, no permission, a full disk.</exception>
    public static void WritePng(string path, Image image)
    {
        byte[] data = EncodePng(image);
        AtomicFile.Write(path, stream => stream.Write(data));
    }

    /// <summary>
    /// Writes pictures as PNG files of a folder, whole or not at all: 0.png, 1.png, ..., with leading zeros that make
    /// all names equally long.
    /// </summary>
    /// <param name="folder">The folder; one that is there is replaced.</param>
    /// <param name="count">How many pictures there are.</param>
    /// <param name="images">The pictures, written as they come.</param>
    /// <exception cref="InputException">The folder cannot be written: no permission, a full disk.</exception>
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

    /// <summary>A whole file, or an <see cref="InputException"/> that names it.</summary>
    private static byte[] ReadBytes(string path)
    {
        if (path.Length == 0) throw new InputException("the name of a picture file is empty; give another or leave it out");
        try
        {
            using FileStream file = File.OpenRead(path);
            if (!file.CanSeek) throw new InputException($"{path}: a picture is read from a file, not a pipe; copy it to one");
            if (file.Length > MaxFileBytes)
                throw new InputException($"{path}: {file.Length} bytes are too many for a picture (limit 1 GiB)");
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
