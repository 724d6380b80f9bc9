using Tessera.Files;
using Tessera.Imaging;

namespace Tessera.Data.Stores;

/// <summary>How images are packed.</summary>
public sealed record PackOptions
{
    /// <summary>The height and width that images are scaled and centre-cropped to; not native.</summary>
    public ImageSize Size { get; init; } = 32;

    /// <summary>1 (grey) or 3 (red, green, blue).</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Whether images that cannot be read are left out; otherwise they are an error.</summary>
    public bool SkipDamaged { get; init; }

    /// <summary>About as many bytes of images are in a block, which is written and found again as a whole.</summary>
    internal int BlockLength { get; init; } = StoreFormat.UsualBlockLength;

    /// <summary>About as many bytes of encoded images are in memory, and one image more.</summary>
    internal long MostHeld { get; init; } = 256L << 20;

    /// <summary>
    /// Of the files that a cached store is made of; else 0. In the cache, an image whose file cannot be read ends
    /// packing, since one that is left out stays out until the files change; only damaged ones are left out.
    /// </summary>
    internal UInt128 Fingerprint { get; init; }
}

/// <summary>How far packing is.</summary>
/// <param name="Images">Images looked at in this call, including those that the store holds already.</param>
/// <param name="Fraction">The part that is done, 0 to 1; null if it is unknown.</param>
public readonly record struct PackProgress(int Images, double? Fraction);

/// <summary>What packing did.</summary>
/// <param name="Added">Images added.</param>
/// <param name="Present">Images of a name that the store held already; they were not read.</param>
/// <param name="LeftOut">The names of the images that cannot be read, of this call.</param>
/// <param name="LeftAlone">The files of other kinds: "3 other files left alone (.db, .txt)"; null for none.</param>
public sealed record PackResult(int Added, int Present, IReadOnlyList<string> LeftOut, string? LeftAlone)
{
    /// <summary>
    /// The splits that files of many images are: "train-0.tar and 1 more: to train on; test-0.tar: to test on"; null
    /// for a folder of images.
    /// </summary>
    public string? Splits { get; init; }
}

/// <summary>
/// Decodes images once and adds them to an <see cref="ImageStore"/>. An image whose name the store holds is not added
/// again, so packing that was interrupted, in whatever way, is repeated to be continued; the store then has the same
/// bytes as if it had not been.
/// </summary>
/// <example><code>
/// ImagePacker.Pack("photos", "photos.tpk", new PackOptions { Size = 64 });
/// using ImageStore store = ImageStore.Open("photos.tpk");
/// </code></example>
public static class ImagePacker
{
    private const int MostAtOnce = 256;

