namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// How a convolution's output pixels are shared out: bands of a few whole small images, or of a few rows of a large
/// one, so that a band has pixels enough to fill the tiles and its input stays in the second-level cache. The cut
/// depends on the sizes alone.
/// </summary>
internal readonly struct Bands
{
    // 32 tiles of 6 rows: enough to use a panel of weights 32 times for each time it is fetched.
    private const int PixelsPerBand = 192;

    private readonly int _images, _rows, _imagesPerBand, _rowsPerBand, _bandsPerImage;

    public Bands(int images, int rows, int columns)
    {
        (_images, _rows) = (images, rows);
        _imagesPerBand = Math.Clamp(PixelsPerBand / (rows * columns), 1, images);
        _rowsPerBand = _imagesPerBand > 1 ? rows : Math.Clamp(PixelsPerBand / columns, 1, rows);
        _bandsPerImage = (rows + _rowsPerBand - 1) / _rowsPerBand;
    }

    /// <summary>How many bands there are.</summary>
    public int Count => (_images + _imagesPerBand - 1) / _imagesPerBand * _bandsPerImage;

    public Band this[int index]
    {
        get
        {
            int firstImage = index / _bandsPerImage * _imagesPerBand;
            int firstRow = index % _bandsPerImage * _rowsPerBand;
            return new Band(
                firstImage, Math.Min(_imagesPerBand, _images - firstImage),
                firstRow, Math.Min(_rowsPerBand, _rows - firstRow));
        }
    }
}

/// <summary>The same rows of some consecutive images.</summary>
internal readonly record struct Band(int FirstImage, int Images, int FirstRow, int Rows);
