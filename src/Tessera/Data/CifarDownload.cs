using System.Security.Cryptography;
using Tessera.Files;

namespace Tessera.Data;

/// <summary>How far a download is.</summary>
/// <param name="Received">Bytes of the file that are on disk, those of an earlier attempt included.</param>
/// <param name="Total">Bytes of the whole file, or null where the server does not say.</param>
public readonly record struct DownloadProgress(long Received, long? Total);

/// <summary>Where CIFAR-10 comes from, and how patient the download is.</summary>
public sealed record CifarDownloadOptions
{
    /// <summary>The archive of the binary layout; by default the one of the data's authors.</summary>
    public Uri Source { get; init; } = new("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz");

    /// <summary>The archive's MD5 in hexadecimal; by default the one published at the authors' page.</summary>
    public string Md5 { get; init; } = "c32a1d4ab5d03f1284b67883e8d87530";

    /// <summary>The archive's length in bytes. A server that sends more is cut off.</summary>
    public long Length { get; init; } = 170_052_171;

    /// <summary>How long to wait for a connection, an answer, or the next byte, before trying anew.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many attempts follow in a row on one that brought nothing new, before the download is given up.
    /// </summary>
    public int Retries { get; init; } = 4;

    /// <summary>How long to wait before the next attempt.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>
/// Fetches CIFAR-10's binary archive, checks its MD5 and unpacks it. What has come so far is kept beside it as
/// <c>cifar-10-binary.tar.gz.part</c>, and an interrupted download goes on from there.
/// </summary>
/// <example><code>
/// string batches = await CifarDownload.RunAsync("data");   // data/cifar-10-batches-bin
/// ImageSet train = Cifar10.Load("data", Split.Train);      // 50,000 pictures
/// </code></example>
public static class CifarDownload
{
    /// <summary>
    /// Leaves <c>cifar-10-batches-bin/</c> in the folder. If its batch files are all there already, nothing is done; an
    /// archive that is already there and has the right MD5 is not fetched again. The archive is kept.
    /// </summary>
    /// <param name="folder">Where to put the data; it is created if need be.</param>
    /// <param name="options">The source; null for the authors' server.</param>
    /// <param name="progress">Told about received bytes; the calls may come on any thread.</param>
    /// <param name="cancellation">Stops the download; what has come is kept for the next time.</param>
    /// <returns>The path of <c>cifar-10-batches-bin</c>.</returns>
    /// <exception cref="InputException">
    /// The server cannot be reached or does not have the archive, what came is not the archive, or the folder cannot be
    /// written.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static async Task<string> RunAsync(
        string folder, CifarDownloadOptions? options = null,
        IProgress<DownloadProgress>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new CifarDownloadOptions();
        string batches = Path.Combine(folder, CifarSource.BinaryFolder);
        string archive = Path.Combine(folder, CifarSource.BinaryArchive);
        if (IsComplete(batches)) return batches;
        try
        {
            Directory.CreateDirectory(folder);
            if (!File.Exists(archive) || !await HasMd5Async(archive, options.Md5, cancellation).ConfigureAwait(false))
                await FetchAsync(archive, options, progress, cancellation).ConfigureAwait(false);
            await Task.Run(() => Unpack(archive, batches, cancellation), cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Writing(folder, e);
        }
        return batches;
    }

    private static bool IsComplete(string batches) =>
        CifarSource.BatchNames(Split.All, pickled: false)
            .Select(name => new FileInfo(Path.Combine(batches, name)))
            .All(file => file.Exists && file.Length > 0 && file.Length % CifarBatch.RecordLength == 0);

    private static async Task FetchAsync(
        string archive, CifarDownloadOptions options,
        IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        string part = archive + ".part";
        using (var download = new ResumableDownload(part, options, progress))
        {
            await download.RunAsync(cancellation).ConfigureAwait(false);
        }
        if (!await HasMd5Async(part, options.Md5, cancellation).ConfigureAwait(false))
        {
            File.Delete(part);
            throw new InputException(
                $"What {options.Source} sent is not CIFAR-10 (its MD5 is not {options.Md5}) and was removed; " +
                $"try again, or get the archive by hand and put it into {Path.GetDirectoryName(archive)}.");
        }
        File.Move(part, archive, overwrite: true);
    }

    private static async Task<bool> HasMd5Async(string path, string expected, CancellationToken cancellation)
    {
        using FileStream file = File.OpenRead(path);
#pragma warning disable CA5351 // MD5 is what the authors publish.
        byte[] hash = await MD5.HashDataAsync(file, cancellation).ConfigureAwait(false);
#pragma warning restore CA5351
        return Convert.ToHexString(hash).Equals(expected, StringComparison.OrdinalIgnoreCase);
    }

    // The files are named by us, never by the archive, and appear under the final name only when all are there.
    private static void Unpack(string archive, string batches, CancellationToken cancellation)
    {
        string temporary = batches + ".part";
        if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
        Directory.CreateDirectory(temporary);
        try
        {
            CifarArchive.Read(archive, CifarSource.BatchNames(Split.All, pickled: false), (name, content, _) =>
            {
                cancellation.ThrowIfCancellationRequested();
                using FileStream file = File.Create(Path.Combine(temporary, name));
                content.CopyTo(file);
                file.Flush(flushToDisk: true);
            });
            if (!Directory.Exists(batches)) Directory.Move(temporary, batches);
            else MoveFiles(temporary, batches);
        }
        finally
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
        }
    }

    // The folder is there with some files missing or cut short; whatever else is in it stays.
    private static void MoveFiles(string from, string to)
    {
        foreach (string path in Directory.GetFiles(from))
            File.Move(path, Path.Combine(to, Path.GetFileName(path)), overwrite: true);
    }
}
