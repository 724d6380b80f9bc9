using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Tessera.Files;
using Tessera.Imaging;

namespace Tessera.Data.Stores;

/// <summary>
/// Stores in the user's cache folder, made of folders whose decoded images are too many for memory. One is used again
/// while the names, sizes and times of the folder's images, and what becomes of them here, are those that it was made
/// of. Its name holds a hash of them: a folder that has changed becomes another store, while a process may still read
/// the one before.
/// </summary>
internal static class StoreCache
{
    /// <summary>The bytes of decoded images that are held in memory by default.</summary>
    public const long UsualLimit = 2L << 30;

    private const string FolderName = "stores", CacheOption = "Cache";
    private const int WaitMilliseconds = 200;

    /// <summary>Whether the images of a folder exceed a limit when they are decoded.</summary>
    public static bool Exceeds(FolderListing listing, ImageSize size, int channels, long limit) =>
        (Int128)listing.Entries.Count * size.Height * size.Width * channels > limit;

    /// <summary>
    /// Opens the store of a folder, and makes it if there is none, if the folder has changed, or if making it was
    /// interrupted. Damaged images are left out (<see cref="ImageStore.LeftOut"/>); a file that cannot be read ends it,
    /// since it may be readable the next time. While another process makes the store, this one waits.
    /// </summary>
    /// <param name="cache">The user's cache folder; null for none.</param>
    /// <param name="images">The folder.</param>
    /// <param name="begin">Called with the path, once, before images are packed.</param>
    /// <param name="wait">Called with the path, once, before it waits for another process.</param>
    /// <param name="progress">Receives the progress of packing.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InputException">
    /// An image's file cannot be read, or the store cannot be read or written.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static ImageStore Open(
        string? cache, FolderPackSource images, Action<string>? begin, Action<string>? wait,
        IProgress<PackProgress>? progress, CancellationToken cancellation)
    {
        ImageSize size = images.Size;
        string key = string.Create(
            CultureInfo.InvariantCulture,
            $"{Path.GetFullPath(images.Listing.Folder)}\n{size.Height}x{size.Width}x{images.Channels}");
        string folder = FolderIn(cache), ofFolder = $"{Hash(key):x32}";
        var options = new PackOptions { SkipDamaged = true, Fingerprint = FingerprintOf(images.Listing) };
        string path = Path.Combine(folder, $"{ofFolder}-{options.Fingerprint:x32}{StoreFormat.Extension}");
        DeleteOthers(folder, ofFolder, path);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                if (OpenIfComplete(path) is { } store) return store;
                begin?.Invoke(path);
                begin = null;
                ImagePacker.Pack(images, path, options, progress, cancellation);
            }
            catch (StoreInUseException)
            {
                wait?.Invoke(path);
                wait = null;
                cancellation.WaitHandle.WaitOne(WaitMilliseconds);
            }
        }
    }

    /// <summary>The folder of the stores, which is created.</summary>
    private static string FolderIn(string? cache)
    {
        if (cache is null)
            throw new InputException(
                "this user has no cache folder for the decoded images; pack them with tessera data pack");
        string folder = Path.Combine(cache, FolderName);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw new InputException(FileErrors.Writing(folder, e).Message, e) { Option = CacheOption };
        }
        return folder;
    }

    /// <summary>The store if it is complete; null if it must be packed.</summary>
    private static ImageStore? OpenIfComplete(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            ImageStore store = ImageStore.Open(path);
            if (store.IsComplete) return store;
            store.Dispose();
        }
        catch (InputException e) when (e is not StoreInUseException)
        {
            // It is damaged, or of another version of the format; packing begins it anew.
        }
        return null;
    }

    /// <summary>
    /// Deletes the stores of what the folder was before, except those in use. Each is open to nobody else while it is
    /// deleted, so none is taken from a process that packs into it.
    /// </summary>
    private static void DeleteOthers(string folder, string ofFolder, string path)
    {
        foreach (FileInfo other in FileErrors.List(folder, place => place.EnumerateFiles($"{ofFolder}*")))
        {
            if (other.Name == Path.GetFileName(path)) continue;
            try
            {
                new FileStream(
                    other.FullName, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0,
                    FileOptions.DeleteOnClose).Dispose();
            }
            catch (Exception e) when (FileErrors.IsFileError(e))
            {
                // It is in use, or another process has deleted it.
            }
        }
    }

    /// <summary>
    /// A hash of the names, lengths and times of the last change of all images, and of how pixels are made of them. A
    /// link counts as the file that it leads to.
    /// </summary>
    private static UInt128 FingerprintOf(FolderListing listing)
    {
        var hash = new XxHash128();
        hash.Append(Encoding.UTF8.GetBytes(ImageReader.PixelVersion));
        Span<byte> numbers = stackalloc byte[16];
        foreach (FolderEntry entry in listing.Entries)
        {
            FileInfo file = Target(Path.Combine(listing.Folder, entry.Path));
            BinaryPrimitives.WriteInt64LittleEndian(numbers, file.Exists ? file.Length : -1);
            BinaryPrimitives.WriteInt64LittleEndian(numbers[8..], file.LastWriteTimeUtc.Ticks);
            hash.Append(Encoding.UTF8.GetBytes(entry.Path));
            hash.Append(numbers);
        }
        return hash.GetCurrentHashAsUInt128();
    }

    private static FileInfo Target(string path)
    {
        var file = new FileInfo(path);
        try
        {
            return file.Exists && file.Attributes.HasFlag(FileAttributes.ReparsePoint)
                && file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target ? target : file;
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
    }

    private static UInt128 Hash(string text) => XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(text));
}
