using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tessera.Files;
using static Microsoft.Playwright.Assertions;

namespace Tessera.Studio.BrowserTests;

/// <summary>What pages do when something goes wrong or is too fast.</summary>
[Collection(RunViews.Name)]
public sealed class TroubleTests(Browser browser)
{
    [Fact]
    public async Task A_page_says_that_the_server_is_gone_and_goes_on_when_it_is_back()
    {
        using var folder = new TemporaryFolder();
        string runs = browser.Runs.Copy(folder);
        Tests.Studio studio = await Tests.Studio.Start(runs);
        Uri address = studio.Address;
        Sheet sheet;
        try
        {
            sheet = await Opened("runs", address);
            await Expect(Link(sheet, "plain")).ToBeVisibleAsync();
        }
        finally
        {
            await studio.DisposeAsync();
        }
        await using (sheet)
        {
            ILocator line = sheet.Text("The studio does not answer.");
            await Expect(line).ToBeVisibleAsync();
            Directory.Move(Path.Combine(runs, "other"), Path.Combine(runs, "another"));
            await using StudioServer server = await StudioServer.StartAsync(
                new StudioOptions { Paths = [runs], Port = address.Port }, new Cli.Studio.StudioProgram());
            await Expect(line).ToBeHiddenAsync();
            await Expect(Link(sheet, "another")).ToBeVisibleAsync();
        }
    }