    /// <summary>
    /// Packs a folder of images (see <see cref="ImageFolder"/>), or tar archives or Parquet files of images.
    /// </summary>
    /// <param name="source">The folder, a file, or a folder of such files.</param>
    /// <param name="path">The store; created if there is none.</param>
    /// <param name="options">How to pack.</param>
    /// <param name="progress">Receives the progress.</param>
    /// <param name="cancellation">Stops packing; whole blocks stay.</param>
    /// <exception cref="DamagedImagesException">
    /// Some images cannot be read, and they are not to be left out. The whole blocks before the first of them stay; all
    /// images were tried.
    /// </exception>
    /// <exception cref="InputException">The source cannot be read, or the store cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static PackResult Pack(
        string source, string path, PackOptions options, IProgress<PackProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        PackSource images = PackSource.Find(source, options.Size, options.Channels, cancellation);
        return Pack(images, path, options, progress, cancellation);
    }

    /// <summary>Packs the images of a source, with its size and channels, as one split.</summary>
    /// <param name="images">The images.</param>
    /// <param name="split">The split that they are; <see cref="Split.All"/> for neither.</param>
    /// <param name="path">The store; created if there is none.</param>
    /// <param name="options">How to pack; its size and channels are not used.</param>
    /// <param name="progress">Receives the progress.</param>
    /// <param name="cancellation">Stops packing; whole blocks stay.</param>
    /// <inheritdoc cref="Pack(string, string, PackOptions, IProgress{PackProgress}?, CancellationToken)"/>
    public static PackResult Pack(
        ImageSource images, Split split, string path, PackOptions? options = null,
        IProgress<PackProgress>? progress = null, CancellationToken cancellation = default) =>
        Pack(new ImagesPackSource(images, split), path, options ?? new PackOptions(), progress, cancellation);

    internal static PackResult Pack(
        PackSource source, string path, PackOptions options, IProgress<PackProgress>? progress,
        CancellationToken cancellation)
    {
        long imageLength = (long)source.Size.Height * source.Size.Width * source.Channels;
        var header = new StoreHeader(
            source.Size, source.Channels, (int)Math.Max(1, options.BlockLength / Math.Max(imageLength, 1)),
            options.Fingerprint);
        InputException.ThrowUnless(header.IsValid, nameof(options.Size), $"{source.Size} is too large for a store");
        using var writer = new StoreWriter(path, header);
        foreach (string name in source.ClassNames) writer.LabelOf(name);
        int added = 0, looked = 0;
        List<(string Name, InputException Reason)> damaged = [];
        // Enough for all processors, and decoded no more than a block.
        int atOnce = Math.Max(Math.Min(header.ImagesPerBlock, MostAtOnce), Environment.ProcessorCount);
        foreach (List<PackEntry> entries in Chunks(source.Entries(cancellation), atOnce, options.MostHeld))
        {
            cancellation.ThrowIfCancellationRequested();
            PackEntry[] news = [.. entries.Where(entry => !writer.Holds(entry.Name))];
            (byte[]? Pixels, InputException? Reason)[] read = Read(news, cancellation);
            for (int i = 0; i < news.Length; i++)
            {
                if (read[i].Reason is { } reason)
                {
                    if (header.IsCached && FileErrors.IsCauseOf(reason)) throw reason;
                    damaged.Add((news[i].Name, reason));
                }
                if (damaged.Count > 0 && !options.SkipDamaged) continue;
                if (read[i].Pixels is not null && !writer.HasClass(news[i].ClassName))
                    foreach (string name in news[i].ClassesBefore ?? []) writer.LabelOf(name);
                if (read[i].Pixels is { } pixels)
                    added += writer.Add(news[i].Name, news[i].ClassName, news[i].Split, pixels) ? 1 : 0;
                else
                    writer.LeaveOut(news[i].Name, read[i].Reason!.Message);
            }
            looked += entries.Count;
            progress?.Report(new PackProgress(looked, source.Fraction));
        }
        if (damaged.Count > 0 && !options.SkipDamaged) throw new DamagedImagesException(looked, damaged);
        writer.Complete();
        return new PackResult(
            added, looked - added - damaged.Count, [.. damaged.Select(image => image.Name)], source.LeftAlone)
        { Splits = source.Splits };
    }

    /// <summary>Images that are decoded at once: not too many, and not of too many encoded bytes.</summary>
    private static IEnumerable<List<PackEntry>> Chunks(IEnumerable<PackEntry> entries, int most, long mostHeld)
    {
        List<PackEntry> chunk = [];
        long held = 0;
        foreach (PackEntry entry in entries)
        {
            chunk.Add(entry);
            held += entry.Held;
            if (chunk.Count < most && held < mostHeld) continue;
            yield return chunk;
            (chunk, held) = ([], 0);
        }
        if (chunk.Count > 0) yield return chunk;
    }

    private static (byte[]? Pixels, InputException? Reason)[] Read(PackEntry[] entries, CancellationToken cancellation)
    {
        var read = new (byte[]?, InputException?)[entries.Length];
        AllCores.For(0, entries.Length, i =>
        {
            try
            {
                read[i] = (entries[i].Read(), null);
            }
            catch (InputException e) when (e is not NativeSizeException)
            {
                read[i] = (null, e);
            }
        }, cancellation);
        return read;
    }
}
