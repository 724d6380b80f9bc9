using Microsoft.Win32.SafeHandles;
using Tessera.Files;

namespace Tessera.Data.Stores;

/// <summary>
/// A store's file, open to be read at any place by any number of threads. The operating system keeps what was read in
/// its page cache. The file is not mapped into memory: a disk that fails, or a file that is cut short meanwhile, is
/// then an exception and not the end of the process, and the images do not count as the process's own memory.
/// </summary>
internal sealed class StoreFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private StoreFile(string path, SafeFileHandle handle) => (Path, _handle) = (path, handle);

    /// <summary>The path, as given.</summary>
    public string Path { get; }

    /// <summary>Bytes of the file.</summary>
    public long Length => Guard(() => RandomAccess.GetLength(_handle), FileErrors.Reading);

    /// <summary>Opens a file to be read; others may read it too.</summary>
    /// <exception cref="InputException">It cannot be opened, or another process is writing it.</exception>
    public static StoreFile Open(string path) =>
        Open(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);

    /// <summary>
    /// Opens a file to be written, which no other may open meanwhile; a new one is empty. It is never another file that
    /// takes the place of one: two processes cannot both believe that they write it.
    /// </summary>
    /// <exception cref="InputException">It cannot be opened, or another process has it open.</exception>
    public static StoreFile OpenToWrite(string path) =>
        Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    private static StoreFile Open(string path, FileMode mode, FileAccess access, FileShare share)
    {
        path = FileErrors.FilePath(path);
        try
        {
            SafeFileHandle handle = File.OpenHandle(path, mode, access, share, FileOptions.RandomAccess);
            return new StoreFile(path, handle);
        }
        catch (IOException e) when (FileErrors.IsInUse(e))
        {
            throw new StoreInUseException(path, e);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw access == FileAccess.Read ? FileErrors.Reading(path, e) : FileErrors.Writing(path, e);
        }
    }

    /// <summary>Reads bytes at a place.</summary>
    /// <exception cref="InputException">They cannot be read, or the file ends before.</exception>
    public void Read(long offset, Span<byte> bytes)
    {
        int done = 0;
        try
        {
            while (done < bytes.Length)
            {
                int read = RandomAccess.Read(_handle, bytes[done..], offset + done);
                if (read == 0) throw Damaged("its end is missing: it");
                done += read;
            }
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(Path, e);
        }
    }

    /// <summary>Reads bytes at a place.</summary>
    /// <exception cref="InputException">They cannot be read, or the file ends before.</exception>
    public byte[] Read(long offset, long length)
    {
        byte[] bytes = new byte[length];
        Read(offset, bytes);
        return bytes;
    }

    /// <summary>Writes bytes at a place.</summary>
    /// <exception cref="InputException">They cannot be written.</exception>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, offset);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Writing(Path, e);
        }
    }

    /// <summary>Waits until the disk has all that was written.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public void Flush() => Guard(() =>
    {
        RandomAccess.FlushToDisk(_handle);
        return true;
    }, FileErrors.Writing);

    /// <summary>Cuts the file.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public void Cut(long length) => Guard(() =>
    {
        RandomAccess.SetLength(_handle, length);
        return true;
    }, FileErrors.Writing);

    /// <summary>The error for a file with wrong bytes.</summary>
    public InputException Wrong(string message, Exception cause) => new($"{Path}: {message}", cause);

    /// <summary>The error for damaged bytes.</summary>
    public InputException Damaged(string what) =>
        new($"{Path}: {what} is damaged; copy the file again, or delete it and pack the images again");

    public void Dispose() => _handle.Dispose();

    private T Guard<T>(Func<T> work, Func<string, Exception, InputException> error)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw error(Path, e);
        }
    }
}

/// <summary>Another process has a store open in a way that excludes this one.</summary>
internal sealed class StoreInUseException(string path, Exception cause)
    : InputException($"{path} is in use by another process; wait until it ends, or stop it", cause);
