using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using Tessera.Imaging;

namespace Tessera.Data;

/// <summary>
/// A folder of pictures, of any depth. A picture's class is the first folder on its path. Where both <c>train/</c> and
/// <c>test/</c> lie directly inside, they are the splits, and the class is the first folder below them; else a tenth of
/// the pictures, picked by a hash of their relative paths, is held out for test. The order of the pictures (by relative
/// path, compared as UTF-16), the classes (in the same order) and the splits are the same on every system.
/// </summary>
/// <remarks>
/// Files and folders whose names begin with a dot are passed over. Links to folders are followed, but not in circles.
/// </remarks>
public static class ImageFolder
{
    /// <summary>The class of pictures that lie in no folder of a class.</summary>
    public const string Unlabelled = "unlabelled";

    private const int HeldOutOneIn = 10;

    /// <summary>
    /// Loads a split, each picture scaled and centre-cropped to <paramref name="width"/> x <paramref name="height"/>.
    /// The classes are those of the whole folder, so that labels mean the same in every split.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="split">Which part to load; <see cref="Split.All"/> takes every picture.</param>
    /// <param name="width">Width in pixels to bring the pictures to, at least 1.</param>
    /// <param name="height">Height in pixels to bring the pictures to, at least 1.</param>
    /// <param name="channels">1 (grey) or 3 (red, green, blue).</param>
    /// <param name="progress">Told how many pictures are decoded; the calls come from several threads.</param>
    /// <param name="cancellation">Stops loading.</param>
    /// <exception cref="InputException">
    /// The folder is missing, unreadable or without pictures, the split is empty, a picture is broken, or the pictures
    /// do not fit into memory.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A size is not one of those allowed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static ImageSet Load(
        string folder, Split split, int width, int height, int channels = 3,
        IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (channels is not (1 or 3)) throw new ArgumentOutOfRangeException(nameof(channels), channels, "1 or 3.");

        PictureWalk found = PictureWalk.Below(folder, cancellation);
        bool hasSplits = found.HasFolder("train") && found.HasFolder("test");
        List<Entry> entries = found.Paths.ConvertAll(path => Classify(path, hasSplits));
        if (entries.Count == 0)
        {
            throw new InputException(
                $"{folder} holds no pictures; put .png, .jpg or .jpeg files into it, or name another folder.");
        }
        string[] classes = [.. entries.Select(entry => entry.Class).Distinct().Order(StringComparer.Ordinal)];
        Entry[] chosen = [.. entries.Where(entry => split == Split.All || entry.Split == split)];
        if (chosen.Length == 0) throw EmptySplit(folder, split, entries.Count, hasSplits);
        CheckMemory(folder, chosen.Length, (long)width * height * channels);

        int[] labels = [.. chosen.Select(entry => Array.BinarySearch(classes, entry.Class, StringComparer.Ordinal))];
        string[] paths = [.. chosen.Select(entry => Path.Combine(folder, entry.Path))];
        byte[][] pictures = Decode(
            paths, path => ImageTransform.Fit(ImageFile.Read(path), width, height, channels).Pixels,
            progress, cancellation);
        return new ImageSet(SplitNames.NameOf(folder, split), width, height, channels, pictures, labels, classes);
    }

    /// <summary>
    /// Whether a picture belongs to the held-out tenth: the first 8 bytes of its path's SHA-256, as a little-endian
    /// number, are a multiple of 10.
    /// </summary>
    /// <param name="relativePath">The path below the folder, with '/' between its parts.</param>
    internal static bool IsHeldOut(string relativePath)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(relativePath), hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash) % HeldOutOneIn == 0;
    }

    private static Entry Classify(string path, bool hasSplits)
    {
        Split? splitFolder = hasSplits ? SplitFolder(path) : null;
        string[] parts = path.Split('/');
        int classAt = splitFolder is null ? 0 : 1;
        Split split = hasSplits ? splitFolder ?? Split.All : IsHeldOut(path) ? Split.Test : Split.Train;
        return new Entry(path, parts.Length > classAt + 1 ? parts[classAt] : Unlabelled, split);
    }

    private static Split? SplitFolder(string path) =>
        path.StartsWith("train/", StringComparison.OrdinalIgnoreCase) ? Split.Train
        : path.StartsWith("test/", StringComparison.OrdinalIgnoreCase) ? Split.Test
        : null;

    private static InputException EmptySplit(string folder, Split split, int count, bool hasSplits) => new(
        (hasSplits, split) switch
        {
            (true, _) => $"{Path.Combine(folder, split.Name())} holds no pictures; " +
                "put some into it; eval and reconstruct can take all there are (--split all).",
            (false, Split.Test) => $"{folder} has too few pictures ({count}): none is in the tenth held out for test; " +
                "add some, or sort them into train/ and test/; eval and reconstruct can take all of them (--split all).",
            _ => $"{folder} has too few pictures ({count}): all are in the tenth held out for test; " +
                "add some, or sort them into train/ and test/.",
        });

    private static void CheckMemory(string folder, int count, long pictureBytes)
    {
        const double Gigabyte = 1 << 30;
        double needed = (double)count * pictureBytes, available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed <= available && pictureBytes <= Array.MaxLength) return;
        throw new InputException(string.Create(
            CultureInfo.InvariantCulture,
            $"The {count} pictures of {folder} take {needed / Gigabyte:0.0} GiB at this size, but this machine " +
            $"has {available / Gigabyte:0.0} GiB of memory; choose a smaller size or fewer pictures."));
    }

    private static byte[][] Decode(
        string[] paths, Func<string, byte[]> decode, IProgress<int>? progress, CancellationToken cancellation)
    {
        byte[][] pictures = new byte[paths.Length][];
        int done = 0;
        try
        {
            Parallel.For(0, paths.Length, new ParallelOptions { CancellationToken = cancellation }, i =>
            {
                pictures[i] = decode(paths[i]);
                progress?.Report(Interlocked.Increment(ref done));
            });
        }
        catch (AggregateException e)
        {
            Exception? bad = e.InnerExceptions.FirstOrDefault(inner => inner is InputException);
            ExceptionDispatchInfo.Throw(bad ?? e.InnerExceptions[0]);
        }
        return pictures;
    }

    // Split.All marks a picture beside train/ and test/, which only --split all takes.
    private readonly record struct Entry(string Path, string Class, Split Split);
}
