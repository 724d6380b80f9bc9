using Tessera.Imaging;

namespace Tessera.Data;

/// <summary>
/// Images of one size with their classes, all in memory as bytes. Every data source (CIFAR-10, a folder,
/// SyntheticShapes) loads into this form.
/// </summary>
public sealed class ImageSet
{
    private readonly byte[][] _images;
    private readonly int[] _labels;

    /// <summary>Creates a set over the given arrays, without a copy.</summary>
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
        byte[][] images, int[] labels, IReadOnlyList<string> classNames)
    {
        if (images.Length != labels.Length)
            throw new ArgumentException($"{images.Length} images, but {labels.Length} labels.", nameof(labels));
        int length = checked(width * height * channels);
        if (Array.FindIndex(images, image => image.Length != length) is >= 0 and int odd)
            throw new ArgumentException(
                $"Image {odd} has {images[odd].Length} bytes; {width}x{height}x{channels} needs {length}.",
                nameof(images));
        Name = name;
        Width = width;
        Height = height;
        Channels = channels;
        ClassNames = classNames;
        _images = images;
        _labels = labels;
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
    public int Count => _images.Length;

    /// <summary>The bytes of one image, <c>[height, width, channels]</c>.</summary>
    public ReadOnlySpan<byte> Pixels(int index) => _images[index];

    /// <summary>The class of one image.</summary>
    public int Label(int index) => _labels[index];

    /// <summary>A copy of one image as an <see cref="Image"/>.</summary>
    public Image Image(int index) => new(Width, Height, Channels, Pixels(index).ToArray());

    /// <summary>Copies of the first images of the set, at most <paramref name="count"/>.</summary>
    public Image[] First(int count) => [.. Enumerable.Range(0, Math.Min(count, Count)).Select(Image)];

    /// <summary>The same images with 1 (grey) or 3 (red, green, blue) channels.</summary>
    public ImageSet ToChannels(int channels) => AsSource().ToChannels(channels).Load();

    /// <summary>The same images as a source, without a copy.</summary>
    public ImageSource AsSource() =>
        new(Name, new ImageSize(Height, Width), Channels, _labels, ClassNames, i => _images[i]);

    /// <summary>
    /// The variance of byte/255 over every sample of every image (the reference notebook's <c>data_variance</c>),
    /// computed exactly from the histogram of bytes. CIFAR-10's training set: 0.0633.
    /// </summary>
    public double Variance()
    {
        long[] histogram = new long[256];
        foreach (byte[] image in _images)
        {
            foreach (byte sample in image) histogram[sample]++;
        }
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
}
