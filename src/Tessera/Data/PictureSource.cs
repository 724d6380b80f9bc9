using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Tessera.Imaging;

namespace Tessera.Data;

/// <summary>
/// Pictures of one size with their classes, each of which is read or made when it is asked for: however many there are, only
/// those at hand take memory, beside the names and classes of all. <see cref="Load"/> takes them all into memory.
/// </summary>
/// <example><code>
/// PictureSource pictures = ImageFolder.Open("pictures", Split.All, 32);
/// byte[] first = pictures.Read(0);   // 32 x 32 x 3 bytes
/// </code></example>
public sealed class PictureSource
{
    private readonly int[] _labels;
    private readonly IReadOnlyList<string>? _names;
    private readonly Func<int, byte[]> _read;

    /// <summary>Creates a source.</summary>
    /// <param name="name">What the pictures are, for messages: "shapes test".</param>
    /// <param name="size">Height and width of every picture, at least 1.</param>
    /// <param name="channels">1 (grey) or 3 (red, green, blue).</param>
    /// <param name="labels">The class of each picture, an index into <paramref name="classNames"/>.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <param name="read">
    /// Reads a picture, <c>[height, width, channels]</c>. Several threads may call it at once.
    /// </param>
    /// <param name="names">A name for each picture, such as its path in a folder; null to number them.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is out of its range.</exception>
    public PictureSource(
        string name, PictureSize size, int channels, int[] labels, IReadOnlyList<string> classNames,
        Func<int, byte[]> read, IReadOnlyList<string>? names = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size.Width, 1, nameof(size));
        ArgumentOutOfRangeException.ThrowIfLessThan(size.Height, 1, nameof(size));
        if (channels is not (1 or 3)) throw new ArgumentOutOfRangeException(nameof(channels), channels, "1 or 3.");
        Name = name;
        Size = size;
        Channels = channels;
        ClassNames = classNames;
        _labels = labels;
        _read = read;
        _names = names;
    }

    /// <summary>What the pictures are, for messages.</summary>
    public string Name { get; }

    /// <summary>Height and width of every picture.</summary>
    public PictureSize Size { get; }

    /// <summary>Width of every picture in pixels.</summary>
    public int Width => Size.Width;

    /// <summary>Height of every picture in pixels.</summary>
    public int Height => Size.Height;

    /// <summary>1 (grey) or 3 (red, green, blue).</summary>
    public int Channels { get; }

    /// <summary>The names of the classes.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The class of each picture, an index into <see cref="ClassNames"/>.</summary>
    public IReadOnlyList<int> Labels => _labels;

    /// <summary>How many pictures there are.</summary>
    public int Count => _labels.Length;

    /// <summary>What was passed over in looking for the pictures: "3 other files left alone (.db, .txt)"; null if nothing.</summary>
    public string? LeftAlone { get; init; }

    /// <summary>The name of a picture: its path below a folder, with '/' between its parts; else its number.</summary>
    public string NameOf(int index) => _names?[index] ?? index.ToString(CultureInfo.InvariantCulture);

    /// <summary>Picture files, each scaled and centre-cropped to one size; all of one class.</summary>
    /// <param name="paths">Files that <see cref="ImageFile"/> reads, at least one.</param>
    /// <param name="size">
    /// What to bring them to; with <see cref="PictureSize.Native"/> they are only cropped to multiples of a model's stride.
    /// </param>
    /// <param name="channels">1 or 3.</param>
    /// <exception cref="InputException">The size is native, and no file can be read.</exception>
    public static PictureSource FromFiles(IReadOnlyList<string> paths, PictureSize size, int channels = 3)
    {
        var reader = new PictureReader(paths, size, channels);
        return new PictureSource(
            "the picture files", reader.Size, channels, new int[paths.Count], [ImageFolder.Unlabelled],
            i => reader.Read(paths[i]), paths);
    }

    /// <summary>The same pictures less some, by name; names that are not there do not matter.</summary>
    /// <exception cref="InputException">None is left.</exception>
    public PictureSource Without(IEnumerable<string> names)
    {
        HashSet<string> leftOut = [.. names];
        if (leftOut.Count == 0) return this;
        int[] kept = [.. Enumerable.Range(0, Count).Where(i => !leftOut.Contains(NameOf(i)))];
        if (kept.Length == Count) return this;
        if (kept.Length == 0) throw new InputException($"none of the {Count} pictures of {Name} can be used; name others");
        return new PictureSource(
            Name, Size, Channels, [.. kept.Select(i => _labels[i])], ClassNames, i => _read(kept[i]),
            [.. kept.Select(NameOf)])
        { LeftAlone = LeftAlone };
    }

    /// <summary>One picture, <c>[height, width, channels]</c>; not to be changed.</summary>
    /// <exception cref="InputException">It is a file that is missing or broken.</exception>
    public byte[] Read(int index) => _read(index);

    /// <summary>Some pictures in a row, read on all cores.</summary>
    /// <param name="first">The first.</param>
    /// <param name="count">How many.</param>
    /// <param name="progress">Told how many are read; the calls come from several threads.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="DamagedPicturesException">Some are files that cannot be read; the others were tried too.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public byte[][] Read(int first, int count, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        byte[][] pictures = new byte[count][];
        ForEach(first, count, (i, picture) => pictures[i - first] = picture, progress, cancellation);
        return pictures;
    }

    /// <summary>Reads all pictures and keeps none: finds the damaged ones.</summary>
    /// <inheritdoc cref="Read(int, int, IProgress{int}?, CancellationToken)"/>
    public void Check(IProgress<int>? progress = null, CancellationToken cancellation = default) =>
        ForEach(0, Count, (_, _) => { }, progress, cancellation);

    private void ForEach(
        int first, int count, Action<int, byte[]> use, IProgress<int>? progress, CancellationToken cancellation)
    {
        int done = 0;
        var damaged = new ConcurrentDictionary<int, InputException>();
        try
        {
            Parallel.For(first, first + count, new ParallelOptions { CancellationToken = cancellation }, i =>
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
            });
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
        if (damaged.IsEmpty) return;
        throw new DamagedPicturesException(
            count, [.. damaged.OrderBy(pair => pair.Key).Select(pair => (NameOf(pair.Key), pair.Value))]);
    }

    /// <summary>All pictures in memory.</summary>
    /// <inheritdoc cref="Read(int, int, IProgress{int}?, CancellationToken)"/>
    /// <exception cref="InputException">Memory does not hold them.</exception>
    public ImageSet Load(IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        CheckMemory();
        return new ImageSet(Name, Width, Height, Channels, Read(0, Count, progress, cancellation), _labels, ClassNames);
    }

    /// <summary>The same pictures in grey (1) or red, green and blue (3).</summary>
    public PictureSource ToChannels(int channels) => channels == Channels ? this : new(
        Name, Size, channels, _labels, ClassNames,
        i => ImageTransform.ToChannels(new Image(Width, Height, Channels, _read(i)), channels).Pixels, _names)
    { LeftAlone = LeftAlone };

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
