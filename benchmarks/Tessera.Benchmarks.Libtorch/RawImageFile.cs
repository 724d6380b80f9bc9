using static TorchSharp.torch;

namespace Tessera.Benchmarks.Libtorch;

/// <summary>
/// The images of all programs: bytes <c>[count, 32, 32, 3]</c> and nothing else. Batch i begins at
/// image <c>i * batch</c>; the first image follows the last.
/// </summary>
internal sealed class RawImageFile
{
    private const int Side = 32, Channels = 3;

    private readonly Tensor _images;
    private readonly MemoryLayout _layout;

    public RawImageFile(string path, double variance, MemoryLayout layout)
    {
        byte[] bytes = File.ReadAllBytes(path);
        _images = tensor(bytes, bytes.Length / (Side * Side * Channels), Side, Side, Channels);
        _layout = layout;
        Variance = variance;
    }

    /// <summary>The variance of byte/255.</summary>
    public double Variance { get; }

    /// <summary>
    /// A batch, NCHW, pixels in [-0.5, 0.5]. Images of m times the size are mosaics of m x m images, row by row.
    /// </summary>
    public Tensor Batch(int index, int batch, int size)
    {
        int tiles = size / Side, count = batch * tiles * tiles;
        Tensor numbers = arange((long)index * count, (long)(index + 1) * count).remainder(_images.shape[0]);
        Tensor mosaics = _images.index_select(0, numbers).view(batch, tiles, tiles, Side, Side, Channels);
        mosaics = mosaics.permute(0, 1, 3, 2, 4, 5).reshape(batch, size, size, Channels);
        return _layout.FromNhwc(mosaics.to(ScalarType.Float32) / 255f - 0.5f);
    }
}
