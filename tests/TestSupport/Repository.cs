namespace Tessera.TestSupport;

/// <summary>The checkout that the tests were built from.</summary>
internal static class Repository
{
    private static readonly string Root = FindRoot();

    /// <summary>The path of a file or folder of the repository.</summary>
    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>The path of a file or folder under tests/fixtures.</summary>
    public static string Fixture(params string[] parts) => PathOf(["tests", "fixtures", .. parts]);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Tessera.slnx"))) return folder.FullName;
        }
        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds Tessera.slnx.");
    }
}
