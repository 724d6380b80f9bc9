namespace Tessera.Files;

/// <summary>One-line messages for file system errors: what failed, for which path, why, and how to fix it.</summary>
internal static class FileErrors
{
    /// <summary>True for exceptions of the file system; the other methods expect these.</summary>
    public static bool IsFileError(Exception e) => e is IOException or UnauthorizedAccessException;

    /// <summary>True if a file system error is behind an error: the file may be sound, and read later.</summary>
    public static bool IsCauseOf(InputException e) => e.InnerException is { } cause && IsFileError(cause);

    /// <summary>The error for a path that could not be written.</summary>
    public static InputException Writing(string path, Exception e) => new($"cannot write {path}: {Reason(path, e)}", e);

    /// <summary>The error for a path that could not be read.</summary>
    public static InputException Reading(string path, Exception e) => new($"cannot read {path}: {Reason(path, e)}", e);

    /// <summary>Lists the entries of a folder completely.</summary>
    /// <exception cref="InputException">It cannot be listed.</exception>
    public static IReadOnlyList<T> List<T>(string folder, Func<DirectoryInfo, IEnumerable<T>> list)
    {
        try
        {
            return [.. list(new DirectoryInfo(folder))];
        }
        catch (Exception e) when (IsFileError(e))
        {
            throw Listing(folder, e);
        }
    }

    /// <summary>The error for a folder that could not be listed.</summary>
    public static InputException Listing(string folder, Exception e) => e is UnauthorizedAccessException
        ? new($"cannot read the folder {folder}: permission is denied; change the permissions or choose another", e)
        : Reading(folder, e);

    /// <summary>True if another process, or another part of this process, has locked the file.</summary>
    public static bool IsInUse(IOException e)
    {
        const int Sharing = unchecked((int)0x80070020);
        int wouldBlock = OperatingSystem.IsWindows() ? Sharing : OperatingSystem.IsLinux() ? 11 : 35;
        return e.HResult == wouldBlock;
    }

    /// <summary>The absolute form of a user's path to a file.</summary>
    /// <exception cref="InputException">The text is not a path, or a folder has that name.</exception>
    public static string FilePath(string path)
    {
        path = FullPath(path);
        return Directory.Exists(path) ? throw Taken(path, "folder") : path;
    }

    /// <summary>The absolute form of a user's path to a folder, without a trailing separator.</summary>
    /// <exception cref="InputException">The text is not a path, or a file has that name.</exception>
    public static string FolderPath(string path)
    {
        path = Path.TrimEndingDirectorySeparator(FullPath(path));
        return File.Exists(path) ? throw Taken(path, "file") : path;
    }

    private static string FullPath(string path)
    {
        try
        {
            return Path.GetFullPath(path);
        }
        catch (ArgumentException e)
        {
            throw new InputException("a file name is empty or holds a null character; give another", e);
        }
    }

    private static InputException Taken(string path, string kind) =>
        new($"cannot write {path}: there is a {kind} of that name; choose another name or remove it");

    private static string Reason(string path, Exception e) => e switch
    {
        PathTooLongException => "the path is too long; choose a shorter one",
        _ when FileAbove(path) is { } file => $"{file} is a file, not a folder; choose another place",
        DirectoryNotFoundException => "its folder does not exist; create it first or choose another place",
        FileNotFoundException => "there is no such file; check the name",
        UnauthorizedAccessException when Directory.Exists(path) => "it is a folder; name a file",
        UnauthorizedAccessException => "permission is denied; change the permissions or choose another place",
        _ => OperatingSystem.IsWindows() ? WindowsReason(e) : UnixReason(e),
    };

    /// <summary>On Unix the runtime puts the plain errno into HResult.</summary>
    private static string UnixReason(Exception e)
    {
        const int NoSpace = 28, ReadOnlyFileSystem = 30;
        int quota = OperatingSystem.IsLinux() ? 122 : 69;
        return e.HResult switch
        {
            NoSpace => "the disk is full; make room or choose another place",
            ReadOnlyFileSystem => "the file system is read-only; choose another place",
            _ when e.HResult == quota => "the disk quota is used up; make room or choose another place",
            _ => Other(e),
        };
    }

    /// <summary>On Windows HResult is 0x80070000 plus the system's error code.</summary>
    private static string WindowsReason(Exception e)
    {
        const int WriteProtected = 0x13, Sharing = 0x20, Locked = 0x21, HandleDiskFull = 0x27, DiskFull = 0x70;
        return (e.HResult ^ unchecked((int)0x80070000)) switch
        {
            HandleDiskFull or DiskFull => "the disk is full; make room or choose another place",
            WriteProtected => "the disk is write-protected; choose another place",
            Sharing or Locked => "another program has it open; close that program and try again",
            _ => Other(e),
        };
    }

    private static string Other(Exception e) =>
        $"{e.Message.ReplaceLineEndings(" ").TrimEnd('.')}; check the disk or choose another place";

    /// <summary>The file in the path where a folder should be, or null.</summary>
    private static string? FileAbove(string path)
    {
        for (string? above = Path.GetDirectoryName(path); above is not null; above = Path.GetDirectoryName(above))
            if (File.Exists(above)) return above;
        return null;
    }
}