    [Fact]
    public async Task A_run_that_is_deleted_under_its_page_says_so()
    {
        using var folder = new TemporaryFolder();
        string runs = browser.Runs.Copy(folder);
        await using Tests.Studio studio = await Tests.Studio.Start(runs);
        string id = await studio.Id("other");
        await using Sheet live = await Opened($"runs/{id}/live", studio.Address);
        await Expect(live.Page.Locator(".vital")).ToContainTextAsync("40 of 40");
        await using Sheet editor = await Opened($"runs/{id}/editor", studio.Address);
        await Expect(editor.Text("decoded in")).ToBeVisibleAsync();

        Directory.Delete(Path.Combine(runs, "other"), recursive: true);
        await Expect(live.Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "was deleted" })).ToBeVisibleAsync();
        await editor.Button("Second picture").ClickAsync();
        await Expect(editor.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await Link(live, "All runs").ClickAsync();
        await Expect(Link(live, "plain")).ToBeVisibleAsync();
        await Expect(Link(live, "other")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_run_without_a_model_says_so_and_opens_when_it_has_one()
    {
        using var folder = new TemporaryFolder();
        string runs = browser.Runs.Copy(folder), model = Path.Combine(runs, "other", "model.safetensors");
        byte[] weights = await File.ReadAllBytesAsync(model, TestContext.Current.CancellationToken);
        File.Delete(model);
        await using Tests.Studio studio = await Tests.Studio.Start(runs);
        await using Sheet sheet =
            await browser.Open($"runs/{await studio.Id("other")}/editor", studio.Address);
        await Expect(sheet.Heading("No model yet")).ToBeVisibleAsync();
        await File.WriteAllBytesAsync(model, weights, TestContext.Current.CancellationToken);
        await Expect(sheet.Text("decoded in")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_run_that_learns_on_under_its_page_is_opened_anew()
    {
        using var folder = new TemporaryFolder();
        string runs = browser.Runs.Copy(folder), model = Path.Combine(runs, "other", "model.safetensors");
        await using Tests.Studio studio = await Tests.Studio.Start(runs);
        await using Sheet sheet =
            await browser.Open($"runs/{await studio.Id("other")}/editor", studio.Address);
        await Expect(sheet.Text("decoded in")).ToBeVisibleAsync();
        await Expect(sheet.Page).ToHaveURLAsync(new Regex("[?&]weights="));
        byte[] weights = await File.ReadAllBytesAsync(model, TestContext.Current.CancellationToken);
        weights[^4] ^= 1;
        await File.WriteAllBytesAsync(model, weights, TestContext.Current.CancellationToken);
        await Expect(sheet.Text("The run has learnt on")).ToBeVisibleAsync();
        await sheet.Button("Open its newest model").ClickAsync();
        // The codes that were in the editor are there still.
        await Expect(sheet.Heading("A: from a link")).ToBeVisibleAsync();
        await Expect(sheet.Text("weights have changed since this link was made")).ToBeVisibleAsync();
        await Expect(sheet.Text("The run has learnt on")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task What_could_not_be_read_is_tried_again_where_it_belongs()
    {
        string[] paths = ["model", "atlas/counts", "codebook/map", "codebook/*/influence"];
        await using Sheet sheet = await browser.Open(
            $"runs/{await browser.Studio.Id("plain")}/codebook", prepare: async page =>
            {
                foreach (string path in paths)
                {
                    await page.RouteAsync(
                        $"**/api/runs/*/{path}",
                        route => route.FulfillAsync(new() { Status = 500, Json = new { error = $"no {path} now" } }),
                        new() { Times = 1 });
                }
            });
        sheet.MayMiss = true;
        foreach (string path in paths)
        {
            ILocator alert = sheet.Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = $"No {path} now" });
            await alert.GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
            await Expect(alert).ToHaveCountAsync(0);
        }
        await Expect(sheet.Page.GetByRole(AriaRole.Application)).ToBeVisibleAsync();
        await Expect(sheet.Heading("Influence")).ToBeVisibleAsync();
        await Expect(sheet.Page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_run_that_was_started_after_the_list_was_told_has_its_name_and_state()
    {
        const string Told = "event: runs\ndata: {\"runs\": [], \"folders\": []}\n\n";
        await using Sheet sheet = await browser.Open(
            $"runs/{await browser.Studio.Id("plain")}/live",
            prepare: page => page.RouteAsync("**/api/runs/events", route => route.FulfillAsync(
                new() { ContentType = "text/event-stream", Body = Told })));
        await Expect(sheet.Page.Locator(".run-head h1")).ToHaveTextAsync("plain");
        await Expect(sheet.Page.Locator(".run-head .pill")).ToHaveTextAsync("finished");
    }

    [Fact]
    public async Task A_thousand_events_a_second_leave_the_page_fluid()
    {
        await using Sheet sheet = await browser.Open(
            $"runs/{await browser.Studio.Id("plain")}/live", prepare: page => page.AddInitScriptAsync(Flood));
        ILocator chart = sheet.Page.Locator(".chart-box").First;
        await Expect(chart).ToHaveAttributeAsync("aria-label", new Regex("at update 40;"));
        await sheet.Page.EvaluateAsync("flood()");
        // Controls answer meanwhile.
        await sheet.Label("log updates").CheckAsync();
        await Sheet.Until(() => sheet.Page.EvaluateAsync<bool>("flooded.isDone"), "the end of the events");
        await Expect(sheet.Page.Locator(".vital")).ToContainTextAsync("1,540 of");
        int sent = await sheet.Page.EvaluateAsync<int>("flooded.sent");
        float busy = await sheet.Page.EvaluateAsync<float>("flooded.busy / flooded.took");
        int frames = await sheet.Page.EvaluateAsync<int>("flooded.frames");
        Assert.Equal(1500, sent);
        Assert.True(busy < .5, $"handling 1,000 events a second takes {busy:P0} of the time");
        Assert.True(frames >= 8, $"only {frames} frames were drawn in about 1.5 seconds");
    }

    [Fact]
    public async Task A_run_that_grows_by_a_thousand_rows_a_second_is_followed_by_a_page_that_stays_fluid()
    {
        const int Rows = 2000;
        using var folder = new TemporaryFolder();
        string runs = browser.Runs.Copy(folder), file = Path.Combine(runs, "other", "series.csv");
        // The studio takes it for a run that trains.
        using var alone = new FolderLock(Path.Combine(runs, "other"));
        await using Tests.Studio studio = await Tests.Studio.Start(runs);
        await using Sheet sheet = await browser.Open($"runs/{await studio.Id("other")}/live", studio.Address);
        ILocator chart = sheet.Page.Locator(".chart-box").First;
        await Expect(chart).ToHaveAttributeAsync("aria-label", new Regex("at update 40;"));
        await sheet.Page.EvaluateAsync(
            """
            window.frames = 0;
            requestAnimationFrame(function count() { window.frames++; requestAnimationFrame(count); });
            """);
        Task writing = Task.Run(() => Grow(file, 41, Rows), TestContext.Current.CancellationToken);
        // Controls answer meanwhile.
        await sheet.Label("log updates").CheckAsync();
        await writing;
        int frames = await sheet.Page.EvaluateAsync<int>("window.frames");
        Assert.True(frames >= 10, $"only {frames} frames were drawn in about two seconds");
        // Of 2,040 updates in at most 800 buckets, the last one begins there.
        await Expect(chart).ToHaveAttributeAsync("aria-label", new Regex("at update 2,038;"));
    }

    /// <summary>Adds rows to a log, a thousand a second.</summary>
    private static async Task Grow(string file, int first, int rows)
    {
        var time = Stopwatch.StartNew();
        for (int written = 0; written < rows;)
        {
            int due = Math.Min(rows, (int)time.ElapsedMilliseconds);
            await File.AppendAllLinesAsync(
                file,
                Enumerable.Range(first + written, due - written).Select(
                    update => string.Create(CultureInfo.InvariantCulture, $"{update},{1.0 / update},8")),
                TestContext.Current.CancellationToken);
            written = due;
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_token_is_asked_for_and_a_wrong_one_refused()
    {
        const string token = "a long secret text";
        await using Tests.Studio studio = await Tests.Studio.Start(
            new StudioOptions { Paths = [browser.Runs.Runs], Host = "127.0.0.1", Token = token });
        await using Sheet sheet = await Opened("runs", studio.Address);
        ILocator dialog = sheet.Page.GetByRole(AriaRole.Dialog, new() { Name = "This studio needs its token" });
        await dialog.GetByLabel("Token").FillAsync("another secret text");
        await sheet.Page.Keyboard.PressAsync("Enter");
        await Expect(dialog.GetByRole(AriaRole.Alert)).ToHaveTextAsync("That is not the token.");
        await sheet.Page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToBeVisibleAsync();
        await dialog.GetByLabel("Token").FillAsync(token);
        await dialog.GetByRole(AriaRole.Button).ClickAsync();
        await Expect(Link(sheet, "plain")).ToBeVisibleAsync();
        Assert.DoesNotContain("secret", sheet.Page.Url);
    }

    private static ILocator Link(Sheet sheet, string name) =>
        sheet.Page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });

    private async Task<Sheet> Opened(string view, Uri address)
    {
        Sheet sheet = await browser.Open(view, address);
        sheet.MayMiss = true;
        return sheet;
    }

    /// <summary>
    /// Lets the page's streams be, and after <c>flood()</c> sends 1,500 events more to their listeners, a thousand a
    /// second, each with the next update; measures how long the listeners and the drawing take.
    /// </summary>
    private const string Flood =
        """
        window.flooded = { sent: 0, busy: 0, took: 0, frames: 0, isDone: false };
        const listeners = [];
        const add = EventSource.prototype.addEventListener;
        EventSource.prototype.addEventListener = function (name, listener, ...rest) {
          if (this.url.includes('/runs/') && !this.url.endsWith('/runs/events')) listeners.push({ name, listener });
          add.call(this, name, listener, ...rest);
        };
        const frame = window.requestAnimationFrame.bind(window);
        window.requestAnimationFrame = work => frame(time => {
          const start = performance.now();
          work(time);
          flooded.busy += performance.now() - start;
        });
        window.flood = () => {
          const send = (name, data) => listeners.filter(item => item.name === name)
            .forEach(item => item.listener(new MessageEvent(name, { data: JSON.stringify(data) })));
          let last;
          const begin = performance.now();
          const count = () => { flooded.frames++; if (!flooded.isDone) frame(count); };
          frame(count);
          const step = async () => {
            last ??= (await (await fetch(location.hash.match(/runs\/\w+/)[0].replace('runs', '/api/runs'))).json()).run;
            const due = Math.min(1500, Math.floor(performance.now() - begin));
            const start = performance.now();
            while (flooded.sent < due) {
              const update = 41 + flooded.sent++;
              const value = [Math.exp(-update / 900)];
              const column = { min: value, max: value, mean: value, smooth: null };
              send('series', { from: update, to: update, perBucket: 1, updates: [update],
                columns: { recon_error: column, perplexity: column } });
              const progress = { update, updates: 5000, fraction: update / 5000, secondsLeft: 9 };
              send('run', { ...last, ...progress, state: 'running' });
            }
            flooded.busy += performance.now() - start;
            if (flooded.sent < 1500) return setTimeout(step, 0);
            flooded.took = performance.now() - begin;
            flooded.isDone = true;
          };
          step();
        };
        """;
}
