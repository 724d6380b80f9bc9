using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tessera.Studio.BrowserTests;

/// <summary>Samples of the prior.</summary>
[Collection(ModelViews.Name)]
public sealed class SampleTests(Browser browser)
{
    [Fact]
    public async Task Pictures_are_drawn_kept_and_sent_to_the_editor()
    {
        await using Sheet sheet = await browser.Open($"runs/{await browser.Studio.Id("plain")}/samples");
        ILocator cards = sheet.Page.Locator(".sample");
        await Expect(cards).ToHaveCountAsync(16);
        await Expect(sheet.Text("16 pictures, seed 1")).ToBeVisibleAsync();

        await sheet.Label("Class").SelectOptionAsync("cube");
        foreach ((string name, string value) in new[]
        {
            ("Guidance", "2"), ("Nucleus (top-p)", "0.9"), ("Temperature", "0.8"), ("Seed", "7"), ("Pictures", "5"),
        })
        {
            await sheet.Label($"{name}, exactly").FillAsync(value);
            ILocator slider = sheet.Page.GetByRole(AriaRole.Slider, new() { Name = name, Exact = true });
            await Expect(slider).ToHaveValueAsync(value);
        }
        await sheet.Button("Draw").ClickAsync();
        await Expect(cards).ToHaveCountAsync(5);
        await Expect(sheet.Text("5 pictures, seed 7")).ToBeVisibleAsync();

        await sheet.Button("Keep").Nth(2).ClickAsync();
        string kept = await sheet.Page.Locator(".sample.kept a").GetAttributeAsync("href") ?? "";
        await sheet.Button("Next seed").ClickAsync();
        await Expect(sheet.Text("4 pictures, seed 8")).ToBeVisibleAsync();
        await Expect(cards).ToHaveCountAsync(5);
        await Expect(cards.First.GetByRole(AriaRole.Link)).ToHaveAttributeAsync("href", kept);

        await sheet.Label("surprise of each cell").CheckAsync();
        await Expect(sheet.Page.GetByRole(AriaRole.Img, new() { Name = "Surprise of each cell" })).ToHaveCountAsync(5);
        await cards.First.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(sheet.Heading("A: from a link")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task However_often_it_is_asked_no_drawing_goes_on_unseen()
    {
        await using Sheet sheet = await browser.Open($"runs/{await browser.Studio.Id("plain")}/samples");
        await Expect(sheet.Text("16 pictures, seed 1")).ToBeVisibleAsync();
        int started = 0, ended = 0;
        sheet.Page.Request += (_, request) =>
        {
            if (request.Method == "POST") started++;
            if (request.Method == "DELETE") ended++;
        };
        for (int press = 0; press < 6; press++) await sheet.Page.Keyboard.PressAsync("d");
        // Before a picture is chosen there is nothing to draw anew in the other theme.
        await sheet.Page.Keyboard.PressAsync("t");
        await Sheet.Until(() => Task.FromResult(started > 0 && ended == started), "an end of each drawing");
        await Expect(sheet.Page.Locator(".sample")).ToHaveCountAsync(16);
    }

    [Fact]
    public async Task Half_a_picture_is_completed()
    {
        await using Sheet sheet = await browser.Open($"runs/{await browser.Studio.Id("plain")}/samples");
        await Expect(sheet.Text("16 pictures, seed 1")).ToBeVisibleAsync();
        await sheet.Button("Choose a picture").ClickAsync();
        await sheet.Button("Picture 2").ClickAsync();
        const string cells = "Cells that stay";
        await Expect(sheet.Grid(cells)).ToBeVisibleAsync();
        await sheet.Button("Keep left half").ClickAsync();
        await sheet.Button("Keep upper half").ClickAsync();
        await sheet.ClickCell(cells, 3, 0, 4);
        Assert.Equal("Row 4, column 1: stays", await sheet.Cell(cells));
        IRequest request = await sheet.Page.RunAndWaitForRequestAsync(
            () => sheet.Button("Draw").ClickAsync(), sent => sent.Url.EndsWith("/samples") && sent.Method == "POST");
        JsonElement cellsKept = request.PostDataJSON()!.Value.GetProperty("keep").GetProperty("cells");
        Assert.Equal(
            "11111111 0000 1000".Replace(" ", ""),
            string.Concat(cellsKept.EnumerateArray().Select(cell => cell.GetBoolean() ? '1' : '0')));
        await Expect(sheet.Text("16 pictures, seed 1")).ToBeVisibleAsync();
        await sheet.Button("None").ClickAsync();
        await Expect(sheet.Button("Choose a picture")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_run_without_a_prior_leads_to_the_form_of_one()
    {
        await using Sheet sheet = await browser.Open($"runs/{await browser.Studio.Id("other")}/samples");
        await Expect(sheet.Heading("No prior yet")).ToBeVisibleAsync();
        await sheet.Page.GetByRole(AriaRole.Link, new() { Name = "Train a prior" }).ClickAsync();
        await Expect(sheet.Text("Ready to start.")).ToBeVisibleAsync();
        ILocator command = sheet.Page.Locator("aside .command code");
        await Expect(command).ToHaveTextAsync(new Regex("^tessera prior .*other$"));
        await sheet.Label("layers").FillAsync("2");
        await Expect(command).ToContainTextAsync("--layers 2");
        await sheet.Label("What it trains").SelectOptionAsync("classifier");
        await Expect(command).ToContainTextAsync("tessera classifier");
    }
}
