namespace Tessera.Files;

/// <summary>Folders written whole or not at all, such as checkpoints.</summary>
/// <remarks>
/// Works as <see cref="AtomicFile"/>: write a temporary folder beside the target, flush every file, then rename.
/// </remarks>
internal static class AtomicFolder
{
    private const int FlushesAtOnce = 16;

    /// <summary>Writes a folder; creates missing parent folders.</summary>
    /// <param name="path">
    /// The folder. An existing one is replaced as a whole. No system replaces a folder in one step, so the old folder
    /// is renamed first: a process killed between the two renames leaves no folder of that name.
    /// </param>
    /// <param name="write">
    /// Writes the contents into a temporary folder, whose path it receives. If it throws, the target is unchanged and
    /// the temporary folder is deleted.
    /// </param>
    /// <exception cref="InputException">
    /// The folder cannot be written: the disk is full, permission is denied, ...
    /// </exception>
    public static void Write(string path, Action<string> write)
    {
        path = FileErrors.FolderPath(path);
        string temporary = Temporary.Beside(path);
        try
        {
            Directory.CreateDirectory(temporary);
            write(temporary);
            FlushAll(temporary);
            if (Directory.Exists(path)) Replace(path, temporary);
            else Directory.Move(temporary, path);
        }
        catch (Exception e)
        {
            Temporary.Delete(temporary);
            if (FileErrors.IsFileError(e)) throw FileErrors.Writing(path, e);
            throw;
        }
    }

    /// <summary>Checks early that <see cref="Write"/> can write a folder, before its contents are computed.</summary>
    /// <param name="path">The folder; neither it nor its parents need exist.</param>
    /// <exception cref="InputException">A file has that name, or the folder cannot be written.</exception>
    public static void CheckWritable(string path)
    {
        path = FileErrors.FolderPath(path);
        string place = path;
        while (Path.GetDirectoryName(place) is { } above)
        {
            place = above;
            if (Path.Exists(place)) break;
        }
        string temporary = Temporary.Beside(Path.Combine(place, "any"));
        try
        {
            Directory.CreateDirectory(temporary);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Writing(path, e);
        }
        Temporary.Delete(temporary);
    }

    /// <summary>
    /// Checks that <see cref="Write"/> can write a folder without destroying other data: the folder is missing or
    /// empty, or it holds earlier output of the same kind.
    /// </summary>
    /// <param name="path">The folder; neither it nor its parents need exist.</param>
    /// <param name="kind">The kind of output, for the message: "a report".</param>
    /// <param name="isOwn">Whether all entries of a non-empty folder are of that kind.</param>
    /// <exception cref="InputException">
    /// A file has that name, the folder holds something else, or it cannot be written.
    /// </exception>
    public static void CheckReplaceable(string path, string kind, Func<IReadOnlyList<FileSystemInfo>, bool> isOwn)
    {
        CheckWritable(path);
        string full = FileErrors.FolderPath(path);
        if (!Directory.Exists(full)) return;
        IReadOnlyList<FileSystemInfo> entries = FileErrors.List(full, folder => folder.EnumerateFileSystemInfos());
        if (entries.Count > 0 && !isOwn(entries))
            throw new InputException($"{path} holds something other than {kind}; choose another folder");
    }

    /// <summary>
    /// Deletes leftovers of crashed processes in <paramref name="parent"/>: temporary files and folders of this class
    /// and of <see cref="AtomicFile"/> whose process has ended. Call it before this process writes there.
    /// </summary>
    /// <param name="parent">The folder that holds the targets; it may be missing.</param>
    /// <exception cref="InputException">The folder cannot be listed.</exception>
    public static void CleanUp(string parent)
    {
        parent = FileErrors.FolderPath(parent);
        if (!Directory.Exists(parent)) return;
        foreach (FileSystemInfo entry in FileErrors.List(parent, folder => folder.EnumerateFileSystemInfos()))
            if (Temporary.IsStale(entry.Name)) Temporary.Delete(entry.FullName);
    }

    /// <summary>Flushes in parallel: a disk combines the flushes, which is faster than one after another.</summary>
    private static void FlushAll(string folder) => Parallel.ForEachAsync(
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories),
        new ParallelOptions { MaxDegreeOfParallelism = FlushesAtOnce },
        (file, _) =>
        {
            Flush(file);
            return ValueTask.CompletedTask;
        }).GetAwaiter().GetResult();

    private static void Flush(string file)
    {
        // Windows flushes only through a writable handle.
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(handle);
    }

    private static void Replace(string path, string temporary)
    {
        string old = Temporary.Beside(path);
        Directory.Move(path, old);
        try
        {
            Directory.Move(temporary, path);
        }
        catch
        {
            Directory.Move(old, path);
            throw;
        }
        Temporary.Delete(old);
    }
}
