using System.Globalization;
using Tessera.Files;

namespace Tessera.Imaging;

/// <summary>
/// PNG files (Portable Network Graphics, W3C Recommendation, third edition; RFC 2083).
/// </summary>
/// <remarks>
/// Every kind of PNG is read: grey, RGB, palette, grey with alpha and RGB with alpha; 1, 2, 4, 8 and 16 bits a sample;
/// interlaced or not. Samples below 8 bits are scaled to 0..255; of 16-bit samples the upper byte is kept, as by
/// libpng's <c>png_set_strip_16</c> and, for RGB, by PIL. Transparency, as alpha channel or tRNS chunk, is dropped as
/// by PIL's <c>convert("RGB")</c>. Gamma and colour profiles are not applied. Of an animated PNG the default picture is
/// read. Data after the end of the picture is ignored; whatever else breaks the standard and can touch a pixel is an
/// error.
/// </remarks>
public static class Png
{
    private const int EncodedAtOnce = 64;

    internal static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Reads a PNG file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxPixels">
    /// The most pixels that the file may declare, up to 2^28; checked before memory is taken.
    /// </param>
    /// <returns>A picture of 1 channel (grey, grey with alpha) or 3 (RGB, RGB with alpha, palette).</returns>
    /// <exception cref="InputException">The file cannot be read, is no PNG, is damaged or is too large.</exception>
    public static Image Read(string path, long maxPixels = ImageFile.DefaultMaxPixels) =>
        Decode(ImageFile.ReadBytes(path), path, maxPixels);

    /// <summary>Decodes the bytes of a PNG file.</summary>
    /// <param name="data">The whole file.</param>
    /// <param name="name">What to call the data in messages: a file name.</param>
    /// <param name="maxPixels">
    /// The most pixels that the data may declare, up to 2^28; checked before memory is taken.
    /// </param>
    /// <returns>A picture of 1 channel (grey, grey with alpha) or 3 (RGB, RGB with alpha, palette).</returns>
    /// <exception cref="InputException">The data is no PNG, is damaged or is too large.</exception>
    public static Image Decode(
        ReadOnlySpan<byte> data, string name = "PNG data", long maxPixels = ImageFile.DefaultMaxPixels)
    {
        try
        {
            return PngDecoder.Decode(data, maxPixels);
        }
        catch (InvalidDataException e)
        {
            throw new InputException($"{name}: not a usable PNG: {e.Message}. Replace or remove it.", e);
        }
    }

    /// <summary>
    /// Encodes a picture as a PNG file of 8 bits a sample, each row with the filter whose result has the smallest sum
    /// of absolute values (the standard's section 12.7).
    /// </summary>
    /// <param name="image">The picture; 1 channel becomes grey, 3 become RGB.</param>
    /// <returns>
    /// The bytes of the file. The same picture gives the same bytes under one version of .NET, whose deflate is used.
    /// </returns>
    public static byte[] Encode(Image image) => PngEncoder.Encode(image);

    /// <summary>
    /// Writes a picture as a PNG file: first under another name in the same folder, then renamed, so that
    /// <paramref name="path"/> never holds half a picture. A file that is there already is replaced.
    /// </summary>
    /// <param name="path">The file to write, in a folder that exists.</param>
    /// <param name="image">The picture.</param>
    /// <exception cref="InputException">The file cannot be written: no folder, no permission, a full disk.</exception>
    public static void Write(string path, Image image)
    {
        byte[] data = Encode(image);
        AtomicFile.Write(path, stream => stream.Write(data));
    }

    /// <summary>
    /// Writes pictures as files of a folder, whole or not at all: 0.png, 1.png, ..., with as many zeros before the number as make
    /// all names equally long.
    /// </summary>
    /// <param name="folder">The folder; one that is there is replaced.</param>
    /// <param name="count">How many pictures there are.</param>
    /// <param name="images">The pictures, written as they come.</param>
    /// <exception cref="InputException">The folder cannot be written: no permission, a full disk.</exception>
    public static void WriteFolder(string folder, int count, IEnumerable<Image> images)
    {
        int digits = Math.Max(count - 1, 0).ToString(CultureInfo.InvariantCulture).Length;
        AtomicFolder.Write(folder, temporary =>
        {
            int number = 0;
            foreach (Image[] part in images.Chunk(EncodedAtOnce))
            {
                byte[][] files = new byte[part.Length][];
                Parallel.For(0, files.Length, i => files[i] = Encode(part[i]));
                foreach (byte[] file in files)
                {
                    string name = number++.ToString($"D{digits}", CultureInfo.InvariantCulture);
                    File.WriteAllBytes(Path.Combine(temporary, $"{name}.png"), file);
                }
            }
        });
    }

    internal static bool HasSignature(ReadOnlySpan<byte> data) => data.StartsWith(Signature[..4]);
}
