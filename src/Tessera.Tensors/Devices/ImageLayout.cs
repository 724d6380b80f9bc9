namespace Tessera.Tensors.Devices;

/// <summary>The layout of images of one size that lie one after another as bytes, channels innermost.</summary>
/// <param name="Height">Rows of pixels.</param>
/// <param name="Width">Columns of pixels.</param>
/// <param name="Channels">Bytes of a pixel.</param>
public readonly record struct ImageLayout(int Height, int Width, int Channels)
{
    /// <summary>Bytes of an image.</summary>
    public int Length => checked(Height * Width * Channels);
}
