using System.Globalization;
using System.Runtime.ExceptionServices;
using Tessera.Imaging;

namespace Tessera.Data;

/// <summary>
/// Pictures of one size with their classes, each of which is read or made when it is asked for: however many there are, only
/// those at hand take memory, beside the names and classes of all. <see cref="Load"/> takes them all into memory.
/// </summary>
/// <example><code>
/// PictureSource pictures = ImageFolder.Open("pictures", Split.All, 32, 32);
/// byte[] first = pictures.Read(0);   // 32 x 32 x 3 bytes
/// </code></example>
public sealed class PictureSource
{
    private readonly int[] _labels;
    private readonly Func<int, byte[]> _read;

    /// <summary>Creates a source.</summary>
    /// <param name="name">What the pictures are, for messages: "shapes test".</param>
    /// <param name="width">Width of every picture in pixels, at least 1.</param>
    /// <param name="height">Height of every picture in pixels, at least 1.</param>
    /// <param name="channels">1 (grey) or 3 (red, green, blue).</param>
    /// <param name="labels">The class of each picture, an index into <paramref name="classNames"/>; as many as pictures.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <param name="read">
    /// Reads a picture, <c>height * width * channels</c> bytes, channels interleaved (HWC). Several threads may call it at once.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A size is out of its range.</exception>
    public PictureSource(
        string name, int width, int height, int channels, int[] labels, IReadOnlyList<string> classNames, Func<int, byte[]> read)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (channels is not (1 or 3)) throw new ArgumentOutOfRangeException(nameof(channels), channels, "1 or 3.");
        Name = name;
        Width = width;
        Height = height;
        Channels = channels;
        ClassNames = classNames;
        _labels = labels;
        _read = read;
    }

    /// <summary>What the pictures are, for messages.</summary>
    public string Name { get; }

    /// <summary>Width of every picture in pixels.</summary>
    public int Width { get; }

    /// <summary>Height of every picture in pixels.</summary>
    public int Height { get; }

    /// <summary>1 (grey) or 3 (red, green, blue).</summary>
    public int Channels { get; }

    /// <summary>The names of the classes.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The class of each picture, an index into <see cref="ClassNames"/>.</summary>
    public IReadOnlyList<int> Labels => _labels;

    /// <summary>How many pictures there are.</summary>
    public int Count => _labels.Length;

    /// <summary>Picture files, each scaled and centre-cropped to one size; all of one class.</summary>
    /// <param name="paths">PNG or JPEG files.</param>
    /// <param name="width">Width to bring them to, at least 1.</param>
    /// <param name="height">Height to bring them to, at least 1.</param>
    /// <param name="channels">1 or 3.</param>
    public static PictureSource FromFiles(IReadOnlyList<string> paths, int width, int height, int channels = 3) => new(
        "the picture files", width, height, channels, new int[paths.Count], [ImageFolder.Unlabelled],
        i => ImageTransform.Fit(ImageFile.Read(paths[i]), width, height, channels).Pixels);

    /// <summary>One picture, <c>[height, width, channels]</c>; not to be changed.</summary>
    /// <exception cref="InputException">It is a file that is missing or broken.</exception>
    public byte[] Read(int index) => _read(index);

    /// <summary>Some pictures in a row, read on all cores.</summary>
    /// <param name="first">The first.</param>
    /// <param name="count">How many.</param>
    /// <param name="progress">Told how many are read; the calls come from several threads.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InputException">One is a file that is missing or broken.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public byte[][] Read(int first, int count, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        byte[][] pictures = new byte[count][];
        int done = 0;
        try
        {
            Parallel.For(0, count, new ParallelOptions { CancellationToken = cancellation }, i =>
            {
                pictures[i] = _read(first + i);
                progress?.Report(Interlocked.Increment(ref done));
            });
        }
        catch (AggregateException e)
        {
            Exception? bad = e.InnerExceptions.FirstOrDefault(inner => inner is InputException);
            ExceptionDispatchInfo.Throw(bad ?? e.InnerExceptions[0]);
        }
        return pictures;
    }

    /// <summary>All pictures in memory.</summary>
    /// <inheritdoc cref="Read(int, int, IProgress{int}?, CancellationToken)"/>
    /// <exception cref="InputException">One is a file that is missing or broken, or memory does not hold them.</exception>
    public ImageSet Load(IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        CheckMemory();
        return new ImageSet(Name, Width, Height, Channels, Read(0, Count, progress, cancellation), _labels, ClassNames);
    }

    /// <summary>The same pictures in grey (1) or red, green and blue (3).</summary>
    public PictureSource ToChannels(int channels) => channels == Channels ? this : new(
        Name, Width, Height, channels, _labels, ClassNames,
        i => ImageTransform.ToChannels(new Image(Width, Height, Channels, _read(i)), channels).Pixels);

    private void CheckMemory()
    {
        const double Gigabyte = 1 << 30;
        long pictureBytes = (long)Width * Height * Channels;
        double needed = (double)Count * pictureBytes, available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed <= available && pictureBytes <= Array.MaxLength) return;
        throw new InputException(string.Create(
            CultureInfo.InvariantCulture,
            $"The {Count} pictures of {Name} take {needed / Gigabyte:0.0} GiB at this size, but this machine " +
            $"has {available / Gigabyte:0.0} GiB of memory; choose a smaller size or fewer pictures."));
    }
}
