namespace Tessera.Cli;

/// <summary>Checks the path of an output file before the command spends time on its contents.</summary>
internal static class OutputFile
{
    /// <summary>The path that the user gave, or the default one, which never overwrites a file.</summary>
    /// <exception cref="InputException">No file can be written there.</exception>
    public static string OrUsual(string? path, string usual, string kind, params string[] endings)
    {
        if (path is not null) return Checked($"--out {path}", path, kind, endings);
        return File.Exists(usual)
            ? throw new InputException(
                $"{usual} exists already; overwrite it with --out {usual}, or name another file with --out")
            : usual;
    }

    /// <summary>The path that the user gave, checked.</summary>
    /// <param name="given">The argument as the user typed it, for messages: "--out a.png".</param>
    /// <param name="path">The path.</param>
    /// <param name="kind">The contents, for messages: "an image".</param>
    /// <param name="endings">The allowed extensions, in lower case.</param>
    /// <exception cref="InputException">The extension is wrong, or no file can be written there.</exception>
    public static string Checked(string given, string path, string kind, params string[] endings)
    {
        if (!endings.Contains(Path.GetExtension(path).ToLowerInvariant()))
            throw new InputException(
                $"{given}: wrong file type for {kind}; give a name that ends in {string.Join(" or ", endings)}");
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
        return Directory.Exists(folder) && !Directory.Exists(path)
            ? path
            : throw new InputException(
                $"{given}: this is a folder, or its parent folder does not exist; name a file in an existing folder");
    }
}
