namespace Tessera.Files;

/// <summary>
/// Limits a folder to one writer at a time: an open file, <c>.lock</c>, that no other process can open. The lock ends
/// with the process. A file left behind by a killed process locks nothing.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    /// <summary>The name of the lock file.</summary>
    public const string Name = ".lock";

    private readonly FileStream _file;

    /// <summary>Locks the folder.</summary>
    /// <param name="folder">The folder; it must exist.</param>
    /// <exception cref="InputException">Another writer holds the lock, or the folder cannot be written.</exception>
    public FolderLock(string folder)
    {
        string path = Path.Combine(folder, Name);
        try
        {
            _file = new FileStream(
                path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None,
                bufferSize: 0, FileOptions.DeleteOnClose);
        }
        catch (IOException e) when (FileErrors.IsInUse(e))
        {
            throw new InputException($"another process is writing to {folder}; wait until it ends, or stop it", e);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Writing(path, e);
        }
    }

    /// <summary>Releases the lock.</summary>
    public void Dispose() => _file.Dispose();
}
