using System.IO.Compression;

namespace Tessera.Tensors.IO;

/// <summary>Reads zip files and reports every fault as an <see cref="InvalidDataException"/>.</summary>
internal static class Zip
{
    /// <summary>Opens a zip file and reads its directory; the stream is left open.</summary>
    /// <exception cref="InvalidDataException">It is not a zip file, or is damaged.</exception>
    public static ZipArchive Open(Stream stream) => Checked("it is not a zip file, or is truncated", () =>
    {
        var zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        // Reads the directory, which the constructor does not.
        _ = zip.Entries.Count;
        return zip;
    });

    /// <summary>Opens an entry of a zip file.</summary>
    /// <exception cref="InvalidDataException">The zip file is damaged.</exception>
    public static Stream Open(ZipArchiveEntry entry) => Checked(
        $"{Printable.Quote(entry.FullName)} in it is damaged",
        () => entry.Length >= 0 ? entry.Open() : throw new InvalidDataException("its length is negative"));

    /// <summary>Runs a function that reads from a zip file, and reports the exceptions of a damaged file.</summary>
    /// <exception cref="InvalidDataException">The zip file is damaged.</exception>
    public static T Checked<T>(string fault, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or ArgumentException
            or OverflowException or NotSupportedException)
        {
            throw new InvalidDataException($"{fault} ({Printable.OneLine(e.Message).TrimEnd('.')})", e);
        }
    }
}
