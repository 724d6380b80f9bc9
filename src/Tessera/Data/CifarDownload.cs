using System.Security.Cryptography;
using Tessera.Files;

namespace Tessera.Data;

/// <summary>Progress of a download.</summary>
/// <param name="Received">Bytes on disk, including those of earlier attempts.</param>
/// <param name="Total">Bytes of the whole file, or null if the server does not say.</param>
public readonly record struct DownloadProgress(long Received, long? Total);

/// <summary>The source of CIFAR-10, and the timeouts and retries of its download.</summary>
public sealed record CifarDownloadOptions
{
    /// <summary>The archive of the binary layout; by default that of the data set's authors.</summary>
    public Uri Source { get; init; } = new("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz");

    /// <summary>The archive's MD5 in hexadecimal; by default the one published on the authors' page.</summary>
    public string Md5 { get; init; } = "c32a1d4ab5d03f1284b67883e8d87530";

    /// <summary>The archive's length in bytes. The download fails if the server sends more.</summary>
    public long Length { get; init; } = 170_052_171;

    /// <summary>How long to wait for a connection, a response or more data before the next attempt.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many attempts in a row may bring no new bytes before the download fails.</summary>
    public int Retries { get; init; } = 4;

    /// <summary>The delay before the next attempt.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>
/// Downloads the binary archive of CIFAR-10, checks its MD5 and unpacks it. A partial download is kept as
/// <c>cifar-10-binary.tar.gz.part</c>, and the next attempt continues from there.
/// </summary>
/// <example><code>
/// string batches = await CifarDownload.RunAsync("data");   // data/cifar-10-batches-bin
/// ImageSet train = Cifar10.Load("data", Split.Train);      // 50,000 images
/// </code></example>
public static class CifarDownload
{
    /// <summary>
    /// Puts <c>cifar-10-batches-bin/</c> into the folder. Does nothing if all batch files are there. An archive that is
    /// there and has the right MD5 is not downloaded again. The archive is kept.
    /// </summary>
    /// <param name="folder">The target folder; it is created if it is missing.</param>
    /// <param name="options">The download options; null for the defaults.</param>
    /// <param name="progress">Receives the byte counts; may be called on any thread.</param>
    /// <param name="cancellation">Stops the download; the partial file is kept.</param>
    /// <returns>The path of <c>cifar-10-batches-bin</c>.</returns>
    /// <exception cref="InputException">
    /// The server cannot be reached or does not have the archive, the downloaded file is not the archive, or the folder
    /// cannot be written.
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
                $"the file from {options.Source} is not CIFAR-10 (its MD5 is not {options.Md5}) and was removed; " +
                $"try again, or download the archive yourself and put it into {Path.GetDirectoryName(archive)}");
        }
        File.Move(part, archive, overwrite: true);
    }

    private static async Task<bool> HasMd5Async(string path, string expected, CancellationToken cancellation)
    {
        using FileStream file = File.OpenRead(path);
#pragma warning disable CA5351 // The authors publish an MD5.
        byte[] hash = await MD5.HashDataAsync(file, cancellation).ConfigureAwait(false);
#pragma warning restore CA5351
        return Convert.ToHexString(hash).Equals(expected, StringComparison.OrdinalIgnoreCase);
    }

    // File names come from the list above, never from the archive. The folder gets its final name when it is complete.
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

    // The folder exists, but files are missing or truncated. Other files in it stay.
    private static void MoveFiles(string from, string to)
    {
        foreach (string path in Directory.GetFiles(from))
            File.Move(path, Path.Combine(to, Path.GetFileName(path)), overwrite: true);
    }
}
