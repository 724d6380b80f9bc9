using System.Text.RegularExpressions;
using static Microsoft.Playwright.Assertions;

namespace Tessera.Studio.BrowserTests;

/// <summary>The pages stay small and need no exception from the content security policy.</summary>
[Collection(RunViews.Name)]
public sealed partial class SizeTests(Browser browser)
{
    private const int MostBytes = 300_000;

    [Fact]
    public async Task The_first_page_takes_less_than_300_kilobytes()
    {
        await using Sheet sheet = await browser.Open("runs");
        await Expect(sheet.Page.Locator(".run-card").First).ToBeVisibleAsync();
        int bytes = await sheet.Page.EvaluateAsync<int>(
            """
            [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
              .filter(entry => !entry.name.includes('/api/') || entry.name.includes('thumbnail.png'))
              .reduce((sum, entry) => sum + entry.decodedBodySize, 0)
            """);
        Assert.InRange(bytes, 10_000, MostBytes);
    }

    [Fact]
    public void Pages_have_no_inline_script_or_style_and_load_nothing_from_elsewhere()
    {
        string folder = Repository.PathOf("src", "Tessera.Studio", "Pages");
        string[] own = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}vendor{Path.DirectorySeparatorChar}"))];
        Assert.NotEmpty(own);
        foreach (string file in own)
        {
            string text = File.ReadAllText(file);
            Assert.False(Elsewhere().IsMatch(text), $"{file} names an address elsewhere");
            if (!file.EndsWith(".html", StringComparison.Ordinal)) continue;
            Assert.False(Inline().IsMatch(text), $"{file} has an inline script, style or listener");
        }
    }

    [Fact]
    public void Modules_are_short()
    {
        string folder = Repository.PathOf("src", "Tessera.Studio", "Pages");
        string[] @long = [.. Directory.EnumerateFiles(folder, "*.js", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "uPlot.js" && File.ReadLines(file).Count() > 300)];
        Assert.True(@long.Length == 0, $"over 300 lines: {string.Join(", ", @long)}");
    }

    [GeneratedRegex("""https?://(?!www\.w3\.org/2000/svg)""")]
    private static partial Regex Elsewhere();

    [GeneratedRegex("""<style|<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=""")]
    private static partial Regex Inline();
}
