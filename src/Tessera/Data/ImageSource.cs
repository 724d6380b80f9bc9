using System.Collections.Concurrent;
using System.Globalization;
using Tessera.Imaging;

namespace Tessera.Data;

/// <summary>
/// Images of one size with their classes. Each image is read or rendered on demand, so only the names and classes
/// of all images stay in memory. <see cref="Load"/> reads all images into memory.
/// </summary>
/// <example><code>
/// ImageSource images = ImageFolder.Open("images", Split.All, 32);
/// byte[] first = images.Read(0);   // 32 x 32 x 3 bytes
/// </code></example>
public sealed class ImageSource
{
    private readonly int[] _labels;
    private readonly IReadOnlyList<string>? _names;
    private readonly Func<int, byte[]> _read;

    /// <summary>Creates a source.</summary>
    /// <param name="name">A name for messages: "shapes test".</param>
    /// <param name="size">Height and width of every image, at least 1.</param>
    /// <param name="channels">1 (grey) or 3 (red, green, blue).</param>
    /// <param name="labels">The class of each image, an index into <paramref name="classNames"/>.</param>
    /// <param name="classNames">The class names.</param>
    /// <param name="read">Reads an image, <c>[height, width, channels]</c>. Must be thread-safe.</param>
    /// <param name="names">A name for each image, such as its relative path; null to use numbers.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is out of its range.</exception>
    public ImageSource(
        string name, ImageSize size, int channels, int[] labels, IReadOnlyList<string> classNames,
        Func<int, byte[]> read, IReadOnlyList<string>? names = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size.Width, 1, nameof(size));
        ArgumentOutOfRangeException.ThrowIfLessThan(size.Height, 1, nameof(size));
        if (channels is not (1 or 3))
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "an image has 1 or 3 channels");
        Name = name;
        Size = size;
        Channels = channels;
        ClassNames = classNames;
        _labels = labels;
        _read = read;
        _names = names;
    }

    /// <summary>A name for messages.</summary>
    public string Name { get; }

    /// <summary>Height and width of every image.</summary>
    public ImageSize Size { get; }

    /// <summary>Width of every image in pixels.</summary>
    public int Width => Size.Width;

    /// <summary>Height of every image in pixels.</summary>
    public int Height => Size.Height;

    /// <summary>1 (grey) or 3 (red, green, blue).</summary>
    public int Channels { get; }

    /// <summary>The class names.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The class of each image, an index into <see cref="ClassNames"/>.</summary>
    public IReadOnlyList<int> Labels => _labels;

    /// <summary>Number of images.</summary>
    public int Count => _labels.Length;

    /// <summary>
    /// What is not among the images: "3 other files left alone (.db, .txt)", or what a store lacks; null for nothing.
    /// </summary>
    public string? LeftAlone { get; init; }

    /// <summary>Where the images lie already, so that <see cref="Load"/> reads none; null for files.</summary>
    internal ImagePixels? Pixels { get; init; }

    /// <summary>The name of an image: its relative path with '/' as separator, or else its number.</summary>
    public string NameOf(int index) => _names?[index] ?? index.ToString(CultureInfo.InvariantCulture);

    /// <summary>Opens image files, each scaled and centre-cropped to one size, all of one class.</summary>
    /// <param name="paths">Files that <see cref="ImageFile"/> can read, at least one.</param>
    /// <param name="size">
    /// The target size; with <see cref="ImageSize.Native"/> they are only cropped.
    /// </param>
    /// <param name="channels">1 or 3.</param>
    /// <exception cref="InputException">
    /// The size is native, and no file can be read or the first readable one is too small.
    /// </exception>
    public static ImageSource FromFiles(IReadOnlyList<string> paths, ImageSize size, int channels = 3)
    {
        var reader = new ImageReader(paths, size, channels);
        return new ImageSource(
            "the image files", reader.Size, channels, new int[paths.Count], [ImageFolder.Unlabelled],
            i => reader.Read(paths[i]), paths);
    }

    /// <summary>The same images without those of the given names; unknown names are ignored.</summary>
    /// <exception cref="InputException">No image is left.</exception>
    public ImageSource Without(IEnumerable<string> names)
    {
        HashSet<string> leftOut = [.. names];
        if (leftOut.Count == 0) return this;
        int[] kept = [.. Enumerable.Range(0, Count).Where(i => !leftOut.Contains(NameOf(i)))];
        if (kept.Length == Count) return this;
        if (kept.Length == 0)
            throw new InputException($"none of the {Count} images of {Name} can be used; name others");
        return new ImageSource(
            Name, Size, Channels, [.. kept.Select(i => _labels[i])], ClassNames, i => _read(kept[i]),
            [.. kept.Select(NameOf)])
        { LeftAlone = LeftAlone, Pixels = Pixels?.Only(kept) };
    }

    /// <summary>One image, <c>[height, width, channels]</c>; do not modify it.</summary>
    /// <exception cref="InputException">The image's file is missing or damaged.</exception>
    public byte[] Read(int index) => _read(index);

    /// <summary>Reads consecutive images on all cores.</summary>
    /// <param name="first">Index of the first image.</param>
    /// <param name="count">Number of images.</param>
    /// <param name="progress">Receives the number of images read so far; called from several threads.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="DamagedImagesException">Some files cannot be read; all others were tried too.</exception>
    /// <exception cref="OperationCanceledException">Reading was stopped.</exception>
    public byte[][] Read(
        int first, int count, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        byte[][] images = new byte[count][];
        ForEach(first, count, (i, image) => images[i - first] = image, progress, cancellation);
        return images;
    }

    /// <summary>Reads all images and keeps none, to find the damaged ones.</summary>
    /// <inheritdoc cref="Read(int, int, IProgress{int}?, CancellationToken)"/>
    public void Check(IProgress<int>? progress = null, CancellationToken cancellation = default) =>
        ForEach(0, Count, (_, _) => { }, progress, cancellation);

    /// <summary>Reads all images of several sources and keeps none; one error names all damaged ones.</summary>
    /// <inheritdoc cref="Read(int, int, IProgress{int}?, CancellationToken)"/>
    public static void Check(
        IReadOnlyList<ImageSource> sources, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        List<(string, InputException)> damaged = [];
        foreach (ImageSource source in sources)
        {
            try
            {
                source.Check(progress, cancellation);
            }
            catch (DamagedImagesException e)
            {
                damaged.AddRange(e.Damaged);
            }
        }
        if (damaged.Count > 0) throw new DamagedImagesException(sources.Sum(source => source.Count), damaged);
    }

    private void ForEach(
        int first, int count, Action<int, byte[]> use, IProgress<int>? progress, CancellationToken cancellation)
    {
        int done = 0;
        var damaged = new ConcurrentDictionary<int, InputException>();
        AllCores.For(first, first + count, i =>
        {
            try
            {
                use(i, _read(i));
            }
            catch (InputException e) when (e is not NativeSizeException)
            {
                damaged[i] = e;
            }
            progress?.Report(Interlocked.Increment(ref done));
        }, cancellation);
        if (damaged.IsEmpty) return;
        throw new DamagedImagesException(
            count, [.. damaged.OrderBy(pair => pair.Key).Select(pair => (NameOf(pair.Key), pair.Value))]);
    }

    /// <summary>Reads all images into memory.</summary>
    /// <inheritdoc cref="Read(int, int, IProgress{int}?, CancellationToken)"/>
    /// <exception cref="InputException">They do not fit into memory.</exception>
    public ImageSet Load(IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        if (Pixels is not null) return new ImageSet(Name, Width, Height, Channels, _labels, ClassNames, Pixels);
        CheckMemory();
        var set = new ImageSet(Name, Width, Height, Channels, _labels, ClassNames);
        ForEach(0, Count, (i, image) => set.Set(i, image), progress, cancellation);
        return set;
    }

    /// <summary>The same images with 1 (grey) or 3 (red, green, blue) channels.</summary>
    public ImageSource ToChannels(int channels) => channels == Channels ? this : new(
        Name, Size, channels, _labels, ClassNames,
        i => ImageTransform.ToChannels(new Image(Width, Height, Channels, _read(i)), channels).Pixels, _names)
    { LeftAlone = LeftAlone, Pixels = Pixels?.ToChannels(channels) };

    private void CheckMemory()
    {
        const double Gigabyte = 1 << 30;
        long imageBytes = (long)Width * Height * Channels;
        double needed = (double)Count * imageBytes, available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed <= available && imageBytes <= Array.MaxLength) return;
        throw new InputException(string.Create(
            CultureInfo.InvariantCulture,
            $"the {Count} images of {Name} take {needed / Gigabyte:0.0} GiB at this size, but this machine " +
            $"has {available / Gigabyte:0.0} GiB of memory; choose a smaller size or fewer images"));
    }
}
