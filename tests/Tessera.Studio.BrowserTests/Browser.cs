using Microsoft.Playwright;
using Tessera.Studio.Tests;

namespace Tessera.Studio.BrowserTests;

/// <summary>
/// Tests of the views of a model, and of the whole path to one. They run beside those of <see cref="RunViews"/>, which
/// take about as long.
/// </summary>
[CollectionDefinition(Name)]
public sealed class ModelViews : ICollectionFixture<Browser>
{
    public const string Name = "views of a model";
}

/// <summary>Tests of the views of runs, and of all views.</summary>
[CollectionDefinition(Name)]
public sealed class RunViews : ICollectionFixture<Browser>
{
    public const string Name = "views of runs";
}

/// <summary>
/// A Chromium, and a studio on a copy of the tiny runs, with a damaged one beside them. Tests that change a run take a
/// studio of their own.
/// </summary>
public sealed class Browser(TinyRuns runs) : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private Tests.Studio? _studio;

    internal Tests.Studio Studio => _studio!;

    internal TinyRuns Runs { get; } = runs;

    public async ValueTask InitializeAsync()
    {
        string program = Chromium.Program;
        string copy = Runs.Copy(_folder);
        _folder.Write("runs/broken/config.json", "{ \"options\": "u8.ToArray());
        _studio = await Tests.Studio.Start(new StudioOptions { Paths = [copy], Images = [Runs.Images] });
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new() { ExecutablePath = program, Args = ["--no-sandbox", "--disable-gpu"] });
        // A machine that is busy with other things is slow, not wrong.
        Assertions.SetDefaultExpectTimeout(30_000);
    }

    /// <summary>Opens a page of the shared studio, or of another one.</summary>
    /// <param name="address">What follows the #.</param>
    /// <param name="studio">Another one.</param>
    /// <param name="theme">The theme that the system asks for.</param>
    /// <param name="prepare">What is done before the page is loaded.</param>
    internal async Task<Sheet> Open(
        string address, Uri? studio = null, ColorScheme theme = ColorScheme.Light, Func<IPage, Task>? prepare = null)
    {
        IBrowserContext context = await _browser!.NewContextAsync(new()
        {
            BaseURL = (studio ?? Studio.Address).AbsoluteUri,
            ColorScheme = theme,
            ViewportSize = new() { Width = 1280, Height = 900 },
            ReducedMotion = ReducedMotion.Reduce,
        });
        IPage page = await context.NewPageAsync();
        page.SetDefaultTimeout(30_000);
        var sheet = new Sheet(page);
        if (prepare is not null) await prepare(page);
        await page.GotoAsync($"/#/{address}");
        return sheet;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
        if (_studio is not null) await _studio.DisposeAsync();
        _folder.Dispose();
    }
}
