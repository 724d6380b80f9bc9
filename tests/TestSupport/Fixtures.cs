namespace Tessera.TestSupport;

/// <summary>The files under tests/fixtures, found from wherever the tests run.</summary>
internal static class Fixtures
{
    public static string PathOf(params string[] parts)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Tessera.slnx")))
                return Path.Combine([folder.FullName, "tests", "fixtures", .. parts]);
        }
        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds Tessera.slnx.");
    }
}
