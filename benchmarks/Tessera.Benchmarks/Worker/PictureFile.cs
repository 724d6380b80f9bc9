using Tessera.Data;
using Tessera.Tensors;

namespace Tessera.Benchmarks.Worker;

/// <summary>
/// The pictures of all programs: bytes <c>[count, 32, 32, 3]</c> and nothing else. Batch i begins at picture
/// <c>i * batch</c>; the first picture follows the last.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="variance">The variance of byte/255.</param>
internal sealed class PictureFile(string path, double variance)
{
    private const int Side = Cifar10.Size, RowLength = Side * Cifar10.Channels, Length = Side * RowLength;

    private readonly byte[] _bytes = File.ReadAllBytes(path);

    public double Variance => variance;

    /// <summary>The shape of a batch.</summary>
    public static Shape ShapeOf(int batch, int size) => [batch, size, size, Cifar10.Channels];

    /// <summary>
    /// Writes a batch, pixels in [-0.5, 0.5]. Pictures of m times the size are mosaics of m x m pictures, row by row.
    /// </summary>
    public void Fill(int index, int batch, int size, Span<float> pixels)
    {
        int tiles = size / Side, count = _bytes.Length / Length;
        for (int tile = 0; tile < batch * tiles * tiles; tile++)
        {
            int source = (int)(((long)index * batch * tiles * tiles + tile) % count);
            (int picture, int place) = Math.DivRem(tile, tiles * tiles);
            (int down, int right) = Math.DivRem(place, tiles);
            for (int y = 0; y < Side; y++)
            {
                int row = (picture * size + down * Side + y) * tiles + right;
                PixelValues.FromBytes(
                    _bytes.AsSpan(source * Length + y * RowLength, RowLength), pixels[(row * RowLength)..]);
            }
        }
    }
}
