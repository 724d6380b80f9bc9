using System.Diagnostics;

namespace Tessera.TestSupport;

/// <summary>Runs a headless browser, if the machine has one.</summary>
internal static class Chromium
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    /// <summary>The browser's program; without one the test is skipped.</summary>
    public static string Program
    {
        get
        {
            string? browser = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
                .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
            if (browser is null) Assert.Skip("There is no Chromium on this machine.");
            return browser;
        }
    }

    /// <summary>Opens a page and waits for its scripts.</summary>
    /// <param name="page">The file.</param>
    /// <returns>The document as the browser parsed it, and the messages of the page on the console.</returns>
    public static (string Document, string[] Console) Open(string page)
    {
        using var profile = new TemporaryFolder();
        var start = new ProcessStartInfo(Program,
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", $"--user-data-dir={profile.Path}",
            "--enable-logging=stderr", "--v=0",
            "--dump-dom", new Uri(page).AbsoluteUri,
        ])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> messages = process.StandardError.ReadToEndAsync();
        string document = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        string[] lines = messages.Result.Split('\n');
        return (document, [.. lines.Where(line => line.Contains("CONSOLE", StringComparison.Ordinal))]);
    }
}
