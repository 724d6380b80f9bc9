using Deque.AxeCore.Commons;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tessera.Studio.BrowserTests;

/// <summary>axe-core finds nothing serious in any view, in either theme.</summary>
[Collection(RunViews.Name)]
public sealed class AccessibilityTests(Browser browser)
{
    /// <summary>The views; RUN stands for a run's id. What is waited for shows that a view is complete.</summary>
    private static readonly (string Address, string Complete)[] Views =
    [
        ("runs", ".run-card"),
        ("start", ".settings"),
        ("runs/RUN/live", ".uplot"),
        ("runs/RUN/editor", ".status-line span:nth-child(2)"),
        ("runs/RUN/codebook", ".influence"),
        ("runs/RUN/samples", ".sample a[href]"),
        ("compare", ".compare-row"),
    ];

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task No_view_has_a_serious_finding(ColorScheme theme)
    {
        string id = await browser.Studio.Id("plain");
        await using Sheet sheet = await browser.Open("runs", theme: theme);
        foreach ((string address, string complete) in Views)
        {
            await sheet.Page.GotoAsync($"/#/{address.Replace("RUN", id)}");
            await Expect(sheet.Page.Locator(complete).First).ToBeVisibleAsync();
            await Check(sheet, address, theme);
        }
        await sheet.Page.Keyboard.PressAsync("?");
        await Expect(sheet.Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await Check(sheet, "keys", theme);
    }

    /// <summary>Also at the width of a phone, where no view may scroll sideways.</summary>
    [Fact]
    public async Task No_view_is_wider_than_a_phone()
    {
        string id = await browser.Studio.Id("plain");
        await using Sheet sheet = await browser.Open("runs");
        await sheet.Page.SetViewportSizeAsync(390, 844);
        foreach ((string address, string complete) in Views)
        {
            await sheet.Page.GotoAsync($"/#/{address.Replace("RUN", id)}");
            await Expect(sheet.Page.Locator(complete).First).ToBeVisibleAsync();
            int width = await sheet.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
            Assert.True(width <= 390, $"{address} is {width} pixels wide");
        }
    }

    /// <summary>
    /// All rules in the light theme; the dark one has the same elements in other colours. The library's own RunAxe would
    /// open a further page for each check, which takes ten times as long as the check.
    /// </summary>
    private static async Task Check(Sheet sheet, string view, ColorScheme theme)
    {
        string[]? rules = theme == ColorScheme.Dark ? ["color-contrast"] : null;
        if (!await sheet.Page.EvaluateAsync<bool>("'axe' in window"))
            await sheet.Page.EvaluateAsync(new BundledAxeScriptProvider().GetScript());
        string[] serious = await sheet.Page.EvaluateAsync<string[]>(
            """
            async rules => {
              const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) };
              const { violations } = await axe.run(document, options);
              return violations.filter(found => ['serious', 'critical'].includes(found.impact)).map(found =>
                `${found.id}: ${found.help}: ${found.nodes.slice(0, 3).map(node => node.html).join('; ')}`);
            }
            """,
            rules);
        Assert.True(serious.Length == 0, $"{view}, {theme}:\n{string.Join('\n', serious)}");
    }
}
