using Tessera.Files;

namespace Tessera.Data;

/// <summary>The result of a search for a data set.</summary>
/// <param name="Folder">The folder that holds it, or null.</param>
/// <param name="Places">The folders searched, in order; at least one. A download goes to the first.</param>
public sealed record DataSearch(string? Folder, IReadOnlyList<string> Places);

/// <summary>The folders in which data sets are searched.</summary>
public static class DataFolders
{
    /// <summary>The environment variable that names a data folder.</summary>
    public const string Variable = "TESSERA_DATA";

    /// <summary>
    /// The folders in search order: <paramref name="dataDir"/>, <c>TESSERA_DATA</c>, and the user's cache folder. The
    /// latter is on Linux <c>$XDG_CACHE_HOME/tessera</c>, by default <c>~/.cache/tessera</c>; on macOS and Windows
    /// <c>tessera</c> in the local application data.
    /// </summary>
    /// <param name="dataDir">The folder that the user named, or null.</param>
    /// <exception cref="InputException">No folder is given, and the user has no cache folder.</exception>
    public static IReadOnlyList<string> List(string? dataDir) =>
        List(dataDir, Environment.GetEnvironmentVariable, Environment.GetFolderPath, OperatingSystem.IsLinux());

    internal static IReadOnlyList<string> List(
        string? dataDir,
        Func<string, string?> variable, Func<Environment.SpecialFolder, string> folder, bool isLinux)
    {
        string?[] places = [dataDir, variable(Variable), CacheFolder.Find(variable, folder, isLinux)];
        string[] given =
            [.. places.OfType<string>().Where(place => place.Length > 0).Select(Path.GetFullPath).Distinct()];
        return given.Length > 0 ? given : throw new InputException(
            $"this user has no cache folder to search for data; name a data folder, or set {Variable}")
        { Option = nameof(dataDir) };
    }
}
