using System.Text.RegularExpressions;
using Tessera.Files;

namespace Tessera.Data;

/// <summary>
/// <c>skipped.txt</c>: the names of the unreadable images that a run left out, one per line. A line break in a name
/// is written as <c>\n</c> or <c>\r</c>, a backslash as <c>\\</c>.
/// </summary>
public static partial class SkippedFile
{
    /// <summary>Writes the names, sorted; replaces an existing file.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, IEnumerable<string> names)
    {
        string[] lines = [.. names.Distinct().Order(StringComparer.Ordinal)];
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
            foreach (string line in lines) writer.WriteLine(Escape(line));
        });
    }

    /// <summary>Writes the names; without any, deletes an existing file.</summary>
    /// <exception cref="InputException">The file cannot be written or deleted.</exception>
    public static void Replace(string path, IReadOnlyCollection<string> names)
    {
        if (names.Count > 0)
        {
            Write(path, names);
            return;
        }
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Writing(path, e);
        }
    }

    /// <summary>Reads the names; returns none if the file does not exist.</summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        if (!File.Exists(path)) return [];
        try
        {
            return Array.ConvertAll(File.ReadAllLines(path), Unescape);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
    }

    private static string Escape(string name) => name
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal)
        .Replace("\r", "\\r", StringComparison.Ordinal);

    private static string Unescape(string line) => EscapeSequence().Replace(
        line, match => match.Value[1] switch { 'n' => "\n", 'r' => "\r", var other => other.ToString() });

    [GeneratedRegex(@"\\.")]
    private static partial Regex EscapeSequence();
}
