using Tessera.Cli.CommandLine;
using Tessera.Cli.Rendering;
using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Files;
using Tessera.Imaging;
using Tessera.Training;

namespace Tessera.Cli;

/// <summary>Finds and loads the images that the options name, and shows the progress.</summary>
/// <param name="display">The stream for progress and messages.</param>
/// <param name="skipsDamaged">Whether to leave out images that cannot be read; otherwise they are an error.</param>
/// <param name="cancellation">Stops the loading.</param>
internal sealed class ImageLoader(Display display, bool skipsDamaged, CancellationToken cancellation)
{
    private readonly List<string> _skipped = [];
    private readonly List<string> _skippedHere = [];
    private string? _leftAlone;
    private (FolderListing Listing, ImageStore? Store)? _folder;

    /// <summary>The names of the images that are left out: the initial ones, then the damaged ones found.</summary>
    public IReadOnlyList<string> Skipped
    {
        get => _skipped;
        init => _skipped = [.. value];
    }

    /// <summary>Of <see cref="Skipped"/>, the images of the sources that were opened.</summary>
    public IReadOnlyList<string> SkippedHere => _skippedHere;

    /// <summary>
    /// The value of <c>--data</c>: a built-in name unchanged, a folder as its full path, without a slash at its end.
    /// </summary>
    public static string Name(string data) => data is SyntheticShapes.Name or Cifar10.Name
        ? data : Path.TrimEndingDirectorySeparator(Path.GetFullPath(data));

    /// <summary>Loads a split into memory; downloads CIFAR-10 if it is not on this machine.</summary>
    /// <exception cref="InputException">The images are missing, damaged or unusable.</exception>
    public ImageSet Load(TrainingOptions options, Split split)
    {
        string verb = options.Data == SyntheticShapes.Name ? "making" : "reading";
        ImageSource source = OpenCached(options, split) ?? Open(options, split, options.Size);
        ImageSet images = Skipping(
            ref source, found => display.WithBar(bar => found.Load(Counter(bar, verb), cancellation)));
        // Some sources ignore the cancellation; stop here, before anything is written.
        cancellation.ThrowIfCancellationRequested();
        return images;
    }

    /// <summary>Loads the training and the test split; the error names the damaged images of both.</summary>
    /// <exception cref="InputException">The images are missing, damaged or unusable.</exception>
    public (ImageSet Train, ImageSet Test) LoadForTraining(TrainingOptions options)
    {
        try
        {
            return (Load(options, Split.Train), Load(options, Split.Test));
        }
        catch (DamagedImagesException) when (!skipsDamaged)
        {
            if (_folder is { Store: { } store, Listing: var listing }) ThrowIfDamaged(store, listing.Entries);
            // The error names those of one split alone.
            Check(Open(options, Split.Train, options.Size), Open(options, Split.Test, options.Size));
            throw;
        }
    }

    /// <summary>
    /// Finds a split; each image is read when it is needed. Downloads CIFAR-10 if it is not on this machine.
    /// </summary>
    /// <exception cref="InputException">The images are missing, damaged or unusable.</exception>
    public ImageSource Open(TrainingOptions options, Split split, ImageSize size)
    {
        Prepare(options);
        ImageSource source = display.WithBar(bar =>
        {
            bar.Report(new BarState(null, "looking for images ..."));
            return DataSource.Open(options.Data, options.DataDir, split, size, options.Model.Channels, cancellation);
        });
        return WithoutSkipped(source, options);
    }

    private ImageSource WithoutSkipped(ImageSource source, TrainingOptions options)
    {
        if (source.LeftAlone is { } note && note != _leftAlone) display.Line($"{options.Data}: {note}");
        _leftAlone = source.LeftAlone;
        if (_skipped.Count == 0) return source;
        ImageSource usable = source.Without(_skipped);
        _skippedHere.AddRange(Enumerable.Range(0, source.Count).Select(source.NameOf).Intersect(_skipped));
        if (usable.Count < source.Count)
            display.Line(
                $"{source.Name}: {source.Count - usable.Count} of {source.Count} images left out, as in the run");
        return usable;
    }

    /// <summary>
    /// A split of a folder of more images than are held in memory, from its store in the cache folder, which is made if
    /// need be; null for other data.
    /// </summary>
    private ImageSource? OpenCached(TrainingOptions options, Split split)
    {
        if (options.Data is SyntheticShapes.Name or Cifar10.Name || !Directory.Exists(options.Data)) return null;
        (ImageSize size, int channels) = (options.Size, options.Model.Channels);
        FolderListing listing = _folder?.Listing ?? ImageFolder.List(options.Data, cancellation);
        _folder ??= (listing, null);
        if (!StoreCache.Exceeds(listing, size, channels, options.Cache ?? StoreCache.UsualLimit)) return null;
        ImageStore store = _folder?.Store ?? display.WithBar(bar => StoreCache.Open(
            CacheFolder.Find(), new FolderPackSource(listing, size, channels), Begin, Wait,
            new PackDisplay(display, bar), cancellation));
        _folder = (listing, store);
        ThrowIfDamaged(store, listing.Entries.Where(entry => split == Split.All || entry.Split == split));
        return WithoutSkipped(store.Images(split, listing.Folder, listing.LeftAlone), options);

        void Begin(string path) => display.Line(
            $"{options.Data}: {listing.Entries.Count} images of {size} are more than --cache "
            + $"{ByteCounts.Format(options.Cache ?? StoreCache.UsualLimit)}; packing them into {path}");

        void Wait(string path) => display.Line($"{options.Data}: waiting for another process, which uses {path}");
    }

