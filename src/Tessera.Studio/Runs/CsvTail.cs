using System.Globalization;
using System.Text;
using Tessera.Files;

namespace Tessera.Studio.Runs;

/// <summary>Reads the first and the last line of a CSV file of a run, which may have millions of rows.</summary>
internal static class CsvTail
{
    private const int TailBytes = 16 << 10, HeadBytes = 64 << 10;

    /// <summary>The columns of a file; none if it is missing or empty.</summary>
    public static string[] Columns(string path)
    {
        using FileStream? stream = Open(path);
        if (stream is null) return [];
        string head = ReadAt(stream, 0, HeadBytes);
        int end = head.IndexOf('\n', StringComparison.Ordinal);
        return end <= 0 ? [] : head[..end].TrimEnd('\r').Split(',');
    }

    /// <summary>The last complete row by column; null if there is none.</summary>
    public static IReadOnlyDictionary<string, double?>? LastRow(string path)
    {
        string[] columns = Columns(path);
        using FileStream? stream = Open(path);
        if (stream is null || columns.Length == 0) return null;
        string tail = ReadAt(stream, Math.Max(0, stream.Length - TailBytes), TailBytes);
        int end = tail.LastIndexOf('\n');
        if (end < 0) return null;
        int start = tail.LastIndexOf('\n', Math.Max(end - 1, 0)) + 1;
        // The only line is the header.
        if (start == 0 && stream.Length <= TailBytes) return null;
        string[] fields = tail[start..end].TrimEnd('\r').Split(',');
        if (fields.Length != columns.Length) return null;
        var row = new Dictionary<string, double?>();
        for (int i = 0; i < columns.Length; i++) row[columns[i]] = Number(fields[i]);
        return row;
    }

    /// <summary>A finite number; null for any other text.</summary>
    public static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
        && double.IsFinite(value)
            ? value
            : null;

    /// <summary>Opens a file that another process may be writing; null if there is none.</summary>
    public static FileStream? Open(string path)
    {
        try
        {
            return new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
    }

    private static string ReadAt(FileStream stream, long position, int most)
    {
        stream.Position = position;
        byte[] bytes = new byte[Math.Min(most, Math.Max(0, stream.Length - position))];
        int count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return Encoding.UTF8.GetString(bytes, 0, count);
    }
}
