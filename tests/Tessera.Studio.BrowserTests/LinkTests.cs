using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tessera.Studio.BrowserTests;

/// <summary>Links to a state of the token editor name the run and its weights.</summary>
[Collection(ModelViews.Name)]
public sealed class LinkTests(Browser browser)
{
    // Sixteen cells: the first has code 1, the others code 0.
    private const string Codes = "4x4.ABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Elsewhere = "0123456789ab";
    private const string LearntOn = "weights have changed since this link was made";

    [Fact]
    public async Task A_link_to_a_run_that_is_not_here_opens_one_with_the_same_weights()
    {
        string id = await browser.Studio.Id("plain"), weights = await Weights(id);
        await using Sheet sheet = await browser.Open($"runs/{Elsewhere}/editor?a={Codes}&weights={weights}");
        // The run of the link is asked for first.
        sheet.MayMiss = true;
        await ShowsCodes(sheet);
        await Expect(sheet.Page).ToHaveURLAsync(
            new Regex($"#/runs/{id}/editor\\?a={Regex.Escape(Codes)}&weights={weights}$"));
        await Expect(sheet.Page.Locator(".run-head h1")).ToHaveTextAsync("plain");
        await Expect(sheet.Text(LearntOn)).ToHaveCountAsync(0);

        await sheet.Page.GotoAsync($"/#/runs/{Elsewhere}/editor?a={Codes}&weights=ba9876543210");
        await Expect(sheet.Page.GetByRole(AriaRole.Alert))
            .ToContainTextAsync("Neither the run of this link is here, nor another with its weights.");
    }

    [Fact]
    public async Task A_link_of_other_weights_says_so_until_its_codes_are_changed_and_one_without_weights_works()
    {
        string id = await browser.Studio.Id("plain"), weights = await Weights(id);
        await using Sheet sheet = await browser.Open($"runs/{id}/editor?a={Codes}&weights=ba9876543210");
        await ShowsCodes(sheet);
        await Expect(sheet.Text(LearntOn)).ToBeVisibleAsync();
        await Task.Delay(400, TestContext.Current.CancellationToken);
        await sheet.Page.ReloadAsync();
        await ShowsCodes(sheet);
        await Expect(sheet.Text(LearntOn)).ToBeVisibleAsync();
        await sheet.Page.Keyboard.PressAsync("b");
        await sheet.ClickCell("Codes of picture A", 1, 1, 4);
        await Expect(sheet.Page).ToHaveURLAsync(new Regex($"&weights={weights}$"));

        await sheet.Page.GotoAsync("/#/runs");
        await sheet.Page.GotoAsync($"/#/runs/{id}/editor?a={Codes}");
        await ShowsCodes(sheet);
        await Expect(sheet.Text(LearntOn)).ToHaveCountAsync(0);
    }

    private async Task<string> Weights(string id) =>
        (await browser.Studio.Get($"/api/runs/{id}/model")).GetProperty("weights").GetString()!;

    private static async Task ShowsCodes(Sheet sheet)
    {
        await Expect(sheet.Heading("A: from a link")).ToBeVisibleAsync();
        await Expect(sheet.Text("decoded in")).ToBeVisibleAsync();
        Assert.Equal("Row 1, column 1: code 1", await sheet.Cell("Codes of picture A"));
    }
}
