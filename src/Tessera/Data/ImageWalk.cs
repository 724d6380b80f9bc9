using Tessera.Files;
using Tessera.Imaging;

namespace Tessera.Data;

/// <summary>The images below a folder.</summary>
/// <param name="Folders">The names of the folders directly inside.</param>
/// <param name="Paths">
/// The relative paths of all images, with '/' as separator on every system, in ordinal order.
/// </param>
/// <param name="Others">Those of all other files, except hidden ones, in the same order.</param>
internal sealed record ImageWalk(List<string> Folders, List<string> Paths, List<string> Others)
{
    private const int ListedEndings = 5;

    /// <summary>"3 other files left alone (.db, .txt)"; null if there are no others.</summary>
    public string? DescribeOthers()
    {
        if (Others.Count == 0) return null;
        string[] endings =
        [
            .. Others.Select(path => Path.GetExtension(path) is { Length: > 0 } ending ? ending : "no ending")
                .Order(StringComparer.Ordinal).Distinct(StringComparer.OrdinalIgnoreCase),
        ];
        string listed = string.Join(", ", endings.Take(ListedEndings))
            + (endings.Length > ListedEndings ? ", ..." : "");
        return $"{Others.Count} other {(Others.Count == 1 ? "file" : "files")} left alone ({listed})";
    }

    /// <summary>Whether a folder of this name, in any letter case, is directly inside.</summary>
    public bool HasFolder(string name) => Folders.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Finds all images in the folder and below it.</summary>
    /// <exception cref="InputException">The folder is missing, or something in it cannot be read.</exception>
    public static ImageWalk Below(string folder, CancellationToken cancellation)
    {
        if (!Directory.Exists(folder))
            throw new InputException($"there is no folder {folder}; name the folder that holds the images");
        var root = new DirectoryInfo(folder);
        List<string> paths = [], others = [];
        try
        {
            Walk(root, "", RealPath(root, ""), [], paths, others, cancellation);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(folder, e);
        }
        paths.Sort(StringComparer.Ordinal);
        others.Sort(StringComparer.Ordinal);
        return new ImageWalk(
            [.. FileErrors.List(folder, place => place.EnumerateDirectories()).Select(below => below.Name)],
            paths, others);
    }

    // `ancestors` holds the real paths of the parent folders, to detect cycles of links.
    private static void Walk(
        DirectoryInfo folder, string prefix, string realPath, HashSet<string> ancestors, List<string> paths,
        List<string> others, CancellationToken cancellation)
    {
        if (!ancestors.Add(realPath)) return;
        foreach (FileSystemInfo entry in FileErrors.List(folder.FullName, place => place.EnumerateFileSystemInfos()))
        {
            cancellation.ThrowIfCancellationRequested();
            if (entry.Name.StartsWith('.')) continue;
            if (entry is DirectoryInfo below)
                Walk(
                    below, $"{prefix}{below.Name}/", RealPath(below, realPath), ancestors, paths, others, cancellation);
            else if (ImageFile.IsImage(entry.Name))
                paths.Add(prefix + entry.Name);
            else
                others.Add(prefix + entry.Name);
        }
        ancestors.Remove(realPath);
    }

    private static string RealPath(DirectoryInfo folder, string realParent) =>
        folder.ResolveLinkTarget(returnFinalTarget: true)?.FullName
        ?? (realParent.Length == 0 ? folder.FullName : Path.Combine(realParent, folder.Name));
}
