using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tessera.Studio.BrowserTests;

/// <summary>Two runs beside each other.</summary>
[Collection(RunViews.Name)]
public sealed class CompareTests(Browser browser)
{
    [Fact]
    public async Task Two_runs_show_what_differs_and_the_same_pictures()
    {
        (string plain, string other) = (await browser.Studio.Id("plain"), await browser.Studio.Id("other"));
        await using Sheet sheet = await browser.Open($"compare?a={plain}&b={other}");
        await Expect(sheet.Page.GetByRole(AriaRole.Row, new() { Name = "--codes 16 32" })).ToBeVisibleAsync();
        await Expect(sheet.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "PSNR" })).ToBeVisibleAsync();
        await Expect(sheet.Page.Locator(".compare-row img")).ToHaveCountAsync(Tests.TinyRuns.TestCount * 5);
        await Expect(sheet.Page.Locator(".uplot")).Not.ToHaveCountAsync(0);
        await sheet.Label("Run B").SelectOptionAsync(plain);
        await Expect(sheet.Text("None: the two were started alike.")).ToBeVisibleAsync();
        Assert.Contains($"b={plain}", sheet.Page.Url);
    }

    [Fact]
    public async Task The_better_number_is_marked_where_both_were_tested_on_the_same_images()
    {
        (string plain, string other) = (await browser.Studio.Id("plain"), await browser.Studio.Id("other"));
        await using Sheet sheet = await browser.Open($"compare?a={plain}&b={other}");
        await Expect(sheet.Page.Locator(".number.better")).Not.ToHaveCountAsync(0);
        // The answer for two runs of other data, of which there are none here.
        await sheet.Page.RouteAsync("**/api/compare?*", async route =>
        {
            IAPIResponse answer = await route.FetchAsync();
            string text = (await answer.TextAsync()).Replace("\"--codes\"", "\"--data\"", StringComparison.Ordinal);
            await route.FulfillAsync(new() { Response = answer, Body = text });
        });
        await sheet.Label("Run B").SelectOptionAsync(plain);
        await sheet.Label("Run B").SelectOptionAsync(other);
        await Expect(sheet.Text("Each was tested on images of its own")).ToBeVisibleAsync();
        await Expect(sheet.Page.Locator(".number.better")).ToHaveCountAsync(0);
    }
}
