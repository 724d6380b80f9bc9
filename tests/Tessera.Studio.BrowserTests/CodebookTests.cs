using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tessera.Studio.BrowserTests;

/// <summary>The codebook: map, atlas, one code.</summary>
[Collection(ModelViews.Name)]
public sealed class CodebookTests(Browser browser)
{
    [Fact]
    public async Task Map_atlas_and_details_show_the_same_code()
    {
        string id = await browser.Studio.Id("plain");
        await using Sheet sheet = await browser.Open($"runs/{id}/codebook");
        ILocator title = sheet.Page.Locator(".code-title h2");
        ILocator map = sheet.Page.GetByRole(AriaRole.Application);
        await Expect(map).ToBeVisibleAsync();
        await Expect(sheet.Heading("Real patches that chose it")).ToBeVisibleAsync();
        await Expect(sheet.Heading("Influence")).ToBeVisibleAsync();

        await sheet.Label("Order of the atlas").SelectOptionAsync("number");
        await sheet.Page.Keyboard.PressAsync("a");
        await sheet.Page.Keyboard.PressAsync("Home");
        await Expect(title).ToHaveTextAsync("Code 0");
        await sheet.Page.Keyboard.PressAsync("ArrowRight");
        await Expect(title).ToHaveTextAsync("Code 1");
        await Expect(map).ToContainTextAsync("Code 1");

        // From the map to the atlas.
        await map.FocusAsync();
        foreach (string key in new[] { "ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown" })
            await sheet.Page.Keyboard.PressAsync(key);
        string chosen = (await title.TextContentAsync())!;
        Assert.StartsWith($"{chosen},", await sheet.Cell("Atlas"));
        await sheet.Page.Keyboard.PressAsync("+");
        await sheet.Button("PCA").ClickAsync();
        await Expect(sheet.Button("PCA")).ToHaveAttributeAsync("aria-pressed", "true");

        await sheet.Page.Locator(".near button").First.ClickAsync();
        await Expect(title).Not.ToHaveTextAsync(chosen);
        await sheet.Label("Order of the atlas").SelectOptionAsync("color");
        await sheet.Label("Order of the atlas").SelectOptionAsync("use");
        await sheet.Page.Keyboard.PressAsync("a");
        await sheet.Page.Keyboard.PressAsync("Home");
        await sheet.Page.Locator(".uses a").First.ClickAsync();
        await Expect(sheet.Grid("Codes of picture A")).ToBeVisibleAsync();
        Assert.Contains("/editor", sheet.Page.Url);
    }
}
