using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tessera.Studio.BrowserTests;

/// <summary>From the form to a picture in a file.</summary>
[Collection(ModelViews.Name)]
public sealed class WholePathTests(Browser browser)
{
    [Fact]
    public async Task A_tiny_run_is_started_watched_to_its_end_painted_with_and_exported()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["runs"]);
        await using Tests.Studio studio = await Tests.Studio.Start(
            new StudioOptions { Paths = [folder["runs"]], Images = [browser.Runs.Images] });
        await using Sheet sheet = await browser.Open("start", studio.Address);
        await Expect(sheet.Text("Ready to start.")).ToBeVisibleAsync();
        await sheet.Label("data").SelectOptionAsync(new SelectOptionValue { Index = await DataFolder(sheet) });
        foreach ((string setting, string value) in new[] { ("size", "16"), ("codes", "16"), ("updates", "30") })
            await sheet.Label(setting).FillAsync(value);
        await sheet.Page.Locator("summary").Filter(new() { HasText = "Model" }).ClickAsync();
        await sheet.Label("hidden").FillAsync("8");
        await sheet.Label("residual hidden").FillAsync("4");
        await sheet.Page.Locator("summary").Filter(new() { HasText = "Optimizer" }).ClickAsync();
        await sheet.Label("batch").FillAsync("4");
        await sheet.Label("Name").FillAsync("tiny");
        await Expect(sheet.Page.Locator("aside .command code")).ToContainTextAsync("tiny");
        await sheet.Button("Start").ClickAsync();

        await Expect(sheet.Page.Locator(".vital")).ToContainTextAsync("30 of 30");
        await Expect(sheet.Page.Locator(".run-head .pill")).ToHaveTextAsync("finished");
        await Expect(sheet.Label("Update of the pictures")).ToHaveAttributeAsync("aria-valuetext", "update 30");

        await sheet.Page.GetByRole(AriaRole.Link, new() { Name = "Token editor" }).ClickAsync();
        await Expect(sheet.Text("decoded in")).ToBeVisibleAsync();
        await sheet.ClickCell("Codes of picture A", 0, 0, 4);
        string before = await sheet.Cell("Codes of picture A");
        await sheet.Page.Keyboard.PressAsync("a");
        await sheet.Page.Keyboard.PressAsync("End");
        await sheet.Page.Keyboard.PressAsync("Enter");
        await Sheet.Until(async () => await sheet.Cell("Codes of picture A") != before, "another code in the cell");
        await sheet.Button("Export").ClickAsync();
        IDownload download =
            await sheet.Page.RunAndWaitForDownloadAsync(() => sheet.Button("Picture (.png)").ClickAsync());
        Assert.EndsWith(".png", download.SuggestedFilename);
    }

    [Fact]
    public async Task A_run_is_stopped_and_resumed()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["runs"]);
        await using Tests.Studio studio = await Tests.Studio.Start(
            new StudioOptions { Paths = [folder["runs"]], Images = [browser.Runs.Images] });
        await studio.Post("/api/runs",
            """
            { "folder": "f0", "name": "long", "preset": "default", "values": { "--data": "d0", "--size": "16",
              "--codes": "16", "--hidden": "8", "--residual-hidden": "4", "--residual-layers": "1", "--batch": "4",
              "--code-dim": "4", "--threads": "1", "--updates": "1000000" } }
            """);
        await using Sheet sheet = await browser.Open("runs", studio.Address);
        // A resumed run deletes the pictures after its checkpoint, which the page may just be asking for.
        sheet.MayMiss = true;
        ILocator card = sheet.Page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "long" });
        await Expect(card).ToContainTextAsync("running");
        await card.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Expect(card).ToContainTextAsync("stopped");
        await card.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        ILocator dialog = sheet.Page.GetByRole(AriaRole.Dialog, new() { Name = "Resume long" });
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Expect(dialog).ToBeHiddenAsync();
        await Expect(card).ToContainTextAsync("running");
        await card.GetByRole(AriaRole.Link).ClickAsync();
        // Once it has a speed, it has left its start behind.
        await Expect(sheet.Page.Locator(".vital")).ToContainTextAsync("time left");
        await Expect(sheet.Page.Locator(".vital")).Not.ToContainTextAsync("measuring");
        await sheet.Button("Stop").ClickAsync();
        await Expect(sheet.Page.Locator(".run-head .pill")).ToHaveTextAsync("stopped");
    }

    /// <summary>Where the choice of data has the folder that the studio was given.</summary>
    private static async Task<int> DataFolder(Sheet sheet)
    {
        ILocator options = sheet.Label("data").Locator("option");
        string[] values = await options.EvaluateAllAsync<string[]>("all => all.map(option => option.value)");
        return Array.IndexOf(values, "d0");
    }
}
