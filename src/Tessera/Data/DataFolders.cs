namespace Tessera.Data;

/// <summary>What a search for a data set gave.</summary>
/// <param name="Folder">The folder that holds it, or null.</param>
/// <param name="Places">
/// The folders looked in, in their order, at least one. A download goes to the first.
/// </param>
public sealed record DataSearch(string? Folder, IReadOnlyList<string> Places);

/// <summary>The folders in which data sets are looked for.</summary>
public static class DataFolders
{
    /// <summary>The environment variable that names a data folder.</summary>
    public const string Variable = "TESSERA_DATA";

    /// <summary>
    /// The folders in the order of the search: <paramref name="dataDir"/>, that of <c>TESSERA_DATA</c>, and the user's
    /// cache folder: on Linux <c>$XDG_CACHE_HOME/tessera</c>, by default <c>~/.cache/tessera</c>; on macOS and Windows
    /// <c>tessera</c> in the local application data.
    /// </summary>
    /// <param name="dataDir">The folder the user named, or null.</param>
    /// <exception cref="InputException">None is given, and the user has no cache folder.</exception>
    public static IReadOnlyList<string> List(string? dataDir) =>
        List(dataDir, Environment.GetEnvironmentVariable, Environment.GetFolderPath, OperatingSystem.IsLinux());

    internal static IReadOnlyList<string> List(
        string? dataDir,
        Func<string, string?> variable, Func<Environment.SpecialFolder, string> folder, bool isLinux)
    {
        string?[] places = [dataDir, variable(Variable), isLinux ? LinuxCache(variable, folder) : LocalData(folder)];
        string[] given =
            [.. places.OfType<string>().Where(place => place.Length > 0).Select(Path.GetFullPath).Distinct()];
        return given.Length > 0 ? given : throw new InputException(
            $"This user has no cache folder to look for data in; name one with --data-dir or {Variable}.");
    }

    // The XDG Base Directory Specification says that relative paths are to be ignored.
    private static string? LinuxCache(Func<string, string?> variable, Func<Environment.SpecialFolder, string> folder)
    {
        if (variable("XDG_CACHE_HOME") is { Length: > 0 } cache && Path.IsPathRooted(cache))
            return Path.Combine(cache, "tessera");
        string home = folder(Environment.SpecialFolder.UserProfile);
        return home.Length > 0 ? Path.Combine(home, ".cache", "tessera") : null;
    }

    private static string? LocalData(Func<Environment.SpecialFolder, string> folder)
    {
        string data = folder(Environment.SpecialFolder.LocalApplicationData);
        return data.Length > 0 ? Path.Combine(data, "tessera") : null;
    }
}
