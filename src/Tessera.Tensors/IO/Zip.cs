using System.IO.Compression;

namespace Tessera.Tensors.IO;

/// <summary>Zip files to read from, whose every fault is an <see cref="InvalidDataException"/>.</summary>
internal static class Zip
{
    /// <summary>Opens a zip file and reads its directory; the stream is left open.</summary>
    /// <exception cref="InvalidDataException">It is none, or is damaged.</exception>
    public static ZipArchive Open(Stream stream) => Checked("it is no zip file or a truncated one", () =>
    {
        var zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        // Reads the directory, which is looked at only now.
        _ = zip.Entries.Count;
        return zip;
    });

    /// <summary>Opens a file in it.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static Stream Open(ZipArchiveEntry entry) => Checked(
        $"{Printable.Quote(entry.FullName)} in it is damaged",
        () => entry.Length >= 0 ? entry.Open() : throw new InvalidDataException("Its length is negative."));

    /// <summary>Reads from a file in it, or whatever else may find that it is damaged.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static T Checked<T>(string fault, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or ArgumentException or OverflowException
            or NotSupportedException)
        {
            throw new InvalidDataException($"{fault} ({Printable.OneLine(e.Message).TrimEnd('.')})", e);
        }
    }
}
