namespace Tessera.Imaging;

/// <summary>
/// A picture of 8-bit samples: <c>Pixels[(y * Width + x) * Channels + c]</c>, rows from the top, channels interleaved.
/// </summary>
/// <param name="Width">Pixels in a row, at least 1.</param>
/// <param name="Height">Rows, at least 1.</param>
/// <param name="Channels">1 (grey) or 3 (red, green, blue).</param>
/// <param name="Pixels"><c>Height * Width * Channels</c> samples, 0 to 255.</param>
public sealed record Image(int Width, int Height, int Channels, byte[] Pixels)
{
    /// <summary>An all-black picture.</summary>
    public static Image Black(int width, int height, int channels) =>
        new(width, height, channels, new byte[checked(width * height * channels)]);
}
