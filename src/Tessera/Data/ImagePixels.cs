namespace Tessera.Data;

/// <summary>
/// Where the bytes of an <see cref="ImageSet"/> are: in memory, or in a file from which each image is read when it is
/// needed.
/// </summary>
internal abstract class ImagePixels
{
    /// <summary>
    /// The bytes of all images, one after another; null if they do not lie in one block of memory. Do not modify them.
    /// </summary>
    public virtual Memory<byte>? Block => null;

    /// <summary>The bytes of one image, <c>[height, width, channels]</c>; do not modify them.</summary>
    /// <exception cref="InputException">They are in a file that cannot be read.</exception>
    public abstract ReadOnlySpan<byte> Get(int index);

    /// <summary>Copies the bytes of one image; any number of threads may call it.</summary>
    /// <inheritdoc cref="Get"/>
    public abstract void Copy(int index, Span<byte> destination);

    /// <summary>How often each of the 256 values occurs in all images.</summary>
    /// <inheritdoc cref="Get"/>
    public abstract long[] Histogram();

    /// <summary>Some of the images, which stay where they are; null if they can only be read again.</summary>
    /// <param name="kept">Their numbers.</param>
    public virtual ImagePixels? Only(int[] kept) => null;

    /// <summary>The images with 1 or 3 channels, converted when they are read; null if they can only be read
    /// again.</summary>
    public virtual ImagePixels? ToChannels(int channels) => null;

    /// <summary>Adds how often each of the 256 values occurs.</summary>
    public static void Count(ReadOnlySpan<byte> samples, long[] histogram)
    {
        foreach (byte sample in samples) histogram[sample]++;
    }
}

/// <summary>Images in memory, in blocks; every block but the last holds as many as fit.</summary>
internal sealed class PixelBlocks : ImagePixels
{
    private readonly byte[][] _blocks;
    private readonly int _perBlock, _length;

    /// <summary>Creates black images.</summary>
    /// <param name="count">The number of images.</param>
    /// <param name="length">The bytes of an image.</param>
    /// <param name="blockLength">The most bytes of a block.</param>
    public PixelBlocks(int count, int length, int blockLength)
    {
        _length = length;
        _perBlock = blockLength / length;
        _blocks =
        [
            .. Enumerable.Range(0, (count + _perBlock - 1) / _perBlock).Select(
                block => new byte[Math.Min(_perBlock, count - block * _perBlock) * length]),
        ];
    }

    // A null literal alone would become an empty memory, not null.
    public override Memory<byte>? Block => _blocks is [var all] ? all : (Memory<byte>?)null;

    public override ReadOnlySpan<byte> Get(int index) => At(index);

    public override void Copy(int index, Span<byte> destination) => At(index).CopyTo(destination);

    public override long[] Histogram()
    {
        long[] histogram = new long[256];
        foreach (byte[] block in _blocks) Count(block, histogram);
        return histogram;
    }

    /// <summary>The bytes of one image, to be written.</summary>
    public Span<byte> At(int index)
    {
        (int block, int inBlock) = Math.DivRem(index, _perBlock);
        return _blocks[block].AsSpan(inBlock * _length, _length);
    }
}
