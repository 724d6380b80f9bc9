using Tessera.Files;

namespace Tessera.Studio.Runs;

/// <summary>
/// Keeps what is read inside the folders that the user named. A link in a run folder could lead to any file of the
/// user's.
/// </summary>
internal static class Confinement
{
    /// <summary>Whether an entry below a folder is no link, or one that stays inside the folder.</summary>
    /// <param name="path">The full path of the entry; it need not exist.</param>
    /// <param name="root">The folder's full path, which may itself be a link.</param>
    public static bool IsInside(string path, string root)
    {
        string relative = Path.GetRelativePath(root, path);
        if (relative == ".") return true;
        if (Path.IsPathRooted(relative) || relative.Split(Path.DirectorySeparatorChar)[0] == "..") return false;
        string at = root;
        foreach (string part in relative.Split(Path.DirectorySeparatorChar))
        {
            at = Path.Combine(at, part);
            FileSystemInfo entry = Directory.Exists(at) ? new DirectoryInfo(at) : new FileInfo(at);
            if (entry.LinkTarget is not null && !LeadsInside(entry, root)) return false;
        }
        return true;
    }

    private static bool LeadsInside(FileSystemInfo link, string root)
    {
        try
        {
            string real = Directory.Exists(root) && new DirectoryInfo(root).ResolveLinkTarget(true) is { } target
                ? target.FullName
                : root;
            // Null where the target is missing: such a link leads nowhere.
            return link.ResolveLinkTarget(returnFinalTarget: true) is { } end
                && (IsBelow(end.FullName, root) || IsBelow(end.FullName, real));
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            // A circle of links.
            return false;
        }
    }

    private static bool IsBelow(string path, string folder) => path.StartsWith(
        Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
