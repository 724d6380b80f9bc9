namespace Tessera.Files;

/// <summary>Files written whole or not at all.</summary>
/// <remarks>
/// The order of POSIX's rename idiom: write a temporary beside the target, flush it to the disk, rename it over the
/// target. A process killed at any moment leaves the old file or the new one. The folder's own entry is not flushed
/// (managed code cannot open a folder): after a power cut the old file may be back, whole.
/// </remarks>
public static class AtomicFile
{
    /// <summary>Writes a file, over one that is there.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="write">
    /// Writes the contents to the stream. If it throws, the target stays as it was, and nothing else is left behind.
    /// </param>
    /// <exception cref="InputException">The disk is full, the folder is missing or cannot be written, ...</exception>
    public static void Write(string path, Action<Stream> write)
    {
        path = FileErrors.FilePath(path);
        string temporary = Temporary.Beside(path);
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e)
        {
            Temporary.Delete(temporary);
            if (FileErrors.IsFileError(e)) throw FileErrors.Writing(path, e);
            throw;
        }
    }
}
