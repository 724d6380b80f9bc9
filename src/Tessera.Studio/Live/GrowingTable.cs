using System.Globalization;
using System.Text;
using Tessera.Studio.Runs;

namespace Tessera.Studio.Live;

/// <summary>
/// A CSV file of a run in memory, which follows the file as it grows: each look reads what is new. A resumed run cuts
/// the file and writes on; then the rows are read anew.
/// </summary>
/// <param name="path">Finds the file at each look; it need not exist yet.</param>
internal sealed class GrowingTable(Func<string> path)
{
    private const int ChunkBytes = 1 << 20;

    private readonly List<long> _updates = [];
    private List<float>[] _values = [];
    private string[] _columns = [];
    private byte[] _lastLine = [];
    private long _read;

    /// <summary>The columns after the update that hold numbers or nothing.</summary>
    public IReadOnlyList<string> Columns => _columns;

    /// <summary>The updates of the rows, ascending.</summary>
    public IReadOnlyList<long> Updates => _updates;

    /// <summary>The update of the last row; 0 if there is none.</summary>
    public long Last => _updates.Count > 0 ? _updates[^1] : 0;

    /// <summary>The values of a column, NaN where a field holds no number.</summary>
    public List<float> Values(int column) => _values[column];

    /// <summary>The first row after an update.</summary>
    public int RowAfter(long update)
    {
        int index = _updates.BinarySearch(update);
        return index >= 0 ? index + 1 : ~index;
    }

    /// <summary>Reads what is new.</summary>
    /// <returns>The last update that is as it was, where rows were cut or changed; else null.</returns>
    public long? Refresh()
    {
        using FileStream? stream = CsvTail.Open(path());
        if (stream is null || !IsSame(stream))
        {
            if (_read == 0) return null;
            long[] before = [.. _updates];
            float[][] values = [.. _values.Select(column => column.ToArray())];
            Clear();
            if (stream is not null) ReadOn(stream);
            return CommonWith(before, values);
        }
        ReadOn(stream);
        return null;
    }

    private void Clear()
    {
        (_columns, _values, _lastLine, _read) = ([], [], [], 0);
        _updates.Clear();
    }

    /// <summary>Whether the last line that was read is still where it was.</summary>
    private bool IsSame(FileStream stream)
    {
        if (stream.Length < _read) return false;
        stream.Position = _read - _lastLine.Length;
        byte[] line = new byte[_lastLine.Length];
        return stream.ReadAtLeast(line, line.Length, throwOnEndOfStream: false) == line.Length
            && line.AsSpan().SequenceEqual(_lastLine);
    }

    private long CommonWith(long[] updates, float[][] values)
    {
        if (values.Length != _values.Length) return 0;
        int row = 0;
        while (row < updates.Length && row < _updates.Count && updates[row] == _updates[row]
            && Enumerable.Range(0, values.Length).All(i => values[i][row].Equals(_values[i][row])))
            row++;
        return row == 0 ? 0 : updates[row - 1];
    }

    private void ReadOn(FileStream stream)
    {
        stream.Position = _read;
        byte[] chunk = new byte[Math.Min(ChunkBytes, stream.Length - _read)];
        while (chunk.Length > 0)
        {
            int count = stream.ReadAtLeast(chunk, chunk.Length, throwOnEndOfStream: false);
            int end = chunk.AsSpan(0, count).LastIndexOf((byte)'\n') + 1;
            // A line is written whole: what has no end yet is read at the next look.
            if (end == 0) return;
            foreach (Range line in Lines(chunk.AsSpan(0, end))) Add(chunk.AsSpan(line));
            _read += end;
            if (stream.Length <= _read) return;
            stream.Position = _read;
            chunk = new byte[Math.Min(ChunkBytes, stream.Length - _read)];
        }
    }

    private static List<Range> Lines(ReadOnlySpan<byte> bytes)
    {
        var lines = new List<Range>();
        for (int start = 0; start < bytes.Length;)
        {
            int length = bytes[start..].IndexOf((byte)'\n') + 1;
            lines.Add(start..(start + length));
            start += length;
        }
        return lines;
    }

    private void Add(ReadOnlySpan<byte> line)
    {
        _lastLine = line.ToArray();
        string text = Encoding.UTF8.GetString(line).TrimEnd('\n', '\r');
        string[] fields = text.Split(',');
        if (_columns.Length == 0)
        {
            _columns = [.. fields.Skip(1)];
            _values = [.. _columns.Select(_ => new List<float>())];
            return;
        }
        // A damaged row is left out: what can be shown is shown.
        if (fields.Length != _columns.Length + 1
            || !long.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out long update)
            || update <= Last)
            return;
        _updates.Add(update);
        for (int i = 0; i < _columns.Length; i++)
        {
            _values[i].Add(
                float.TryParse(fields[i + 1], NumberStyles.Float, CultureInfo.InvariantCulture, out float value)
                && float.IsFinite(value)
                    ? value
                    : float.NaN);
        }
    }
}
