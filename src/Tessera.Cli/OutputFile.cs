namespace Tessera.Cli;

/// <summary>Checks the file that a command is to write, before time is spent on what goes into it.</summary>
internal static class OutputFile
{
    /// <summary>The file that the user named, or the usual one, which is never written over another.</summary>
    /// <exception cref="InputException">It cannot be written there.</exception>
    public static string OrUsual(string? path, string usual, string kind, params string[] endings)
    {
        if (path is not null) return Checked($"--out {path}", path, kind, endings);
        return File.Exists(usual)
            ? throw new InputException($"{usual} exists already; name it, or another file, with --out")
            : usual;
    }

    /// <summary>The file that the user named.</summary>
    /// <param name="given">How the user named it, for messages.</param>
    /// <param name="path">The file.</param>
    /// <param name="kind">What is written, for messages.</param>
    /// <param name="endings">The endings, in small letters, that its name may have.</param>
    /// <exception cref="InputException">It cannot be written there.</exception>
    public static string Checked(string given, string path, string kind, params string[] endings)
    {
        if (!endings.Contains(Path.GetExtension(path).ToLowerInvariant()))
            throw new InputException($"{given}: {kind}; give a name that ends in {string.Join(" or ", endings)}");
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
        return Directory.Exists(folder) && !Directory.Exists(path)
            ? path
            : throw new InputException($"{given}: no file can be written there; name one in a folder that exists");
    }
}
