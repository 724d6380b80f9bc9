using System.Collections;
using Tessera.Imaging;

namespace Tessera.Data.Stores;

/// <summary>Images in a store, each read and compared with its checksum when it is needed.</summary>
/// <param name="file">The store.</param>
/// <param name="layout">Where its images are.</param>
/// <param name="numbers">The number in the store of each image of this set.</param>
/// <param name="checksums">The checksum of each image of this set.</param>
internal sealed class StoredPixels(StoreFile file, StoreLayout layout, int[] numbers, uint[] checksums) : ImagePixels
{
    private readonly int _length = layout.Header.ImageLength;

    /// <summary>The histogram, where it is known without reading the images.</summary>
    public long[]? KnownHistogram { get; init; }

    /// <summary>The channels that images are converted to; by default the store's.</summary>
    private int Channels { get; init; } = layout.Header.Channels;

    public override ReadOnlySpan<byte> Get(int index) => Read(index);

    /// <summary>The bytes of one image.</summary>
    /// <inheritdoc cref="ImagePixels.Get"/>
    public byte[] Read(int index)
    {
        byte[] stored = new byte[_length];
        ReadStored(index, stored);
        StoreHeader header = layout.Header;
        return ImageTransform.ToChannels(
            new Image(header.Size.Width, header.Size.Height, header.Channels, stored), Channels).Pixels;
    }

    public override void Copy(int index, Span<byte> destination)
    {
        if (Channels == layout.Header.Channels) ReadStored(index, destination[.._length]);
        else Read(index).CopyTo(destination);
    }

    public override long[] Histogram()
    {
        if (KnownHistogram is not null) return KnownHistogram;
        long[] histogram = new long[256];
        byte[] image = new byte[_length / layout.Header.Channels * Channels];
        for (int i = 0; i < numbers.Length; i++)
        {
            Copy(i, image);
            Count(image, histogram);
        }
        return histogram;
    }

    public override ImagePixels Only(int[] kept) =>
        new StoredPixels(
            file, layout, [.. kept.Select(i => numbers[i])], [.. kept.Select(i => checksums[i])])
        { Channels = Channels };

    public override ImagePixels ToChannels(int channels) =>
        new StoredPixels(file, layout, numbers, checksums) { Channels = channels };

    private void ReadStored(int index, Span<byte> image)
    {
        int number = numbers[index];
        StoreBlock block = layout.Blocks[layout.BlockOf(number)];
        file.Read(block.PixelsAt + (long)(number - block.First) * _length, image);
        if (StoreFormat.Checksum(image) != checksums[index]) throw file.Damaged($"image {number}");
    }
}

/// <summary>The names of images in a store, read block by block when they are asked for.</summary>
/// <param name="layout">Where the names are.</param>
/// <param name="numbers">The number in the store of each image.</param>
internal sealed class StoredNames(StoreLayout layout, int[] numbers) : IReadOnlyList<string>
{
    // The block that was asked for last; most are asked for in order.
    private volatile Tuple<int, List<string>>? _last;

    public int Count => numbers.Length;

    public string this[int index]
    {
        get
        {
            int number = numbers[index], block = layout.BlockOf(number);
            Tuple<int, List<string>>? last = _last;
            if (last is null || last.Item1 != block)
                _last = last = Tuple.Create(block, layout.ReadNames(layout.Blocks[block]));
            return last.Item2[number - layout.Blocks[block].First];
        }
    }

    public IEnumerator<string> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
