using Tessera.Data;
using Tessera.Tensors;

namespace Tessera.Benchmarks.Worker;

/// <summary>
/// The images of all programs: bytes <c>[count, 32, 32, 3]</c> and nothing else. Batch i begins at image
/// <c>i * batch</c>; the first image follows the last.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="variance">The variance of byte/255.</param>
internal sealed class RawImageFile(string path, double variance)
{
    private const int Side = Cifar10.Size, RowLength = Side * Cifar10.Channels, Length = Side * RowLength;

    private readonly byte[] _bytes = File.ReadAllBytes(path);

    public double Variance => variance;

    /// <summary>The shape of a batch.</summary>
    public static Shape ShapeOf(int batch, int size) => [batch, size, size, Cifar10.Channels];

    /// <summary>
    /// Writes a batch, pixels in [-0.5, 0.5]. Images of m times the size are mosaics of m x m images, row by row.
    /// </summary>
    public void Fill(int index, int batch, int size, Span<float> pixels)
    {
        int tiles = size / Side, count = _bytes.Length / Length;
        for (int tile = 0; tile < batch * tiles * tiles; tile++)
        {
            int source = (int)(((long)index * batch * tiles * tiles + tile) % count);
            (int image, int place) = Math.DivRem(tile, tiles * tiles);
            (int down, int right) = Math.DivRem(place, tiles);
            for (int y = 0; y < Side; y++)
            {
                int row = (image * size + down * Side + y) * tiles + right;
                PixelValues.FromBytes(
                    _bytes.AsSpan(source * Length + y * RowLength, RowLength), pixels[(row * RowLength)..]);
            }
        }
    }
}
