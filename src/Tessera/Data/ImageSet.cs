using Tessera.Imaging;

namespace Tessera.Data;

/// <summary>
/// Pictures of one size with their classes, all in memory as bytes. Every data source (CIFAR-10, a folder, Shapes)
/// loads into this form.
/// </summary>
public sealed class ImageSet
{
    private readonly byte[][] _pictures;
    private readonly int[] _labels;

    /// <summary>Creates a set over the given arrays, without a copy.</summary>
    /// <param name="name">A name for messages: "cifar10 test".</param>
    /// <param name="width">Width of every picture in pixels.</param>
    /// <param name="height">Height of every picture in pixels.</param>
    /// <param name="channels">1 (grey) or 3 (red, green, blue).</param>
    /// <param name="pictures">
    /// One array per picture: <c>height * width * channels</c> bytes, channels interleaved (HWC).
    /// </param>
    /// <param name="labels">The class of each picture, an index into <paramref name="classNames"/>.</param>
    /// <param name="classNames">The class names.</param>
    /// <exception cref="ArgumentException">The lengths do not agree.</exception>
    public ImageSet(
        string name, int width, int height, int channels,
        byte[][] pictures, int[] labels, IReadOnlyList<string> classNames)
    {
        if (pictures.Length != labels.Length)
            throw new ArgumentException($"{pictures.Length} pictures, but {labels.Length} labels.", nameof(labels));
        int length = checked(width * height * channels);
        if (Array.FindIndex(pictures, picture => picture.Length != length) is >= 0 and int odd)
            throw new ArgumentException(
                $"Picture {odd} has {pictures[odd].Length} bytes; {width}x{height}x{channels} needs {length}.",
                nameof(pictures));
        Name = name;
        Width = width;
        Height = height;
        Channels = channels;
        ClassNames = classNames;
        _pictures = pictures;
        _labels = labels;
    }

    /// <summary>A name for messages.</summary>
    public string Name { get; }

    /// <summary>Width of every picture in pixels.</summary>
    public int Width { get; }

    /// <summary>Height of every picture in pixels.</summary>
    public int Height { get; }

    /// <summary>1 (grey) or 3 (red, green, blue).</summary>
    public int Channels { get; }

    /// <summary>The class names; <see cref="Label"/> is an index into them.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Number of pictures.</summary>
    public int Count => _pictures.Length;

    /// <summary>The bytes of one picture, <c>[height, width, channels]</c>.</summary>
    public ReadOnlySpan<byte> Pixels(int index) => _pictures[index];

    /// <summary>The class of one picture.</summary>
    public int Label(int index) => _labels[index];

    /// <summary>A copy of one picture as an <see cref="Image"/>.</summary>
    public Image Picture(int index) => new(Width, Height, Channels, Pixels(index).ToArray());

    /// <summary>Copies of the first pictures of the set, at most <paramref name="count"/>.</summary>
    public Image[] First(int count) => [.. Enumerable.Range(0, Math.Min(count, Count)).Select(Picture)];

    /// <summary>The same pictures with 1 (grey) or 3 (red, green, blue) channels.</summary>
    public ImageSet ToChannels(int channels) => AsSource().ToChannels(channels).Load();

    /// <summary>The same pictures as a source, without a copy.</summary>
    public PictureSource AsSource() =>
        new(Name, new PictureSize(Height, Width), Channels, _labels, ClassNames, i => _pictures[i]);

    /// <summary>
    /// The variance of byte/255 over every sample of every picture (the seed's <c>data_variance</c>), computed exactly
    /// from the histogram of bytes. CIFAR-10's training set: 0.0633.
    /// </summary>
    public double Variance()
    {
        long[] histogram = new long[256];
        foreach (byte[] picture in _pictures)
        {
            foreach (byte sample in picture) histogram[sample]++;
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
