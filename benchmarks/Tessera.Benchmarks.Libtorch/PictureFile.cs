using static TorchSharp.torch;

namespace Tessera.Benchmarks.Libtorch;

/// <summary>
/// The pictures of all programs: bytes <c>[count, 32, 32, 3]</c> and nothing else. Batch i begins at
/// picture <c>i * batch</c>; the first picture follows the last.
/// </summary>
internal sealed class PictureFile
{
    private const int Side = 32, Channels = 3;

    private readonly Tensor _pictures;
    private readonly MemoryLayout _layout;

    public PictureFile(string path, double variance, MemoryLayout layout)
    {
        byte[] bytes = File.ReadAllBytes(path);
        _pictures = tensor(bytes, bytes.Length / (Side * Side * Channels), Side, Side, Channels);
        _layout = layout;
        Variance = variance;
    }

    /// <summary>The variance of byte/255.</summary>
    public double Variance { get; }

    /// <summary>
    /// A batch, NCHW, pixels in [-0.5, 0.5]. Pictures of m times the size are mosaics of m x m pictures, row by row.
    /// </summary>
    public Tensor Batch(int index, int batch, int size)
    {
        int tiles = size / Side, count = batch * tiles * tiles;
        Tensor numbers = arange((long)index * count, (long)(index + 1) * count).remainder(_pictures.shape[0]);
        Tensor mosaics = _pictures.index_select(0, numbers).view(batch, tiles, tiles, Side, Side, Channels);
        mosaics = mosaics.permute(0, 1, 3, 2, 4, 5).reshape(batch, size, size, Channels);
        return _layout.FromNhwc(mosaics.to(ScalarType.Float32) / 255f - 0.5f);
    }
}
