using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tessera.Studio.BrowserTests;

/// <summary>The list of runs and the form that starts one.</summary>
[Collection(RunViews.Name)]
public sealed class RunsTests(Browser browser)
{
    [Fact]
    public async Task Runs_show_their_state_error_and_codes_and_a_damaged_one_says_why()
    {
        await using Sheet sheet = await browser.Open("runs");
        ILocator plain = sheet.Page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "16x16" })
            .Filter(new() { Has = sheet.Page.GetByRole(AriaRole.Link, new() { Name = "plain", Exact = true }) });
        await Expect(plain).ToContainTextAsync("finished");
        await Expect(plain).ToContainTextAsync("of 16");
        await Expect(plain.GetByRole(AriaRole.Img)).ToHaveJSPropertyAsync("complete", true);

        ILocator broken = sheet.Page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "broken" });
        await Expect(broken).ToContainTextAsync("damaged");
        await Expect(broken).ToContainTextAsync("config.json");
        await Expect(broken.GetByRole(AriaRole.Button, new() { Name = "Copy the path" })).ToBeVisibleAsync();

        await sheet.Button("test error", isExact: false).First.ClickAsync();
        await Expect(sheet.Text("Lower is better.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_form_says_what_is_wrong_while_it_is_typed_and_shows_the_command()
    {
        await using Sheet sheet = await browser.Open("start");
        await Expect(sheet.Text("Ready to start.")).ToBeVisibleAsync();
        ILocator command = sheet.Page.Locator("aside .command code");
        await Expect(command).ToContainTextAsync("tessera train");
        // Nothing is changed yet, and what a field that is left alone means stands in it.
        await Expect(sheet.Page.Locator(".is-set")).ToHaveCountAsync(0);
        await Expect(sheet.Label("data").Locator("option").First).ToHaveTextAsync("usual: shapes");

        ILocator codes = sheet.Label("codes");
        await codes.FillAsync("many");
        await Expect(codes).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(sheet.Button("Start")).ToBeDisabledAsync();

        await codes.FillAsync("64");
        await Expect(command).ToContainTextAsync("--codes 64");
        await Expect(sheet.Button("Start")).ToBeEnabledAsync();
        await sheet.Label("Name").FillAsync("my-run");
        await Expect(command).ToContainTextAsync("my-run");

        await sheet.Label("Preset").SelectOptionAsync("reference");
        await Expect(command).ToContainTextAsync("--preset reference");

        // A setting of one kind of quantizer is there with that kind only.
        await sheet.Page.Locator("summary").Filter(new() { HasText = "Quantizer" }).ClickAsync();
        await Expect(sheet.Label("commitment")).ToBeVisibleAsync();
        await sheet.Label("quantizer").SelectOptionAsync("fsq");
        await Expect(sheet.Label("commitment")).ToBeHiddenAsync();
        await Expect(command).ToContainTextAsync("--quantizer fsq");
    }

    [Fact]
    public async Task A_newcomer_starts_a_run_with_one_click_and_reads_why_one_did_not_start()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["runs"]);
        await using Tests.Studio empty = await Tests.Studio.Start(folder["runs"]);
        string? body = null;
        await using Sheet sheet = await browser.Open("runs", empty.Address, prepare: async page =>
        {
            await page.RouteAsync("**/api/runs", async route =>
            {
                if (route.Request.Method != "POST")
                {
                    await route.ContinueAsync();
                    return;
                }
                body = route.Request.PostData;
                await route.FulfillAsync(
                    new() { Status = 202, ContentType = "application/json", Body = Launch("starting", "null") });
            });
            await page.RouteAsync("**/api/launches/l7", route => route.FulfillAsync(
                new() { ContentType = "application/json", Body = Launch("ended", "2") }));
        });
        await sheet.Button("Start a run on shapes").ClickAsync();
        await Expect(sheet.Page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("the disk is full");
        Assert.NotNull(body);
        JsonElement wish = JsonDocument.Parse(body).RootElement;
        Assert.Equal("shapes", wish.GetProperty("values").GetProperty("--data").GetString());
        await sheet.Page.GetByRole(AriaRole.Link, new() { Name = "Change the settings" }).ClickAsync();
        await Expect(sheet.Text("Ready to start.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Keys_and_themes_work_from_everywhere()
    {
        await using Sheet sheet = await browser.Open("runs");
        await Expect(sheet.Heading("Runs")).ToBeVisibleAsync();
        await sheet.Page.Keyboard.PressAsync("?");
        await Expect(sheet.Page.GetByRole(AriaRole.Dialog, new() { Name = "Keys" })).ToBeVisibleAsync();
        await sheet.Page.Keyboard.PressAsync("Escape");
        await Expect(sheet.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);

        await sheet.Page.Keyboard.PressAsync("t");
        await Expect(sheet.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await sheet.Page.ReloadAsync();
        await Expect(sheet.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await sheet.Button("Light or dark").ClickAsync();
        await Expect(sheet.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "light");

        await sheet.Button("Keys").ClickAsync();
        await sheet.Label("keys of one letter work").UncheckAsync();
        await sheet.Page.Keyboard.PressAsync("Escape");
        await sheet.Page.Keyboard.PressAsync("t");
        await sheet.Page.Keyboard.PressAsync("Shift+N");
        await Expect(sheet.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "light");
        await Expect(sheet.Heading("Runs")).ToBeVisibleAsync();
        await sheet.Button("Keys").ClickAsync();
        await sheet.Label("keys of one letter work").CheckAsync();
        await sheet.Page.Keyboard.PressAsync("Escape");

        await sheet.Page.Keyboard.PressAsync("Shift+N");
        await Expect(sheet.Heading("New run")).ToBeVisibleAsync();
        await Expect(sheet.Page).ToHaveTitleAsync("New run · Tessera studio");
        // An address without the hash leads to the same page.
        await sheet.Page.GotoAsync("/compare");
        await Expect(sheet.Heading("Compare two runs")).ToBeVisibleAsync();
        await sheet.Page.GotoAsync("/#/nowhere");
        await Expect(sheet.Heading("There is no such page")).ToBeVisibleAsync();
    }

    private static string Launch(string state, string exitCode) =>
        $$"""
        { "id": "l7", "run": "0123456789ab", "state": "{{state}}", "command": "tessera train", "exitCode": {{exitCode}},
          "log": "data: shapes\nthe disk is full\n" }
        """;
}
