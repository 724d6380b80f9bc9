using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Tessera.Files;
using Tessera.Imaging;

namespace Tessera.Data.Stores;

/// <summary>
/// Stores in the user's cache folder, made of folders whose decoded images are too many for memory. One is used again
/// while the names, sizes and times of the folder's images are those that it was made of.
/// </summary>
internal static class StoreCache
{
    /// <summary>The bytes of decoded images that are held in memory by default.</summary>
    public const long UsualLimit = 2L << 30;

    private const string FolderName = "stores";
    private const int WaitMilliseconds = 200;

    /// <summary>Whether the images of a folder exceed a limit when they are decoded.</summary>
    public static bool Exceeds(FolderListing listing, ImageSize size, int channels, long limit) =>
        (Int128)listing.Entries.Count * size.Height * size.Width * channels > limit;

    /// <summary>The path of the store of a folder.</summary>
    /// <exception cref="InputException">The user has no cache folder.</exception>
    public static string PathOf(string folder, ImageSize size, int channels)
    {
        string cache = CacheFolder.Find() ?? throw new InputException(
            "this user has no cache folder for the decoded images; pack them with tessera data pack");
        string key = string.Create(
            CultureInfo.InvariantCulture, $"{Path.GetFullPath(folder)}\n{size.Height}x{size.Width}x{channels}");
        return Path.Combine(cache, FolderName, $"{Hash(key):x32}{StoreFormat.Extension}");
    }

    /// <summary>
    /// Opens the store of a folder, and makes it if there is none, if the folder has changed, or if making it was
    /// interrupted. Images that cannot be read are left out (<see cref="ImageStore.LeftOut"/>). While another process
    /// makes it, this one waits.
    /// </summary>
    /// <param name="listing">The folder.</param>
    /// <param name="size">The height and width of the images.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="begin">Called with the path before images are packed.</param>
    /// <param name="progress">Receives the progress of packing.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InputException">The store cannot be read or written.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static ImageStore Open(
        FolderListing listing, ImageSize size, int channels, Action<string>? begin,
        IProgress<PackProgress>? progress, CancellationToken cancellation)
    {
        string path = PathOf(listing.Folder, size, channels);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var options = new PackOptions { SkipDamaged = true, Fingerprint = FingerprintOf(listing) };
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                if (OpenIfUsable(path, options.Fingerprint) is { } store) return store;
                begin?.Invoke(path);
                ImagePacker.Pack(
                    new FolderPackSource(listing, size, channels), path, options, progress, cancellation);
            }
            catch (StoreInUseException)
            {
                cancellation.WaitHandle.WaitOne(WaitMilliseconds);
            }
        }
    }

    /// <summary>The store if it is complete and of the same files; deletes it if it is of no use.</summary>
    private static ImageStore? OpenIfUsable(string path, UInt128 fingerprint)
    {
        if (!File.Exists(path)) return null;
        ImageStore? store = null;
        try
        {
            store = ImageStore.Open(path);
            if (store.Fingerprint == fingerprint && store.IsComplete) return store;
        }
        catch (InputException e) when (e is not StoreInUseException)
        {
            // It is damaged, or of another version of the format.
        }
        bool isBegun = store?.Fingerprint == fingerprint;
        store?.Dispose();
        if (!isBegun) Temporary.Delete(path);
        return null;
    }

    /// <summary>A hash of the names, lengths and times of the last change of all images.</summary>
    private static UInt128 FingerprintOf(FolderListing listing)
    {
        var hash = new XxHash128();
        Span<byte> numbers = stackalloc byte[16];
        foreach (FolderEntry entry in listing.Entries)
        {
            var file = new FileInfo(Path.Combine(listing.Folder, entry.Path));
            BinaryPrimitives.WriteInt64LittleEndian(numbers, file.Exists ? file.Length : -1);
            BinaryPrimitives.WriteInt64LittleEndian(numbers[8..], file.LastWriteTimeUtc.Ticks);
            hash.Append(Encoding.UTF8.GetBytes(entry.Path));
            hash.Append(numbers);
        }
        return hash.GetCurrentHashAsUInt128();
    }

    private static UInt128 Hash(string text) => XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(text));
}
