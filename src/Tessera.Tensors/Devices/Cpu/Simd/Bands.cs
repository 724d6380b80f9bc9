namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Cuts maps of cells (pixels, or tiles of pixels) into bands: a few whole images if they are small, a few rows if they
/// are large. A band has enough cells to fill the tiles of a product, and its input stays in the cache. The cut depends
/// on the sizes alone.
/// </summary>
internal readonly struct Bands
{
    private readonly int _images, _rows, _imagesPerBand, _rowsPerBand, _bandsPerImage;

    /// <summary>Cuts maps of rows x columns cells into bands of about <paramref name="cellsPerBand"/> cells.</summary>
    public Bands(int images, int rows, int columns, int cellsPerBand)
    {
        (_images, _rows) = (images, rows);
        _imagesPerBand = (int)Math.Clamp(cellsPerBand / ((long)rows * columns), 1, images);
        _rowsPerBand = _imagesPerBand > 1 ? rows : Math.Clamp(cellsPerBand / columns, 1, rows);
        _bandsPerImage = (rows + _rowsPerBand - 1) / _rowsPerBand;
    }

    /// <summary>The number of bands.</summary>
    public int Count => (_images + _imagesPerBand - 1) / _imagesPerBand * _bandsPerImage;

    /// <summary>The largest number of rows of cells in a band, over all its images.</summary>
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
