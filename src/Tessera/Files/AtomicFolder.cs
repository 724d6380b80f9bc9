namespace Tessera.Files;

/// <summary>Folders written whole or not at all: a checkpoint is one.</summary>
/// <remarks>As <see cref="AtomicFile"/>: a temporary beside the target, every file flushed, then a rename.</remarks>
public static class AtomicFolder
{
    private const int FlushesAtOnce = 16;

    /// <summary>Writes a folder; folders above it are created where they are missing.</summary>
    /// <param name="path">
    /// The folder. One that is there is replaced as a whole. No system replaces a folder in one step: it is renamed
    /// away first, so that a process killed between the two renames leaves none of that name.
    /// </param>
    /// <param name="write">
    /// Writes the contents into the temporary folder whose path it is given. If it throws, the target stays as it was,
    /// and nothing else is left behind.
    /// </param>
    /// <exception cref="InputException">The disk is full, the place cannot be written, ...</exception>
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

    /// <summary>Checks that <see cref="Write"/> may write a folder, before time is spent on what it is to hold.</summary>
    /// <param name="path">The folder; neither it nor those above it need exist.</param>
    /// <exception cref="InputException">A file has its name, or the place cannot be written.</exception>
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
    /// Checks that <see cref="Write"/> may write a folder and destroys nothing foreign: there is none, or an empty one, or
    /// one that holds what was written there before.
    /// </summary>
    /// <param name="path">The folder; neither it nor those above it need exist.</param>
    /// <param name="kind">What is written there, for the message: "a report".</param>
    /// <param name="isOwn">Whether the entries of a folder that is not empty are of that kind, all of them.</param>
    /// <exception cref="InputException">
    /// There is a file of that name, the folder holds something else, or the place cannot be written.
    /// </exception>
    public static void CheckReplaceable(string path, string kind, Func<IReadOnlyList<FileSystemInfo>, bool> isOwn)
    {
        CheckWritable(path);
        string full = FileErrors.FolderPath(path);
        if (!Directory.Exists(full)) return;
        IReadOnlyList<FileSystemInfo> entries = FileErrors.List(full, folder => folder.EnumerateFileSystemInfos());
        if (entries.Count > 0 && !isOwn(entries))
            throw new InputException($"{path} holds something else than {kind}; choose another folder for it");
    }

    /// <summary>
    /// Deletes what crashed processes left in <paramref name="parent"/>: temporaries of this class and of
    /// <see cref="AtomicFile"/> whose process has ended. Call it before this process writes there.
    /// </summary>
    /// <param name="parent">The folder that holds the targets; nothing happens where it does not exist.</param>
    /// <exception cref="InputException">The folder cannot be listed.</exception>
    public static void CleanUp(string parent)
    {
        parent = FileErrors.FolderPath(parent);
        if (!Directory.Exists(parent)) return;
        foreach (FileSystemInfo entry in FileErrors.List(parent, folder => folder.EnumerateFileSystemInfos()))
            if (Temporary.IsStale(entry.Name)) Temporary.Delete(entry.FullName);
    }

    /// <summary>Many at once: a disk flushes them together, where each alone waits a millisecond for its own turn.</summary>
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
        // Windows flushes only through a handle that may write.
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
