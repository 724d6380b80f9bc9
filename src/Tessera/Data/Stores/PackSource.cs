using Tessera.Files;
using Tessera.Imaging;

namespace Tessera.Data.Stores;

/// <summary>An image on its way into a store.</summary>
/// <param name="Name">Its name, by which it is known again.</param>
/// <param name="ClassName">Its class.</param>
/// <param name="Split">Its split; <see cref="Split.All"/> for neither.</param>
/// <param name="Read">Decodes it, <c>[height, width, channels]</c>; called on any thread.</param>
internal readonly record struct PackEntry(string Name, string ClassName, Split Split, Func<byte[]> Read);

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
    /// <exception cref="InputException">There are none.</exception>
    public static PackSource Find(string path, ImageSize size, int channels, CancellationToken cancellation)
    {
        bool isFile = File.Exists(path);
        if (!isFile && (!Directory.Exists(path) || HoldsImages(path)))
            return new FolderPackSource(ImageFolder.List(path, cancellation), size, channels);
        string root = isFile ? Path.GetDirectoryName(Path.GetFullPath(path))! : path;
        string[] files = isFile ? [Path.GetFileName(path)] : Shards(path);
        string[] archives = [.. files.Where(TarPackSource.Reads)], tables = [.. files.Where(ParquetPackSource.Reads)];
        return archives.Length > 0 ? new TarPackSource(root, archives, size, channels)
            : tables.Length > 0 ? new ParquetPackSource(root, tables, size, channels)
            : throw new InputException(
                $"{path} is no folder of images, tar archive or Parquet file, and holds none; name one of them");
    }

    private static bool HoldsImages(string folder) => FileErrors.List(
        folder, place => place.EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => ImageFile.IsImage(file.Name)).Take(1)).Count > 0;

    /// <summary>The relative paths of the archives and tables below a folder, with '/', in order.</summary>
    private static string[] Shards(string folder) =>
    [
        .. FileErrors.List(folder, place => place.EnumerateFiles("*", SearchOption.AllDirectories)
                .Where(file => !file.Name.StartsWith('.')))
            .Select(file => Path.GetRelativePath(folder, file.FullName).Replace('\\', '/'))
            .Where(name => TarPackSource.Reads(name) || ParquetPackSource.Reads(name))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The classes that come first, in this order; others follow as they are met.</summary>
    public virtual IReadOnlyList<string> ClassNames => [];

    /// <summary>The classes that must come before a new one, so that labels are what the source says.</summary>
    public virtual IEnumerable<string> ClassesBefore(string className) => [];

    /// <summary>The part of the images that was passed on, 0 to 1; null if it is unknown.</summary>
    public abstract double? Fraction { get; }

    /// <summary>The files of other kinds; null if there are none.</summary>
    public virtual string? LeftAlone => null;

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
        for (int i = 0; i < Images.Count; i++)
        {
            int number = i;
            _passed++;
            yield return new PackEntry(
                Images.NameOf(i), Images.ClassNames[Images.Labels[i]], Split, () => Images.Read(number));
        }
    }
}
