using System.Globalization;
using System.Text;

namespace Tessera.Tensors.IO;

/// <summary>Makes text from a file fit to be shown in one line, on a terminal too.</summary>
public static class Printable
{
    private const int Longest = 100;

    /// <summary>The text in quotes, shortened if it is long.</summary>
    public static string Quote(string text) =>
        $"'{OneLine(text.Length > Longest ? string.Concat(text.AsSpan(0, Longest), "...") : text)}'";

    /// <summary>The text with its control characters shown by their codes.</summary>
    public static string OneLine(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            if (char.IsControl(c) || c is '\u2028' or '\u2029')
                line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else line.Append(c);
        }
        return line.ToString();
    }
}
