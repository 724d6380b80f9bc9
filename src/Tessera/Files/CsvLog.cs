using System.Globalization;
using System.Text;

namespace Tessera.Files;

/// <summary>
/// A CSV file (RFC 4180, without quoting) that grows row by row: <c>metrics.csv</c>, <c>eval.csv</c> and
/// <c>series.csv</c> of a run. The first column is the update number. The file is closed between calls, so other
/// programs can read or move it during the run. A row is written whole or not at all.
/// </summary>
/// <example><code>
/// var log = new CsvLog("metrics.csv", "update", "recon_error");
/// log.TruncateAfter(checkpoint.Update);   // when a run is resumed
/// log.Append(100, 0.25);
/// </code></example>
internal sealed class CsvLog
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly string _path;
    private readonly string[] _columns;
    private readonly string _header;

    /// <summary>Opens a log, or creates it with its header. Removes a half-written last line after a crash.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="columns">The column names; an existing file must have the same.</param>
    /// <exception cref="InputException">The file has other columns, or cannot be read or written.</exception>
    /// <exception cref="ArgumentException">
    /// There are no columns, or a name contains a comma, a quote or a line break.
    /// </exception>
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

    /// <summary>Adds a row. If the file was removed in the meantime, it is created again.</summary>
    /// <param name="values">
    /// One value per column: a number (written with enough digits to read back exactly), plain text, or null for an
    /// empty field.
    /// </param>
    /// <exception cref="InputException">The file cannot be written; it then ends with the row before.</exception>
    /// <exception cref="ArgumentException">
    /// The number of values is wrong, or text contains a comma, a quote or a line break.
    /// </exception>
    public void Append(params object?[] values) => AppendRows([values]);

    /// <summary>Adds rows in one write; does nothing for an empty collection.</summary>
    /// <param name="rows">The rows, as for <see cref="Append"/>.</param>
    /// <exception cref="InputException">The file cannot be written; it then ends with the row before.</exception>
    /// <exception cref="ArgumentException">A row is invalid for <see cref="Append"/>.</exception>
    public void AppendRows(IReadOnlyCollection<object?[]> rows)
    {
        if (rows.Count == 0) return;
        if (rows.FirstOrDefault(row => row.Length != _columns.Length) is { } odd)
            throw new ArgumentException($"{odd.Length} values for {_columns.Length} columns", nameof(rows));
        string text = string.Concat(rows.Select(Row));
        try
        {
            // Unbuffered, so that the rows go to the system in one write.
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
    public string[]? LastRow() => File.Exists(_path) ? CsvTable.Read(_path).Rows.LastOrDefault().Fields : null;

    /// <summary>
    /// Removes the rows after <paramref name="update"/>; a run resumed from the checkpoint of that update writes them
    /// again. The file is replaced whole or not at all.
    /// </summary>
    /// <exception cref="InputException">
    /// A row has the wrong number of fields or does not begin with an update number, or the file cannot be read or
    /// written. The file is then unchanged.
    /// </exception>
    public void TruncateAfter(long update)
    {
        var kept = new StringBuilder(_header);
        bool changed = false;
        foreach (CsvRow row in CsvTable.Read(_path).Rows)
        {
            if (UpdateOf(row) <= update) kept.AppendJoin(',', row.Fields).Append('\n');
            else changed = true;
        }
        if (changed) AtomicFile.Write(_path, stream => stream.Write(Utf8.GetBytes(kept.ToString())));
    }

    private static void Write(FileStream stream, byte[] rows)
    {
        long length = stream.Position;
        try
        {
            stream.Write(rows);
            // Flushed to disk, so that after a power cut no row is missing that precedes a flushed checkpoint.
            stream.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            // A full disk may have accepted a part of them.
            stream.SetLength(length);
            throw;
        }
    }

    private static string Row(object?[] values)
    {
        string[] fields = Array.ConvertAll(values, value => Convert.ToString(value, CultureInfo.InvariantCulture)!);
        foreach (string field in fields)
            if (field.AsSpan().IndexOfAny(",\"\r\n") >= 0)
                throw new ArgumentException($"the field '{field}' would need quotes", nameof(values));
        return string.Join(',', fields) + '\n';
    }

    /// <summary>Checks the header; completes one that a crash cut short.</summary>
    private void CheckHeader(FileStream stream)
    {
        byte[] expected = Utf8.GetBytes(_header);
        byte[] found = new byte[expected.Length];
        int count = stream.ReadAtLeast(found, found.Length, throwOnEndOfStream: false);
        if (!expected.AsSpan().StartsWith(found.AsSpan(0, count)))
            throw new InputException(
                $"{_path}: its first line is not '{_header.TrimEnd()}';"
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

    private long UpdateOf(CsvRow row)
    {
        if (row.Fields.Length == _columns.Length
            && long.TryParse(
                row.Fields[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long update))
            return update;
        throw new InputException(
            $"{_path}: line {row.Line} is not a row of {_columns.Length} fields that begins with an update number;"
            + " fix the line, or move the file away (a resumed run starts a new one)");
    }
}
