namespace Tessera.Imaging;

/// <summary>
/// JPEG files, decoded by libjpeg-turbo (its TurboJPEG library) where the machine has it. Nothing else in Tessera needs
/// that library, and it is looked for only when the first JPEG is read.
/// </summary>
/// <remarks>
/// Decoding is as PIL's: the accurate integer inverse DCT and smooth ("fancy") upsampling of colour. An orientation in
/// the Exif data is not applied, as PIL and torchvision do not. Damage that libjpeg-turbo could paper over with grey (a
/// truncated file, say) is an error: such a picture is better left out of a training set.
/// </remarks>
public static class Jpeg
{
    /// <summary>Reads a JPEG file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxPixels">The most pixels that the file may declare; checked before memory is taken.</param>
    /// <returns>A picture of 1 channel (grey JPEG) or 3 (colour, converted to RGB).</returns>
    /// <exception cref="InputException">
    /// The file cannot be read, is no JPEG, is damaged, too large or in CMYK colours; or libjpeg-turbo is missing.
    /// </exception>
    public static Image Read(string path, long maxPixels = ImageFile.DefaultMaxPixels) =>
        Decode(ImageFile.ReadBytes(path), path, maxPixels);

    /// <summary>Decodes the bytes of a JPEG file.</summary>
    /// <param name="data">The whole file.</param>
    /// <param name="name">What to call the data in messages: a file name.</param>
    /// <param name="maxPixels">The most pixels that the data may declare; checked before memory is taken.</param>
    /// <returns>A picture of 1 channel (grey JPEG) or 3 (colour, converted to RGB).</returns>
    /// <exception cref="InputException">
    /// The data is no JPEG, is damaged, too large or in CMYK colours; or libjpeg-turbo is missing.
    /// </exception>
    public static Image Decode(
        ReadOnlySpan<byte> data, string name = "JPEG data", long maxPixels = ImageFile.DefaultMaxPixels) =>
        Decode(data, name, maxPixels, TurboJpeg.Shared);

    internal static Image Decode(ReadOnlySpan<byte> data, string name, long maxPixels, TurboJpeg? library)
    {
        if (library is null)
            throw new InputException(
                $"{name}: reading JPEG needs libjpeg-turbo; install it (Debian, Ubuntu: apt install libturbojpeg0; "
                + "Fedora: dnf install turbojpeg; macOS: brew install jpeg-turbo; "
                + "Windows: put its turbojpeg.dll on the PATH) or convert the pictures to PNG.");
        try
        {
            return library.Decode(data, maxPixels);
        }
        catch (InvalidDataException e)
        {
            throw new InputException($"{name}: not a usable JPEG: {e.Message}. Replace or remove it.", e);
        }
    }

    internal static bool HasSignature(ReadOnlySpan<byte> data) => data is [0xFF, 0xD8, 0xFF, ..];
}
