namespace Tessera.Files;

/// <summary>
/// Keeps a folder for one writer at a time: an open file, <c>.lock</c>, that no other process can open. It goes with the
/// process, however that ends; where a kill leaves the file behind, it locks nothing.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    /// <summary>The name of the file.</summary>
    public const string Name = ".lock";

    private readonly FileStream _file;

    /// <summary>Locks the folder.</summary>
    /// <param name="folder">The folder; it must exist.</param>
    /// <exception cref="InputException">Another writer has it, or it cannot be written.</exception>
    public FolderLock(string folder)
    {
        string path = Path.Combine(folder, Name);
        try
        {
            _file = new FileStream(
                path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        }
        catch (IOException e) when (FileErrors.IsInUse(e))
        {
            throw new InputException($"another process is at work in {folder}; wait until it ends, or stop it", e);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Writing(path, e);
        }
    }

    /// <summary>Lets the next writer in.</summary>
    public void Dispose() => _file.Dispose();
}
