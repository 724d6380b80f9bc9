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

    [Fact]
    public async Task The_map_is_enlarged_by_its_buttons_and_by_the_wheel_about_the_pointer()
    {
        // Code 4 y + x lies in column x and row y from below of a square of 4 x 4.
        await using Sheet sheet = await browser.Open(
            $"runs/{await browser.Studio.Id("plain")}/codebook", prepare: page =>
                page.RouteAsync("**/codebook/map", async route =>
                {
                    int[] numbers = [.. Enumerable.Range(0, 16)];
                    int[][] places = [.. numbers.Select(number => new[] { number % 4, number / 4 })];
                    await route.FulfillAsync(new() { Json = new { numbers, umap = places, pca = places } });
                }));
        ILocator title = sheet.Page.Locator(".code-title h2");
        ILocator map = sheet.Page.GetByRole(AriaRole.Application);
        await Expect(map).ToBeVisibleAsync();
        LocatorBoundingBoxResult box = (await map.BoundingBoxAsync())!;
        // The square is 3 wide and has a margin: places from the middle, in parts of the map's side.
        const float Apart = 1 / 3.24f;
        await Shows(-Apart / 2, Apart / 2, "Code 5");
        await Shows(Apart / 2, Apart / 2, "Code 6");

        ILocator sizes = sheet.Page.GetByRole(AriaRole.Group, new() { Name = "Size of the map" });
        await Press("Enlarge");
        await Shows(-Apart / 2 * 1.5f, Apart / 2 * 1.5f, "Code 5");
        await Press("Make smaller");
        await Shows(Apart * 1.5f, Apart / 2, "Code 7");

        // Four times 1.2, about code 5.
        await sheet.Page.Mouse.MoveAsync(X(-Apart / 2), Y(Apart / 2));
        for (int turn = 0; turn < 4; turn++) await sheet.Page.Mouse.WheelAsync(0, -100);
        await Shows(Apart * 2.0736f - Apart / 2, Apart / 2, "Code 6");
        await Shows(-Apart / 2, Apart / 2, "Code 5");
        await sheet.Page.Mouse.WheelAsync(0, 100);
        await Shows(Apart * 1.728f - Apart / 2, Apart / 2, "Code 6");
        // What is enlarged can be moved.
        await sheet.Page.Mouse.DownAsync();
        await sheet.Page.Mouse.MoveAsync(X(Apart), Y(0), new() { Steps = 4 });
        await sheet.Page.Mouse.UpAsync();
        await Shows(Apart - Apart * 1.728f, 0, "Code 5");
        await Press("Whole map");
        await Shows(Apart / 2, Apart / 2, "Code 6");

        float X(float part) => box.X + box.Width * (.5f + part);
        float Y(float part) => box.Y + box.Height * (.5f + part);

        Task Press(string button) => sizes.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync();

        async Task Shows(float x, float y, string code)
        {
            await sheet.Page.Mouse.ClickAsync(X(x), Y(y));
            await Expect(title).ToHaveTextAsync(code);
        }
    }
}
