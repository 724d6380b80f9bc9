using Tessera.Imaging;

namespace Tessera.Data;

/// <summary>
/// Images of one size with their classes, as bytes: in memory, or in an <see cref="Stores.ImageStore"/>, from which
/// each is read when it is needed. Every data source (CIFAR-10, a folder, SyntheticShapes, a store) loads into this
/// form.
/// </summary>
public sealed class ImageSet
{
    private readonly ImagePixels _pixels;
    private readonly int[] _labels;

    /// <summary>Creates a set with copies of the given arrays.</summary>
    /// <param name="name">A name for messages: "cifar10 test".</param>
    /// <param name="width">Width of every image in pixels.</param>
    /// <param name="height">Height of every image in pixels.</param>
    /// <param name="channels">1 (grey) or 3 (red, green, blue).</param>
    /// <param name="images">
    /// One array per image: <c>height * width * channels</c> bytes, channels interleaved (HWC).
    /// </param>
    /// <param name="labels">The class of each image, an index into <paramref name="classNames"/>.</param>
    /// <param name="classNames">The class names.</param>
    /// <exception cref="ArgumentException">The lengths do not agree.</exception>
    public ImageSet(
        string name, int width, int height, int channels,
        IReadOnlyList<byte[]> images, int[] labels, IReadOnlyList<string> classNames)
        : this(name, width, height, channels, labels, classNames)
    {
        if (images.Count != labels.Length)
            throw new ArgumentException($"{images.Count} images, but {labels.Length} labels", nameof(labels));
        for (int i = 0; i < images.Count; i++) Set(i, images[i]);
    }

    /// <summary>
    /// Creates a set of black images, to be filled by Set, in blocks of at most as many bytes; null for
    /// as many as fit an array.
    /// </summary>
    internal ImageSet(
        string name, int width, int height, int channels, int[] labels, IReadOnlyList<string> classNames,
        int? blockLength = null)
        : this(
            name, width, height, channels, labels, classNames,
            new PixelBlocks(
                labels.Length, checked(width * height * channels), blockLength ?? Array.MaxLength))
    {
    }

    /// <summary>Creates a set of images that are somewhere already.</summary>
    internal ImageSet(
        string name, int width, int height, int channels, int[] labels, IReadOnlyList<string> classNames,
        ImagePixels pixels)
    {
        Name = name;
        Width = width;
        Height = height;
        Channels = channels;
        ClassNames = classNames;
        _labels = labels;
        _pixels = pixels;
    }

    /// <summary>A name for messages.</summary>
    public string Name { get; }

    /// <summary>Width of every image in pixels.</summary>
    public int Width { get; }

    /// <summary>Height of every image in pixels.</summary>
    public int Height { get; }

    /// <summary>1 (grey) or 3 (red, green, blue).</summary>
    public int Channels { get; }

    /// <summary>The class names; <see cref="Label"/> is an index into them.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Number of images.</summary>
    public int Count => _labels.Length;

    /// <summary>
    /// The bytes of all images, one after another; null if they do not lie in one block of memory (2 GiB). Do not
    /// modify them.
    /// </summary>
    internal Memory<byte>? Block => _pixels.Block;

    /// <summary>The bytes of one image, <c>[height, width, channels]</c>.</summary>
    /// <exception cref="InputException">They are in a store that cannot be read.</exception>
    public ReadOnlySpan<byte> Pixels(int index) => _pixels.Get(index);

    /// <summary>Copies the bytes of one image, <c>[height, width, channels]</c>; allocates nothing.</summary>
    /// <param name="index">The image.</param>
    /// <param name="destination">Receives its bytes; at least as many.</param>
    /// <exception cref="InputException">They are in a store that cannot be read.</exception>
    public void CopyPixels(int index, Span<byte> destination) => _pixels.Copy(index, destination);

    /// <summary>The class of one image.</summary>
    public int Label(int index) => _labels[index];

    /// <summary>A copy of one image as an <see cref="Image"/>.</summary>
    public Image Image(int index) => new(Width, Height, Channels, Bytes(index));

    /// <summary>Copies of the first images of the set, at most <paramref name="count"/>.</summary>
    public Image[] First(int count) => [.. Enumerable.Range(0, Math.Min(count, Count)).Select(Image)];

    /// <summary>The same images with 1 (grey) or 3 (red, green, blue) channels.</summary>
    public ImageSet ToChannels(int channels) => AsSource().ToChannels(channels).Load();

    /// <summary>The same images as a source.</summary>
    public ImageSource AsSource() =>
        new(Name, new ImageSize(Height, Width), Channels, _labels, ClassNames, Bytes)
        { Pixels = _pixels };

    /// <summary>
    /// The variance of byte/255 over every sample of every image (the reference notebook's <c>data_variance</c>),
    /// computed exactly from the histogram of bytes. CIFAR-10's training set: 0.0633.
    /// </summary>
    public double Variance()
    {
        long[] histogram = _pixels.Histogram();
        Int128 count = 0, sum = 0, sumOfSquares = 0;
        for (int value = 0; value < 256; value++)
        {
            count += histogram[value];
            sum += (Int128)histogram[value] * value;
            sumOfSquares += (Int128)histogram[value] * value * value;
        }
        return count == 0
            ? 0
            : (double)(sumOfSquares * count - sum * sum) / ((double)count * (double)count * 255 * 255);
    }

    private byte[] Bytes(int index)
    {
        byte[] bytes = new byte[Width * Height * Channels];
        CopyPixels(index, bytes);
        return bytes;
    }

    /// <summary>Copies the bytes and the class of one image in.</summary>
    /// <exception cref="ArgumentException">The bytes are not as many as an image has.</exception>
    internal void Set(int index, ReadOnlySpan<byte> image, int label)
    {
        Set(index, image);
        _labels[index] = label;
    }

    /// <summary>Copies the bytes of one image in.</summary>
    /// <exception cref="ArgumentException">They are not as many as an image has.</exception>
    internal void Set(int index, ReadOnlySpan<byte> image)
    {
        Span<byte> place = ((PixelBlocks)_pixels).At(index);
        if (image.Length != place.Length)
            throw new ArgumentException(
                $"image {index} has {image.Length} bytes; {Width}x{Height}x{Channels} needs {place.Length}",
                nameof(image));
        image.CopyTo(place);
    }
}
