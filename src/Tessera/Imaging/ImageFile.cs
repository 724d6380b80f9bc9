using Tessera.Files;

namespace Tessera.Imaging;

/// <summary>Picture files of the formats that Tessera reads: PNG, and JPEG where libjpeg-turbo is installed.</summary>
public static class ImageFile
{
    /// <summary>
    /// The most pixels (width times height) that a file may declare unless the caller says otherwise: 64 Mi, that is
    /// 8192 x 8192. A file of a few bytes can claim dimensions of gigabytes.
    /// </summary>
    public const long DefaultMaxPixels = 64L << 20;

    private const long MaxFileBytes = 1L << 30;

    /// <summary>Reads a picture, telling the format by the file's first bytes and never by its name.</summary>
    /// <param name="path">A PNG or JPEG file.</param>
    /// <returns>The picture: 1 channel for grey files, else 3. See <see cref="Png"/> and <see cref="Jpeg"/>.</returns>
    /// <exception cref="InputException">
    /// The file cannot be read, is damaged, is of another format or declares over <see cref="DefaultMaxPixels"/>
    /// pixels; or it is a JPEG and libjpeg-turbo is not installed.
    /// </exception>
    public static Image Read(string path)
    {
        byte[] data = ReadBytes(path);
        if (Png.HasSignature(data)) return Png.Decode(data, path);
        if (Jpeg.HasSignature(data)) return Jpeg.Decode(data, path);
        throw new InputException(data.Length == 0
            ? $"{path}: the file is empty. Replace or remove it."
            : $"{path}: {FormatOf(data)}. PNG and JPEG files are read; convert or remove it.");
    }

    /// <summary>
    /// Whether a file's name ends as those of readable pictures do: .png, .jpg or .jpeg, in any case. The file is not
    /// opened.
    /// </summary>
    public static bool IsPicture(string path) =>
        Path.GetExtension(path.AsSpan()) is var extension
        && (extension.Equals(".png", StringComparison.OrdinalIgnoreCase)
            || extension.Equals(".jpg", StringComparison.OrdinalIgnoreCase)
            || extension.Equals(".jpeg", StringComparison.OrdinalIgnoreCase));

    /// <summary>A whole file, or an <see cref="InputException"/> that names it.</summary>
    internal static byte[] ReadBytes(string path)
    {
        if (path.Length == 0) throw new InputException("the name of a picture file is empty; give another or leave it out");
        try
        {
            using FileStream file = File.OpenRead(path);
            if (!file.CanSeek) throw new InputException($"{path}: a picture is read from a file, not a pipe; copy it to one.");
            if (file.Length > MaxFileBytes)
                throw new InputException($"{path}: {file.Length} bytes are too many for a picture (limit 1 GiB).");
            byte[] data = new byte[file.Length];
            file.ReadExactly(data);
            return data;
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
    }

    /// <summary>
    /// Refuses declared dimensions that are empty, over the limit or over what an array can hold, before anything of
    /// that size is allocated.
    /// </summary>
    internal static void CheckSize(long width, long height, int bytesPerPixel, long maxPixels)
    {
        if (width < 1 || height < 1)
            throw new InvalidDataException($"it declares {width} x {height} pixels");
        long limit = Math.Min(maxPixels, Array.MaxLength / bytesPerPixel);
        if (height > limit / width)
            throw new InvalidDataException($"it declares {width} x {height} pixels; the limit is {limit} in all");
    }

    private static string FormatOf(ReadOnlySpan<byte> data)
    {
        if (data.StartsWith("GIF8"u8)) return "this is a GIF picture";
        if (data.StartsWith("BM"u8)) return "this is a BMP picture";
        if (data.StartsWith("II*\0"u8) || data.StartsWith("MM\0*"u8)) return "this is a TIFF picture";
        if (data.Length >= 12)
        {
            if (data.StartsWith("RIFF"u8) && data[8..].StartsWith("WEBP"u8)) return "this is a WebP picture";
            if (data[4..].StartsWith("ftyp"u8)) return "this is an AVIF, HEIF or video file";
        }
        return "this is not a picture file that Tessera knows";
    }
}
