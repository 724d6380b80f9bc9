using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tessera.Studio.BrowserTests;

/// <summary>The live view.</summary>
[Collection(RunViews.Name)]
public sealed class LiveTests(Browser browser)
{
    [Fact]
    public async Task A_run_shows_its_numbers_curves_pictures_and_codes()
    {
        await using Sheet sheet = await browser.Open($"runs/{await browser.Studio.Id("plain")}/live");
        await Expect(sheet.Page.Locator(".vital")).ToContainTextAsync("40 of 40");
        ILocator chart = sheet.Page.GetByRole(AriaRole.Img, new() { Name = "Reconstruction error." });
        await Expect(chart).ToHaveAttributeAsync("aria-label", new Regex("at update 40"));
        await Expect(sheet.Page.Locator(".uplot")).Not.ToHaveCountAsync(0);

        ILocator slider = sheet.Label("Update of the pictures");
        await Expect(slider).ToHaveAttributeAsync("aria-valuetext", "update 40");
        await Expect(sheet.Text("chosen at least once on")).ToContainTextAsync("of 16");
        string before = await Picture();
        await slider.FocusAsync();
        await sheet.Page.Keyboard.PressAsync("Home");
        await Expect(slider).Not.ToHaveAttributeAsync("aria-valuetext", "update 40");
        await Sheet.Until(async () => await Picture() != before, "another picture of an earlier update");
        await sheet.Button("Play").ClickAsync();
        await Expect(sheet.Button("Pause")).ToHaveAttributeAsync("title", "Pause");
        await sheet.Button("Pause").ClickAsync();

        await sheet.Grid("Codes in use").GetByRole(AriaRole.Gridcell).FocusAsync();
        await sheet.Page.Keyboard.PressAsync("ArrowRight");
        Assert.StartsWith("Code 1:", await sheet.Cell("Codes in use"));

        Task<string> Picture() => sheet.Page.Locator(".pair canvas").Nth(8).EvaluateAsync<string>("c => c.toDataURL()");
    }

    [Fact]
    public async Task A_prior_leads_to_its_samples()
    {
        await using Sheet sheet = await browser.Open($"runs/{await browser.Studio.Id("plain/prior")}/live");
        await sheet.Page.GetByRole(AriaRole.Link, new() { Name = "Its samples" }).ClickAsync();
        await Expect(sheet.Button("Draw")).ToBeVisibleAsync();
        await Expect(sheet.Page.Locator(".run-head h1")).ToHaveTextAsync("plain");
    }

    [Fact]
    public async Task Curves_can_be_smoothed_cut_and_laid_over_each_other()
    {
        await using Sheet sheet = await browser.Open($"runs/{await browser.Studio.Id("plain")}/live");
        ILocator chart = sheet.Page.Locator(".chart-box").First;
        await Expect(chart).ToHaveAttributeAsync("aria-label", new Regex("smoothed"));
        await sheet.Label("Window of the smoothing").SelectOptionAsync("0");
        await Expect(chart).Not.ToHaveAttributeAsync("aria-label", new Regex("smoothed"));
        await sheet.Label("Updates shown").SelectOptionAsync("0.5");
        await Expect(chart).ToHaveAttributeAsync("aria-label", new Regex("at update 21,"));
        await sheet.Label("log error").UncheckAsync();
        await sheet.Label("log updates").CheckAsync();
        await sheet.Label("Column").SelectOptionAsync("evaluations psnr");

        // Alone, a run's two curves have names; over each other, the runs.
        await Expect(sheet.Page.Locator(".legend")).ToHaveTextAsync("trainingtest");
        await sheet.Text("Other runs over these").ClickAsync();
        await sheet.Label("other").CheckAsync();
        await Expect(sheet.Page.Locator(".legend")).ToContainTextAsync("other");
        await Expect(chart).ToHaveAttributeAsync("aria-label", new Regex("other training"));
        await sheet.Label("other").UncheckAsync();
        await Expect(sheet.Page.Locator(".legend")).Not.ToContainTextAsync("other");

        // Drawing with the pointer shows a range of updates; a button goes back.
        await chart.ScrollIntoViewIfNeededAsync();
        LocatorBoundingBoxResult box = (await chart.Locator(".u-over").BoundingBoxAsync())!;
        await sheet.Page.Mouse.MoveAsync(box.X + box.Width * .2f, box.Y + 50);
        await sheet.Page.Mouse.DownAsync();
        await sheet.Page.Mouse.MoveAsync(box.X + box.Width * .7f, box.Y + 60, new() { Steps = 4 });
        await sheet.Page.Mouse.UpAsync();
        await sheet.Button("Whole run").ClickAsync();
        await Expect(sheet.Button("Whole run")).ToBeHiddenAsync();
    }
}
