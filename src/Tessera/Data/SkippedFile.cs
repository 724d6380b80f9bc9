using Tessera.Files;

namespace Tessera.Data;

/// <summary><c>skipped.txt</c>: the names of the unreadable pictures that a run left out, one per line.</summary>
public static class SkippedFile
{
    /// <summary>Writes the names, sorted; replaces an existing file.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, IEnumerable<string> names)
    {
        string[] lines = [.. names.Distinct().Order(StringComparer.Ordinal)];
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
            foreach (string line in lines) writer.WriteLine(line);
        });
    }

    /// <summary>Reads the names; returns none if the file does not exist.</summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        if (!File.Exists(path)) return [];
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (FileErrors.IsFileError(e))
        {
            throw FileErrors.Reading(path, e);
        }
    }
}
