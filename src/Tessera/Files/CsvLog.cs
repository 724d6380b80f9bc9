using System.Globalization;
using System.Text;

namespace Tessera.Files;

/// <summary>
/// A CSV file (RFC 4180, without quoting) that grows by rows: <c>metrics.csv</c>, <c>eval.csv</c> and <c>series.csv</c>
/// of a run. Its first column is the number of the update. Between calls the file is closed, so that other programs can read
/// and even move it while the run goes on; a row is there whole, or not at all.
/// </summary>
/// <example><code>
/// var log = new CsvLog("metrics.csv", "update", "recon_error");
/// log.TruncateAfter(checkpoint.Update);   // when a run is resumed
/// log.Append(100, 0.25);
/// </code></example>
public sealed class CsvLog
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly string _path;
    private readonly string[] _columns;
    private readonly string _header;

    /// <summary>
    /// Opens a log, or creates it with its header. A last line that a crash left half-written is removed.
    /// </summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="columns">The names of the columns; a file that is there must have these.</param>
    /// <exception cref="InputException">The file has other columns, or cannot be read or written.</exception>
    /// <exception cref="ArgumentException">No columns, or a name with a comma, a quote or a line break.</exception>
    public CsvLog(string path, params string[] columns)
    {
        ArgumentOutOfRangeException.ThrowIfZero(columns.Length);
        _path = FileErrors.FilePath(path);
        _columns = columns;
        _header = Row(columns);
        try
        {
            using var stream = new FileStream(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            CheckHeader(stream);
            DropHalfLine(stream);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Writing(_path, e);
        }
    }

    /// <summary>Adds a row. A file that was removed in the meantime is begun anew.</summary>
    /// <param name="values">
    /// One value per column: numbers, written with as many digits as it takes to read the same number again, plain
    /// text, or null for an empty field.
    /// </param>
    /// <exception cref="InputException">The file cannot be written; it then ends with the row before.</exception>
    /// <exception cref="ArgumentException">
    /// Not one value per column, or text with a comma, a quote or a line break.
    /// </exception>
    public void Append(params object?[] values) => AppendRows([values]);

    /// <summary>Adds rows, in one write; nothing happens where there are none.</summary>
    /// <param name="rows">Rows as <see cref="Append"/> takes them.</param>
    /// <exception cref="InputException">The file cannot be written; it then ends with the row before.</exception>
    /// <exception cref="ArgumentException">A row is not as <see cref="Append"/> takes it.</exception>
    public void AppendRows(IReadOnlyCollection<object?[]> rows)
    {
        if (rows.Count == 0) return;
        if (rows.FirstOrDefault(row => row.Length != _columns.Length) is { } odd)
            throw new ArgumentException($"{odd.Length} values for {_columns.Length} columns.", nameof(rows));
        string text = string.Concat(rows.Select(Row));
        try
        {
            // Unbuffered: the rows go to the system in one write.
            using var stream = new FileStream(
                _path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (stream.Position == 0) text = _header + text;
            Write(stream, Utf8.GetBytes(text));
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Writing(_path, e);
        }
    }

    /// <summary>The fields of the last row, or null if there is none.</summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public string[]? LastRow()
    {
        try
        {
            string? last = File.Exists(_path) ? File.ReadLines(_path).Skip(1).LastOrDefault() : null;
            return last?.Split(',');
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(_path, e);
        }
    }

    /// <summary>
    /// Removes the rows of updates after <paramref name="update"/>: a run that resumes from its checkpoint of that
    /// update writes them again. The file is replaced whole or not at all.
    /// </summary>
    /// <exception cref="InputException">
    /// A row has not one field per column or does not begin with an update's number, or the file cannot be read or
    /// written; it is then as it was.
    /// </exception>
    public void TruncateAfter(long update)
    {
        var kept = new StringBuilder(_header);
        bool changed = false;
        try
        {
            int number = 1;
            foreach (string line in File.ReadLines(_path, Utf8).Skip(1))
            {
                if (UpdateOf(line, ++number) <= update) kept.Append(line).Append('\n');
                else changed = true;
            }
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(_path, e);
        }
        if (changed) AtomicFile.Write(_path, stream => stream.Write(Utf8.GetBytes(kept.ToString())));
    }

    private static void Write(FileStream stream, byte[] rows)
    {
        long length = stream.Position;
        try
        {
            stream.Write(rows);
            // To the disk, so that after a power cut no row is missing that a flushed checkpoint counts on.
            stream.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            // A full disk may have taken a part of them.
            stream.SetLength(length);
            throw;
        }
    }

    private static string Row(object?[] values)
    {
        string[] fields = Array.ConvertAll(values, value => Convert.ToString(value, CultureInfo.InvariantCulture)!);
        foreach (string field in fields)
            if (field.AsSpan().IndexOfAny(",\"\r\n") >= 0)
                throw new ArgumentException($"The field '{field}' would need quoting.", nameof(values));
        return string.Join(',', fields) + '\n';
    }

    /// <summary>Compares the header; one that a crash cut short is written again.</summary>
    private void CheckHeader(FileStream stream)
    {
        byte[] expected = Utf8.GetBytes(_header);
        byte[] found = new byte[expected.Length];
        int count = stream.ReadAtLeast(found, found.Length, throwOnEndOfStream: false);
        if (!expected.AsSpan().StartsWith(found.AsSpan(0, count)))
            throw new InputException(
                $"{_path}: its first line is not '{_header.TrimEnd()}', as a log of this program would have it;"
                + " move the file away");
        stream.Write(expected.AsSpan(count));
    }

    private static void DropHalfLine(FileStream stream)
    {
        long end = stream.Length;
        do
        {
            // The header ends in a line break, so one is found.
            stream.Position = end - 1;
        }
        while (stream.ReadByte() != '\n' && --end > 0);
        if (end < stream.Length) stream.SetLength(end);
    }

    private long UpdateOf(string line, int number)
    {
        string[] fields = line.Split(',');
        if (fields.Length == _columns.Length
            && long.TryParse(fields[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long update))
            return update;
        throw new InputException(
            $"{_path}: line {number} is not a row of {_columns.Length} fields that begins with an update's number;"
            + " mend the line, or move the file away: a resumed run begins a new one");
    }
}
