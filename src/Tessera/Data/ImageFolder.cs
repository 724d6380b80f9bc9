using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Tessera.Imaging;

namespace Tessera.Data;

/// <summary>
/// A folder of images, of any depth. An image's class is the first folder on its path. If the folder contains both
/// <c>train/</c> and <c>test/</c>, they are the splits, and the class is the first folder below them. Otherwise about a
/// tenth of the images, chosen by a hash of their relative paths, is the test split. The order of the images (by
/// relative path, compared as UTF-16), the classes (in the same order) and the splits are the same on every system.
/// </summary>
/// <remarks>
/// Files and folders whose names begin with a dot are skipped. Links to folders are followed, but cycles are not.
/// </remarks>
public static class ImageFolder
{
    /// <summary>The class of images that are in no class folder.</summary>
    public const string Unlabelled = "unlabelled";

    private const int HeldOutOneIn = 10;

    /// <summary>Loads a split into memory; see <see cref="Open"/>.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="split">The split to load; <see cref="Split.All"/> for every image.</param>
    /// <param name="size">
    /// The target size. With <see cref="ImageSize.Native"/> the images are only cropped, and must then all have
    /// the same size.
    /// </param>
    /// <param name="channels">1 (grey) or 3 (red, green, blue).</param>
    /// <param name="progress">Receives the number of images decoded so far; called from several threads.</param>
    /// <param name="cancellation">Stops loading.</param>
    /// <exception cref="InputException">
    /// The folder is missing, unreadable or without images, the split is empty, images are damaged
    /// (<see cref="DamagedImagesException"/>), or they do not fit into memory.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A size is out of its range.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static ImageSet Load(
        string folder, Split split, ImageSize size, int channels = 3,
        IProgress<int>? progress = null, CancellationToken cancellation = default) =>
        Open(folder, split, size, channels, cancellation).Load(progress, cancellation);

    /// <summary>
    /// Opens a split. Each image is scaled and centre-cropped to <paramref name="size"/> when it is read. The classes
    /// are those of the whole folder, so labels mean the same in every split.
    /// </summary>
    /// <inheritdoc cref="Load"/>
    /// <exception cref="InputException">
    /// The folder is missing, unreadable or without images, or the split is empty.
    /// </exception>
    public static ImageSource Open(
        string folder, Split split, ImageSize size, int channels = 3, CancellationToken cancellation = default)
    {
        FolderListing found = List(folder, cancellation);
        FolderEntry[] chosen = [.. found.Entries.Where(entry => split == Split.All || entry.Split == split)];
        if (chosen.Length == 0) throw EmptySplit(folder, split, found.Entries.Count, found.HasSplits);

        int[] labels =
            [.. chosen.Select(entry => Array.BinarySearch(found.Classes, entry.Class, StringComparer.Ordinal))];
        string[] paths = [.. chosen.Select(entry => entry.Path)];
        var reader = new ImageReader([.. paths.Select(path => Path.Combine(folder, path))], size, channels);
        return new ImageSource(
            SplitNames.NameOf(folder, split), reader.Size, channels, labels, found.Classes,
            i => reader.Read(Path.Combine(folder, paths[i])), paths)
        { LeftAlone = found.LeftAlone };
    }

    /// <summary>Finds the images of a folder, in order, with their classes and splits.</summary>
    /// <exception cref="InputException">The folder is missing, unreadable or without images.</exception>
    internal static FolderListing List(string folder, CancellationToken cancellation) =>
        List(folder, ImageWalk.Below(folder, cancellation));

    /// <summary>The images that were found in a folder, with their classes and splits.</summary>
    /// <exception cref="InputException">There are none.</exception>
    internal static FolderListing List(string folder, ImageWalk found)
    {
        bool hasSplits = found.HasFolder("train") && found.HasFolder("test");
        List<FolderEntry> entries = found.Paths.ConvertAll(path => Classify(path, hasSplits));
        if (entries.Count == 0)
        {
            throw new InputException(
                $"{folder} holds no images; put some into it ({ImageFile.ExtensionList}), or name another folder");
        }
        string[] classes = [.. entries.Select(entry => entry.Class).Distinct().Order(StringComparer.Ordinal)];
        return new FolderListing(folder, entries, classes, hasSplits, found.DescribeOthers());
    }

    /// <summary>
    /// Whether an image belongs to the held-out tenth: whether the first 8 bytes of its path's SHA-256, read as a
    /// little-endian number, are a multiple of 10.
    /// </summary>
    /// <param name="relativePath">The path relative to the folder, with '/' as separator.</param>
    internal static bool IsHeldOut(string relativePath)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(relativePath), hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash) % HeldOutOneIn == 0;
    }

    private static FolderEntry Classify(string path, bool hasSplits)
    {
        Split? splitFolder = hasSplits ? SplitFolder(path) : null;
        string[] parts = path.Split('/');
        int classAt = splitFolder is null ? 0 : 1;
        Split split = hasSplits ? splitFolder ?? Split.All : IsHeldOut(path) ? Split.Test : Split.Train;
        return new FolderEntry(path, parts.Length > classAt + 1 ? parts[classAt] : Unlabelled, split);
    }

    private static Split? SplitFolder(string path) =>
        path.StartsWith("train/", StringComparison.OrdinalIgnoreCase) ? Split.Train
        : path.StartsWith("test/", StringComparison.OrdinalIgnoreCase) ? Split.Test
        : null;

    private static InputException EmptySplit(string folder, Split split, int count, bool hasSplits) => new(
        (hasSplits, split) switch
        {
            (true, _) => $"{Path.Combine(folder, split.Name())} holds no images; " +
                "put some into it",
            (false, Split.Test) => $"{folder} has too few images ({count}): none is in the test split (a tenth); " +
                "add some, or sort them into train/ and test/",
            _ => $"{folder} has too few images ({count}): all are in the test split; " +
                "add some, or sort them into train/ and test/",
        })
    { Option = nameof(split), Value = Split.All.Name() };
}

/// <summary>An image of a folder.</summary>
/// <param name="Path">Its path relative to the folder, with '/' as separator.</param>
/// <param name="Class">Its class.</param>
/// <param name="Split">Its split; <see cref="Split.All"/> marks an image outside train/ and test/.</param>
internal readonly record struct FolderEntry(string Path, string Class, Split Split);

/// <summary>The images of a folder.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Entries">The images, in ordinal order of their paths; at least one.</param>
/// <param name="Classes">The names of their classes, in ordinal order.</param>
/// <param name="HasSplits">Whether the folder contains train/ and test/.</param>
/// <param name="LeftAlone">The files of other kinds; null if there are none.</param>
internal sealed record FolderListing(
    string Folder, List<FolderEntry> Entries, string[] Classes, bool HasSplits, string? LeftAlone);
