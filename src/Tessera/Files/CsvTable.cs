namespace Tessera.Files;

/// <summary>
/// Reads a CSV file as <see cref="CsvLog"/> writes it (RFC 4180, without quoting). The rows are read while they are
/// enumerated, because a long run has millions of them.
/// </summary>
internal sealed class CsvTable
{
    private readonly string _path;
    private readonly string[] _columns;

    private CsvTable(string path, string[] columns) => (_path, _columns) = (path, columns);

    /// <summary>The fields of the first line; none if the file is empty.</summary>
    public IReadOnlyList<string> Columns => _columns;

    /// <summary>The rows after the first line, as they are in the file: unchecked.</summary>
    /// <exception cref="InputException">The file cannot be read; thrown by the enumeration.</exception>
    public IEnumerable<CsvRow> Rows => Lines(_path).Skip(1);

    /// <summary>Opens a table and reads its first line.</summary>
    /// <exception cref="InputException">The file is missing or cannot be read.</exception>
    public static CsvTable Read(string path) =>
        new(path, Lines(path).Select(line => line.Fields).FirstOrDefault() ?? []);

    /// <summary>The index of a column; -1 if there is none of this name.</summary>
    public int IndexOf(string column) => Array.IndexOf(_columns, column);

    private static IEnumerable<CsvRow> Lines(string path)
    {
        using IEnumerator<string> lines = Try(() => File.ReadLines(path).GetEnumerator());
        for (int number = 1; Try(lines.MoveNext); number++) yield return new CsvRow(number, lines.Current.Split(','));

        T Try<T>(Func<T> read)
        {
            try
            {
                return read();
            }
            catch (Exception e) when (FileErrors.IsFileError(e))
            {
                throw FileErrors.Reading(path, e);
            }
        }
    }
}

/// <summary>A line of a CSV file.</summary>
/// <param name="Line">Its number in the file, from 1.</param>
/// <param name="Fields">Its fields.</param>
internal readonly record struct CsvRow(int Line, string[] Fields);
