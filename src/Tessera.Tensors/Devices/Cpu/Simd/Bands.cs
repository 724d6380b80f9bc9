namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// How a map's cells (pixels, or tiles of pixels) are shared out: bands of a few whole small images, or of a few rows of
/// a large one, so that a band has cells enough to fill the tiles of a product and its input stays in the cache. The cut
/// depends on the sizes alone.
/// </summary>
internal readonly struct Bands
{
    private readonly int _images, _rows, _imagesPerBand, _rowsPerBand, _bandsPerImage;

    /// <summary>Cuts maps of rows x columns cells into bands of about as many cells as wanted.</summary>
    public Bands(int images, int rows, int columns, int cellsPerBand)
    {
        (_images, _rows) = (images, rows);
        _imagesPerBand = (int)Math.Clamp(cellsPerBand / ((long)rows * columns), 1, images);
        _rowsPerBand = _imagesPerBand > 1 ? rows : Math.Clamp(cellsPerBand / columns, 1, rows);
        _bandsPerImage = (rows + _rowsPerBand - 1) / _rowsPerBand;
    }

    /// <summary>How many bands there are.</summary>
    public int Count => (_images + _imagesPerBand - 1) / _imagesPerBand * _bandsPerImage;

    /// <summary>The most rows of cells that a band has, over all its images.</summary>
    public int MaxRows => _imagesPerBand * _rowsPerBand;

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
