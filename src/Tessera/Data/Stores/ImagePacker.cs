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

    /// <summary>Of the files that a cached store is made of; else 0.</summary>
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
public sealed record PackResult(int Added, int Present, IReadOnlyList<string> LeftOut, string? LeftAlone);

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
        foreach (PackEntry[] entries in source.Entries(cancellation).Chunk(atOnce))
        {
            cancellation.ThrowIfCancellationRequested();
            PackEntry[] news = [.. entries.Where(entry => !writer.Holds(entry.Name))];
            (byte[]? Pixels, InputException? Reason)[] read = Read(news, cancellation);
            for (int i = 0; i < news.Length; i++)
            {
                if (read[i].Reason is { } reason) damaged.Add((news[i].Name, reason));
                if (damaged.Count > 0 && !options.SkipDamaged) continue;
                if (read[i].Pixels is not null && !writer.HasClass(news[i].ClassName))
                    foreach (string name in source.ClassesBefore(news[i].ClassName)) writer.LabelOf(name);
                if (read[i].Pixels is { } pixels)
                    added += writer.Add(news[i].Name, news[i].ClassName, news[i].Split, pixels) ? 1 : 0;
                else
                    writer.LeaveOut(news[i].Name, read[i].Reason!.Message);
            }
            looked += entries.Length;
            progress?.Report(new PackProgress(looked, source.Fraction));
        }
        if (damaged.Count > 0 && !options.SkipDamaged) throw new DamagedImagesException(looked, damaged);
        writer.Complete();
        return new PackResult(
            added, looked - added - damaged.Count, [.. damaged.Select(image => image.Name)], source.LeftAlone);
    }

    private static (byte[]? Pixels, InputException? Reason)[] Read(PackEntry[] entries, CancellationToken cancellation)
    {
        var read = new (byte[]?, InputException?)[entries.Length];
        Parallel.For(0, entries.Length, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            try
            {
                read[i] = (entries[i].Read(), null);
            }
            catch (InputException e)
            {
                read[i] = (null, e);
            }
        });
        return read;
    }
}
