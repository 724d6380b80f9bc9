using System.Formats.Tar;
using System.IO.Compression;

namespace Tessera.Data;

/// <summary>Reads the original archives (.tar.gz) without unpacking them to disk.</summary>
internal static class CifarArchive
{
    /// <summary>
    /// Passes each wanted file to <paramref name="member"/>, in the archive's order. Files are matched by the last part
    /// of their path; links, devices and all other entries are skipped.
    /// </summary>
    /// <param name="path">The archive.</param>
    /// <param name="names">The names of the wanted files.</param>
    /// <param name="member">Receives a file's name, content and length in bytes.</param>
    /// <exception cref="InputException">The archive is damaged or lacks one of the files.</exception>
    /// <exception cref="IOException">The archive cannot be opened, or <paramref name="member"/> failed.</exception>
    public static void Read(string path, IReadOnlyCollection<string> names, Action<string, Stream, int> member)
    {
        var missing = new HashSet<string>(names, StringComparer.Ordinal);
        using FileStream file = File.OpenRead(path);
        using var unzipped = new GZipStream(file, CompressionMode.Decompress);
        try
        {
            using var tar = new TarReader(unzipped);
            while (missing.Count > 0 && tar.GetNextEntry() is TarEntry entry)
            {
                string name = entry.Name[(entry.Name.LastIndexOf('/') + 1)..];
                if (!IsFile(entry) || !missing.Remove(name)) continue;
                if (entry.Length > CifarBatch.MaximumBytes)
                    throw CifarBatch.Damaged(path, $"is not the original ({name} in it is too large)");
                member(name, entry.DataStream ?? Stream.Null, (int)entry.Length);
            }
        }
        catch (Exception e) when (IsDamage(e))
        {
            throw CifarBatch.Damaged(path, "is damaged or truncated", e);
        }
        if (missing.Count > 0)
        {
            string lacking = string.Join(", ", missing.Order(StringComparer.Ordinal));
            throw CifarBatch.Damaged(path, $"is truncated or not the original (it lacks {lacking})");
        }
    }

    private static bool IsFile(TarEntry entry) =>
        entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile;

    // The exceptions of GZipStream and TarReader for damaged bytes. Other I/O exceptions come from the disk.
    private static bool IsDamage(Exception e) =>
        e is InvalidDataException or EndOfStreamException or FormatException or ArgumentException
            or OverflowException or NotSupportedException;
}