    /// <summary>
    /// Notes the images that were left out of a store because they cannot be read, or throws, as for a folder.
    /// </summary>
    private void ThrowIfDamaged(ImageStore store, IEnumerable<FolderEntry> entries)
    {
        Dictionary<string, string> reasons = store.LeftOut
            .Where(image => !_skipped.Contains(image.Name)).ToDictionary(image => image.Name, image => image.Reason);
        if (reasons.Count == 0) return;
        int tried = 0;
        List<(string Name, InputException Reason)> damaged = [];
        foreach (FolderEntry entry in entries)
        {
            tried++;
            if (reasons.TryGetValue(entry.Path, out string? reason))
                damaged.Add((entry.Path, new InputException(reason)));
        }
        if (damaged.Count == 0) return;
        if (!skipsDamaged) throw new DamagedImagesException(tried, damaged);
        display.Line($"{store.Path}: {damaged.Count} of {tried} images cannot be read and are left out");
        _skipped.AddRange(damaged.Select(image => image.Name));
        _skippedHere.AddRange(damaged.Select(image => image.Name));
    }

    /// <summary>Reads the first images of a source.</summary>
    /// <exception cref="DamagedImagesException">Some images are damaged, and skipping is off.</exception>
    public byte[][] ReadFirst(ImageSource source, int count) =>
        Skipping(ref source, found => found.Read(0, Math.Min(count, found.Count), cancellation: cancellation));

    /// <summary>The source without its damaged images if skipping is on; otherwise the source unchanged.</summary>
    public ImageSource Usable(ImageSource source)
    {
        if (skipsDamaged)
        {
            Skipping(ref source, found => Check(found));
        }
        return source;
    }

    private bool Check(params ImageSource[] sources) => display.WithBar(bar =>
    {
        ImageSource.Check(sources, Counter(bar, "checking"), cancellation);
        return true;
    });

    // Repeats the work without the damaged images: ReadFirst then reads further ones, which may be damaged too.
    private T Skipping<T>(ref ImageSource source, Func<ImageSource, T> work)
    {
        while (true)
        {
            try
            {
                return work(source);
            }
            catch (DamagedImagesException e) when (skipsDamaged)
            {
                display.Line(
                    $"{source.Name}: {e.Names.Count} of {source.Count} images cannot be read and are left out");
                _skipped.AddRange(e.Names);
                _skippedHere.AddRange(e.Names);
                source = source.Without(e.Names);
            }
        }
    }

    private static ImmediateProgress<int> Counter(ProgressBar bar, string verb) =>
        new(count => bar.Report(new BarState(null, $"{verb} images: {count}")));

    private void Prepare(TrainingOptions options)
    {
        // Another size is refused later, so there is no need to download.
        if (options.Data == Cifar10.Name && options.Size == Cifar10.Size) FindCifar10(options.DataDir);
        if (options.Data is not (Cifar10.Name or SyntheticShapes.Name) && !ImageStore.IsStore(options.Data)
            && !Directory.Exists(options.Data))
            throw new InputException(
                $"--data {options.Data}: there is no such folder; "
                + $"give {SyntheticShapes.Name}, {Cifar10.Name}, a folder of images or a file of tessera data pack");
    }

    /// <summary>
    /// The folder that holds CIFAR-10. If no search folder holds it, it is downloaded to the first one.
    /// </summary>
    /// <exception cref="InputException">CIFAR-10 was not found and cannot be downloaded.</exception>
    public string FindCifar10(string? dataDir)
    {
        DataSearch search = Cifar10.Find(dataDir);
        if (search.Folder is { } folder) return folder;
        string target = search.Places[0];
        display.Line($"CIFAR-10 is not in {string.Join(" or ", search.Places)}; downloading it to {target}");
        string batches = display.WithBar(bar =>
            CifarDownload.RunAsync(target, progress: Download(bar), cancellation: cancellation)
                .GetAwaiter().GetResult());
        display.Line($"the MD5 checksum is correct; unpacked to {batches}");
        return target;
    }

    private ImmediateProgress<DownloadProgress> Download(ProgressBar bar)
    {
        const double Megabyte = 1e6;
        int lastTenth = -1;
        return new ImmediateProgress<DownloadProgress>(progress =>
        {
            double? fraction = (double)progress.Received / progress.Total;
            int tenth = (int)((fraction ?? 0) * 10);
            string of = progress.Total is { } total ? $" of {total / Megabyte:0}" : "";
            string text = $"{progress.Received / Megabyte:0}{of} MB";
            bar.Report(new BarState(fraction, text));
            if (display.IsTerminal || tenth == lastTenth) return;
            lastTenth = tenth;
            display.Line(text);
        });
    }
}
