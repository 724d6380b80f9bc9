namespace Tessera.Files;

/// <summary>The user's folder for files that the program can make or fetch again.</summary>
internal static class CacheFolder
{
    private const string Name = "tessera";

    /// <summary>The folder, whether or not it exists; null if this user has none.</summary>
    public static string? Find() =>
        Find(Environment.GetEnvironmentVariable, Environment.GetFolderPath, OperatingSystem.IsLinux());

    /// <summary>
    /// On Linux <c>$XDG_CACHE_HOME/tessera</c>, by default <c>~/.cache/tessera</c>; on macOS and Windows <c>tessera</c>
    /// in the local application data.
    /// </summary>
    public static string? Find(
        Func<string, string?> variable, Func<Environment.SpecialFolder, string> folder, bool isLinux) =>
        isLinux ? OnLinux(variable, folder) : Within(folder(Environment.SpecialFolder.LocalApplicationData), Name);

    // The XDG Base Directory Specification says to ignore relative paths.
    private static string? OnLinux(Func<string, string?> variable, Func<Environment.SpecialFolder, string> folder) =>
        variable("XDG_CACHE_HOME") is { Length: > 0 } cache && Path.IsPathRooted(cache)
            ? Path.Combine(cache, Name)
            : Within(folder(Environment.SpecialFolder.UserProfile), ".cache", Name);

    private static string? Within(string folder, params string[] names) =>
        folder.Length > 0 ? Path.Combine([folder, .. names]) : null;
}
