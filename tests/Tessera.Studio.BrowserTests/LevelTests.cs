using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tessera.Studio.BrowserTests;

/// <summary>The token editor on models with several codes a cell.</summary>
[Collection(ModelViews.Name)]
public sealed class LevelTests(Browser browser) : IDisposable
{
    private const string Codes = "Codes of picture A";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task The_second_code_of_a_cell_is_painted_on_its_own_level() =>
        // 4 x 4 cells of two codes: the cell in row 3 and column 2 is the tenth.
        Paint(["--depth", "2"], "level 2", side: 4, row: 2, column: 1, place: 9 * 2 + 1);

    [Fact]
    public Task The_code_of_the_second_group_is_painted_under_its_name() =>
        Paint(["--groups", "2"], "group 2", side: 4, row: 2, column: 1, place: 9 * 2 + 1);

    [Fact]
    public Task The_lower_of_two_levels_is_twice_as_fine() =>
        // 2 x 2 cells of five codes: the lower cell in row 2 and column 3 is the third quarter of the second cell.
        Paint(["--top", "on", "--groupnorm", "4"], "lower", side: 4, row: 1, column: 2, place: 1 * 5 + 1 + 2);

    /// <summary>Gives a cell of a level another code: only that code of the picture changes.</summary>
    private async Task Paint(string[] model, string level, int side, int row, int column, int place)
    {
        Tests.TinyRuns.Program(browser.Runs.Training(_folder["runs", "levels"], model));
        await using Tests.Studio studio = await Tests.Studio.Start(_folder["runs"]);
        int[] codes = [];
        await using Sheet sheet = await browser.Open(
            $"runs/{await studio.Id("levels")}/editor", studio.Address, prepare: page =>
            {
                page.Request += (_, request) =>
                {
                    if (request.Url.EndsWith("/decode", StringComparison.Ordinal)) codes = CodesOf(request);
                };
                return Task.CompletedTask;
            });
        await Expect(sheet.Text("decoded in")).ToBeVisibleAsync();
        int[] before = codes;
        await sheet.Page.GetByRole(AriaRole.Group, new() { Name = "Level" })
            .GetByRole(AriaRole.Button, new() { Name = level }).ClickAsync();
        await sheet.ClickCell(Codes, row, column, side);
        Assert.Equal($"Row {row + 1}, column {column + 1}: code {before[place]}", await sheet.Cell(Codes));
        await sheet.Label("Order").SelectOptionAsync("number");
        await Expect(sheet.Text("By number.")).ToBeVisibleAsync();
        await sheet.Page.Keyboard.PressAsync("a");
        await sheet.Page.Keyboard.PressAsync("Control+Home");
        if (before[place] == 0) await sheet.Page.Keyboard.PressAsync("ArrowRight");
        await sheet.Page.Keyboard.PressAsync("Enter");
        await Sheet.Until(() => Task.FromResult(codes[place] != before[place]), "the picture of another code");
        Assert.Equal([place], Enumerable.Range(0, codes.Length).Where(i => codes[i] != before[i]));
    }

    private static int[] CodesOf(IRequest request) =>
        [.. request.PostDataJSON()!.Value.GetProperty("codes").EnumerateArray().Select(code => code.GetInt32())];
}
