namespace Tessera.Tests.Data;

/// <summary>Files in a test's folder.</summary>
internal static class TemporaryFiles
{
    /// <summary>Writes a file, and the folders it needs; returns its path.</summary>
    public static string Write(this TemporaryFolder folder, string relativePath, byte[] content)
    {
        string path = folder[relativePath.Split('/')];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }
}
