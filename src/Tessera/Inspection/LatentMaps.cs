namespace Tessera.Inspection;

/// <summary>The quantized latents of images: a code vector for each cell, before the decoder.</summary>
/// <example><code>
/// LatentMaps latents = probe.Encode([image]);
/// latents.Of(0)[..latents.Dimensions].Clear();         // without the code at the top left
/// Image changed = probe.Decode(latents)[0];
/// </code></example>
public sealed class LatentMaps
{
    /// <summary>Creates maps of zeros.</summary>
    /// <param name="count">The number of images, at least 1.</param>
    /// <param name="height">Rows of cells, at least 1.</param>
    /// <param name="width">Columns of cells, at least 1.</param>
    /// <param name="dimensions">Numbers in a code vector, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is below 1.</exception>
    /// <exception cref="OverflowException">The maps would have over 2^31 - 1 numbers.</exception>
    public LatentMaps(int count, int height, int width, int dimensions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        (Count, Height, Width, Dimensions) = (count, height, width, dimensions);
        Values = new float[checked(count * height * width * dimensions)];
    }

    /// <summary>The number of images.</summary>
    public int Count { get; }

    /// <summary>Rows of cells.</summary>
    public int Height { get; }

    /// <summary>Columns of cells.</summary>
    public int Width { get; }

    /// <summary>Numbers in a code vector.</summary>
    public int Dimensions { get; }

    /// <summary>The values themselves, not a copy: <c>[count, height, width, dimensions]</c>, row-major.</summary>
    public float[] Values { get; }

    /// <summary>The number of codes of one image.</summary>
    public int Cells => Height * Width;

    /// <summary>The map of image i itself, not a copy: <c>[height, width, dimensions]</c>, row-major.</summary>
    /// <param name="i">The image, 0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such image.</exception>
    public Span<float> Of(int i) => Values.AsSpan(i * Cells * Dimensions, Cells * Dimensions);
}
