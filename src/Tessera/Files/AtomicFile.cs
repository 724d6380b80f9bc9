namespace Tessera.Files;

/// <summary>Files written whole or not at all.</summary>
/// <remarks>
/// The POSIX rename idiom: write a temporary file beside the target, flush it to disk, rename it over the target. A
/// process killed at any moment leaves either the old file or the new one. The folder entry is not flushed (managed
/// code cannot open a folder), so after a power cut the old file may be back, complete.
/// </remarks>
internal static class AtomicFile
{
    /// <summary>Writes a file; replaces an existing one.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="write">
    /// Writes the contents to the stream. If it throws, the target is unchanged and the temporary file is deleted.
    /// </param>
    /// <exception cref="InputException">
    /// The file cannot be written: the disk is full, the folder is missing, ...
    /// </exception>
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
