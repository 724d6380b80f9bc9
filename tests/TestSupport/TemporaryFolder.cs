namespace Tessera.TestSupport;

/// <summary>An empty folder for one test, removed after it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tessera-test-").FullName;

    /// <summary>The path of something in the folder.</summary>
    public string this[params string[] parts] => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>The names in the folder, sorted.</summary>
    public string[] Names => NamesIn(Path);

    /// <summary>The names in a folder, sorted.</summary>
    public static string[] NamesIn(string folder) =>
        [.. new DirectoryInfo(folder).GetFileSystemInfos().Select(entry => entry.Name).Order(StringComparer.Ordinal)];

    /// <summary>Writes a file and creates its folders.</summary>
    /// <param name="relativePath">The path in the folder, with '/' between its parts.</param>
    /// <param name="content">The bytes.</param>
    /// <returns>The full path.</returns>
    public string Write(string relativePath, byte[] content)
    {
        string path = this[relativePath.Split('/')];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
