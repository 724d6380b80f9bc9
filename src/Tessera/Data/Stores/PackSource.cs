using Tessera.Imaging;
using Tessera.Tensors.IO;
using static System.FormattableString;

namespace Tessera.Data.Stores;

/// <summary>An image on its way into a store.</summary>
/// <param name="Name">Its name, by which it is known again.</param>
/// <param name="ClassName">Its class.</param>
/// <param name="Split">Its split; <see cref="Split.All"/> for neither.</param>
/// <param name="Read">Decodes it, <c>[height, width, channels]</c>; called on any thread.</param>
internal readonly record struct PackEntry(string Name, string ClassName, Split Split, Func<byte[]> Read)
{
    /// <summary>The classes that must come before its own one if that is new, so that labels are the source's.</summary>
    public IEnumerable<string>? ClassesBefore { get; init; }

    /// <summary>Bytes of the encoded image that are in memory until it is decoded.</summary>
    public long Held { get; init; }
}

/// <summary>Images to be packed, in the order in which they will lie in the store.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Size">Their height and width.</param>
/// <param name="Channels">1 or 3.</param>
internal abstract record PackSource(string Name, ImageSize Size, int Channels)
{
    /// <summary>The images of a folder, or of one or more files of many images.</summary>
    /// <param name="path">A folder of images, a file, or a folder of such files.</param>
    /// <param name="size">The images' height and width.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="cancellation">Stops the search.</param>
    /// <exception cref="InputException">There are none, or of more than one kind.</exception>
    public static PackSource Find(string path, ImageSize size, int channels, CancellationToken cancellation)
    {
        bool isFile = File.Exists(path);
        string root = isFile ? Path.GetDirectoryName(Path.GetFullPath(path))! : path;
        ImageWalk found = isFile
            ? new ImageWalk([], [], [Path.GetFileName(path)]) : ImageWalk.Below(path, cancellation);
        string[] archives = [.. found.Others.Where(TarPackSource.Reads)];
        string[] tables = [.. found.Others.Where(ParquetPackSource.Reads)];
        ThrowIfMixed(path, ("image", found.Paths), ("tar archive", archives), ("Parquet file", tables));
        return archives.Length > 0 ? new TarPackSource(root, archives, size, channels)
            : tables.Length > 0 ? new ParquetPackSource(root, tables, size, channels)
            : found.Paths.Count > 0 ? new FolderPackSource(ImageFolder.List(path, found), size, channels)
            : throw new InputException(
                $"{path} is no folder of images, tar archive or Parquet file, and holds none; name one of them");
    }

    // One of the kinds may be a stray file, and only the user knows which.
    private static void ThrowIfMixed(string path, params (string Kind, IReadOnlyList<string> Paths)[] kinds)
    {
        string[] held =
        [
            .. kinds.Where(kind => kind.Paths.Count > 0)
                .Select(kind => Invariant($"{kind.Paths.Count} {kind.Kind}{Listed(kind.Paths)}")),
        ];
        if (held.Length > 1)
            throw new InputException(
                $"{path} holds {string.Join(" and ", held)}; name one of the files, or a folder of one kind, or move "
                + "what is not to be packed elsewhere");

        static string Listed(IReadOnlyList<string> paths) => paths.Count == 1
            ? $" ({Printable.OneLine(paths[0])})" : $"s ({Printable.OneLine(paths[0])}, ...)";
    }

    /// <summary>The classes that come first, in this order; others follow as they are met.</summary>
    public virtual IReadOnlyList<string> ClassNames => [];

    /// <summary>The part of the images that was passed on, 0 to 1; null if it is unknown.</summary>
    public abstract double? Fraction { get; }

    /// <summary>The files of other kinds; null if there are none.</summary>
    public virtual string? LeftAlone => null;

    /// <summary>The splits that its files are, as one line; null if it is no source of such files.</summary>
    public virtual string? Splits => null;

    /// <summary>The images. Each <see cref="PackEntry.Read"/> may be called at any later time.</summary>
    public abstract IEnumerable<PackEntry> Entries(CancellationToken cancellation);
}

/// <summary>A folder of images, with the splits, classes and order of <see cref="ImageFolder"/>.</summary>
internal sealed record FolderPackSource(FolderListing Listing, ImageSize Size, int Channels)
    : PackSource(Listing.Folder, Size, Channels)
{
    private int _passed;

    public override IReadOnlyList<string> ClassNames => Listing.Classes;

    public override double? Fraction => (double)_passed / Listing.Entries.Count;

    public override string? LeftAlone => Listing.LeftAlone;

    public override IEnumerable<PackEntry> Entries(CancellationToken cancellation)
    {
        _passed = 0;
        var reader = new ImageReader([], Size, Channels);
        foreach (FolderEntry entry in Listing.Entries)
        {
            _passed++;
            string path = Path.Combine(Listing.Folder, entry.Path);
            yield return new PackEntry(entry.Path, entry.Class, entry.Split, () => reader.Read(path));
        }
    }
}

/// <summary>Images of any source, all of one split.</summary>
internal sealed record ImagesPackSource(ImageSource Images, Split Split)
    : PackSource(Images.Name, Images.Size, Images.Channels)
{
    private int _passed;

    public override IReadOnlyList<string> ClassNames => Images.ClassNames;

    public override double? Fraction => (double)_passed / Images.Count;

    public override IEnumerable<PackEntry> Entries(CancellationToken cancellation)
    {
        _passed = 0;
        for (int i = 0; i < Images.Count; i++)
        {
            int number = i;
            _passed++;
            yield return new PackEntry(
                Images.NameOf(i), Images.ClassNames[Images.Labels[i]], Split, () => Images.Read(number));
        }
    }
}
