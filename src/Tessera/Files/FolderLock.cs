namespace Tessera.Files;

/// <summary>
/// Limits a folder to one writer at a time: an open file, <c>.lock</c>, that no other process can open. The lock ends
/// with the process. A file left behind by a killed process locks nothing.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    /// <summary>The name of the lock file.</summary>
    public const string Name = ".lock";

    // A reader that asks whether the folder is locked may hold a file that was left behind for a moment.
    private const int Attempts = 5;

    private readonly FileStream _file;

    /// <summary>Locks the folder.</summary>
    /// <param name="folder">The folder; it must exist.</param>
    /// <exception cref="InputException">Another writer holds the lock, or the folder cannot be written.</exception>
    public FolderLock(string folder)
    {
        string path = Path.Combine(folder, Name);
        try
        {
            _file = Open(path);
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

    /// <summary>
    /// Whether a writer holds the lock of a folder. A file left behind by a killed process does not count.
    /// </summary>
    /// <param name="folder">The folder; it need not exist.</param>
    public static bool IsHeld(string folder)
    {
        string path = Path.Combine(folder, Name);
        if (!File.Exists(path)) return false;
        try
        {
            using var file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return false;
        }
        catch (IOException e) when (FileErrors.IsInUse(e))
        {
            return true;
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            // It was released meanwhile, or it is not ours to read.
            return false;
        }
    }

    /// <summary>Releases the lock.</summary>
    public void Dispose() => _file.Dispose();

    private static FileStream Open(string path)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return new FileStream(
                    path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None,
                    bufferSize: 0, FileOptions.DeleteOnClose);
            }
            catch (IOException e) when (FileErrors.IsInUse(e) && attempt < Attempts)
            {
                Thread.Sleep(20);
            }
        }
    }
}
