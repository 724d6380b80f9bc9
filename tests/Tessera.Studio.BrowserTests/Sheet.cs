using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Tessera.Studio.BrowserTests;

/// <summary>A page that is looked at. What its scripts complain of fails the test at the end.</summary>
internal sealed class Sheet : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _problems = new();

    public Sheet(IPage page)
    {
        Page = page;
        page.PageError += (_, error) => _problems.Enqueue(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error") _problems.Enqueue(message.Text);
        };
    }

    public IPage Page { get; }

    /// <summary>Whether requests that fail are what the test is about.</summary>
    public bool MayMiss { get; set; }

    public ILocator Button(string name, bool isExact = true) =>
        Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = isExact });

    public ILocator Heading(string name) => Page.GetByRole(AriaRole.Heading, new() { Name = name });

    public ILocator Label(string name) => Page.GetByLabel(name, new() { Exact = true });

    public ILocator Text(string text) => Page.GetByText(text);

    /// <summary>A grid of codes; the cell that the keyboard is at is its only one.</summary>
    public ILocator Grid(string name) => Page.GetByRole(AriaRole.Grid, new() { Name = name, Exact = true });

    /// <summary>What a screen reader says of the cell that the keyboard is at.</summary>
    public async Task<string> Cell(string grid) =>
        await Grid(grid).GetByRole(AriaRole.Gridcell).GetAttributeAsync("aria-label") ?? "";

    /// <summary>Clicks a cell of a grid.</summary>
    /// <param name="grid">Its name.</param>
    /// <param name="row">From 0.</param>
    /// <param name="column">From 0.</param>
    /// <param name="side">Rows and columns of the grid.</param>
    public async Task ClickCell(string grid, int row, int column, int side)
    {
        ILocator canvas = Grid(grid).Locator("canvas");
        LocatorBoundingBoxResult box = (await canvas.BoundingBoxAsync())!;
        float size = box.Width / side;
        await canvas.ClickAsync(new() { Position = new() { X = (column + .5f) * size, Y = (row + .5f) * size } });
    }

    /// <summary>Waits until a text is what it should be, and says what it was instead.</summary>
    public static async Task Until(Func<Task<bool>> holds, string what)
    {
        for (int i = 0; i < 600; i++)
        {
            if (await holds()) return;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        Assert.Fail($"after half a minute there is no sign of: {what}");
    }

    public async ValueTask DisposeAsync()
    {
        await Page.Context.DisposeAsync();
        string[] problems = [.. _problems.Where(text => !MayMiss || !text.Contains("Failed to load resource"))];
        if (TestContext.Current.TestState?.Result != TestResult.Failed) Assert.Empty(problems);
    }
}
