using System.Text.RegularExpressions;
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
    public async Task Pages_of_pictures_are_turned_and_run_a_is_chosen_again()
    {
        (string plain, string other) = (await browser.Studio.Id("plain"), await browser.Studio.Id("other"));
        TaskCompletionSource? held = new();
        await using Sheet sheet = await browser.Open($"compare?a={plain}&b={other}", prepare: page =>
            page.RouteAsync("**/api/compare/images?*", async route =>
            {
                // The runs have six test pictures: here are 20 of those that the program makes.
                string url = route.Request.Url.Replace("split=test", "split=shapes", StringComparison.Ordinal);
                Task wait = held?.Task ?? Task.CompletedTask;
                IAPIResponse answer = await route.FetchAsync(new() { Url = url });
                string text = await answer.TextAsync();
                await wait;
                text = text.Replace("\"count\":2000", "\"count\":20", StringComparison.Ordinal);
                await route.FulfillAsync(new() { Response = answer, Body = text });
            }));
        ILocator first = sheet.Page.Locator(".compare-row figcaption").First;
        ILocator before = sheet.Button("Before"), next = sheet.Button("Next");
        await Expect(before).ToBeDisabledAsync();
        await Expect(next).ToBeDisabledAsync();
        held.SetResult();
        held = null;
        await Expect(first).ToHaveTextAsync(new Regex("^0 "));
        await next.ClickAsync();
        await Expect(first).ToHaveTextAsync(new Regex("^8 "));
        await before.ClickAsync();
        await Expect(first).ToHaveTextAsync(new Regex("^0 "));
        await Expect(before).ToBeDisabledAsync();
        await next.ClickAsync();
        await Expect(first).ToHaveTextAsync(new Regex("^8 "));

        // A page that comes after another was asked for is not shown.
        held = new();
        TaskCompletionSource late = held;
        await sheet.Page.RunAndWaitForRequestAsync(() => next.ClickAsync(), sent => sent.Url.Contains("from=16&"));
        held = null;
        await before.ClickAsync();
        await Expect(first).ToHaveTextAsync(new Regex("^8 "));
        late.SetResult();
        await Task.Delay(300, TestContext.Current.CancellationToken);
        await Expect(first).ToHaveTextAsync(new Regex("^8 "));
        await next.ClickAsync();
        await Expect(first).ToHaveTextAsync(new Regex("^16 "));
        await Expect(next).ToBeDisabledAsync();

        await sheet.Label("Run A").SelectOptionAsync(other);
        await Expect(sheet.Text("None: the two were started alike.")).ToBeVisibleAsync();
        Assert.Contains($"a={other}&b={other}", sheet.Page.Url);
        await sheet.Label("Run A").SelectOptionAsync(new SelectOptionValue { Label = "plain/prior (prior)" });
        ILocator column = sheet.Page.GetByRole(AriaRole.Columnheader, new() { Name = "plain/prior" });
        await Expect(column.First).ToBeVisibleAsync();
        await Expect(sheet.Page.Locator(".compare-row")).ToHaveCountAsync(0);
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
