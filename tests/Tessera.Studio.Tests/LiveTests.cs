using System.Globalization;
using System.Net;
using System.Text.Json;
using Tessera.Imaging;
using Tessera.Studio.Http;
using Tessera.Studio.Live;

namespace Tessera.Studio.Tests;

/// <summary>Logs that grow, are cut and catch up; snapshots.</summary>
public sealed class LiveTests(TinyRuns tiny) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_series_is_reduced_to_the_lowest_highest_and_mean_of_each_bucket()
    {
        string runs = tiny.Copy(_folder), file = Path.Combine(runs, "plain", "series.csv");
        Write(file, 1, 100_000);
        await using Studio studio = await Studio.Start(runs);
        JsonElement series = await studio.Get($"/api/runs/{await studio.Id("plain")}/series?buckets=500&smooth=201");
        Assert.Equal((1, 100_000, 200), (
            series.GetProperty("first").GetInt64(), series.GetProperty("last").GetInt64(),
            series.GetProperty("perBucket").GetInt32()));
        Assert.Equal(500, series.GetProperty("updates").GetArrayLength());
        JsonElement column = series.GetProperty("columns").GetProperty("recon_error");
        // The second bucket has the updates 201 to 400; the value of update u is 1/u.
        Assert.Equal(1 / 400f, column.GetProperty("min")[1].GetSingle(), 1e-7f);
        Assert.Equal(1 / 201f, column.GetProperty("max")[1].GetSingle(), 1e-7f);
        Assert.Equal(
            Enumerable.Range(201, 200).Average(u => 1.0 / u), column.GetProperty("mean")[1].GetDouble(), 1e-6);
        Assert.Equal(1 / 50_100.0, column.GetProperty("smooth")[250].GetDouble(), 1e-7);

        JsonElement part = await studio.Get(
            $"/api/runs/{await studio.Id("plain")}/series?columns=perplexity&from=11&to=20");
        Assert.Equal([11, 12, 13, 14, 15, 16, 17, 18, 19, 20], Updates(part));
        Assert.False(part.GetProperty("columns").TryGetProperty("recon_error", out _));
        Assert.Equal(12, part.GetProperty("columns").GetProperty("perplexity").GetProperty("max")[1].GetDouble());
    }

    [Theory]
    [InlineData("buckets=0")]
    [InlineData("buckets=4001")]
    [InlineData("smooth=8")]
    [InlineData("smooth=3")]
    [InlineData("from=x")]
    public async Task A_wrong_parameter_is_refused(string query)
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string id = await studio.Id("plain");
        await studio.Refused(HttpStatusCode.BadRequest, HttpMethod.Get, $"/api/runs/{id}/series?{query}");
    }

    [Fact]
    public async Task A_client_that_reconnects_gets_what_it_missed_and_no_more()
    {
        string runs = tiny.Copy(_folder), file = Path.Combine(runs, "plain", "series.csv");
        await using Studio studio = await Studio.Start(runs);
        string address = $"/api/runs/{await studio.Id("plain")}/events", last;
        using (Events events = await Events.Open(studio, address))
        {
            Event whole = await events.Next("series");
            Assert.Equal((1, 40), (whole.Data.GetProperty("from").GetInt64(), whole.Data.GetProperty("to").GetInt64()));
            last = (await events.Next("snapshots")).Id!;
            Event run = await events.Next("run");
            Assert.Equal("plain", run.Data.GetProperty("name").GetString());
        }
        Append(file, 41, 50);
        using Events again = await Events.Open(studio, address, last);
        Event missed = await again.Next("series");
        Assert.Equal(Enumerable.Range(41, 10), Updates(missed.Data));
        Append(file, 51, 52);
        Assert.Equal([51, 52], Updates((await again.Next("series")).Data));
    }

    [Fact]
    public async Task A_run_that_is_resumed_from_an_earlier_update_says_what_to_forget()
    {
        string runs = tiny.Copy(_folder), file = Path.Combine(runs, "plain", "series.csv");
        await using Studio studio = await Studio.Start(runs);
        using Events events = await Events.Open(studio, $"/api/runs/{await studio.Id("plain")}/events");
        await events.Next("series");
        string[] lines = File.ReadAllLines(file);
        File.WriteAllLines(file, lines.Take(31));
        Event truncated = await events.Next("truncated");
        Assert.Equal(30, truncated.Data.GetProperty("last").GetInt64());
        Append(file, 31, 33);
        Assert.Equal([31, 32, 33], Updates((await events.Next("series")).Data));
    }

    [Fact]
    public async Task A_thousand_rows_a_second_are_a_few_events()
    {
        string runs = tiny.Copy(_folder), file = Path.Combine(runs, "plain", "series.csv");
        await using Studio studio = await Studio.Start(runs);
        using Events events = await Events.Open(studio, $"/api/runs/{await studio.Id("plain")}/events");
        await events.Next("series");
        Task writing = Task.Run(
            async () =>
            {
                for (int row = 41; row <= 2040; row += 10)
                {
                    Append(file, row, row + 9);
                    await Task.Delay(10, TestContext.Current.CancellationToken);
                }
            },
            TestContext.Current.CancellationToken);
        int received = 0;
        long to = 40;
        while (to < 2040)
        {
            Event next = await events.Next("series");
            Assert.Equal(to + 1, next.Data.GetProperty("from").GetInt64());
            to = next.Data.GetProperty("to").GetInt64();
            received++;
        }
        await writing;
        Assert.InRange(received, 1, 100);
    }

    [Fact]
    public async Task A_run_deleted_under_a_stream_ends_it()
    {
        string runs = tiny.Copy(_folder);
        await using Studio studio = await Studio.Start(runs);
        using Events events = await Events.Open(studio, $"/api/runs/{await studio.Id("other")}/events");
        await events.Next("series");
        Directory.Delete(Path.Combine(runs, "other"), recursive: true);
        await events.Next("gone");
        Assert.Null(await events.Next());
    }

    [Fact]
    public async Task The_list_of_runs_says_when_one_appears()
    {
        string runs = tiny.Copy(_folder);
        await using Studio studio = await Studio.Start(runs);
        using Events events = await Events.Open(studio, "/api/runs/events");
        Assert.Equal(3, (await events.Next("runs")).Data.GetProperty("runs").GetArrayLength());
        Directory.Move(Path.Combine(runs, "other"), _folder["elsewhere"]);
        Assert.Equal(2, (await events.Next("runs")).Data.GetProperty("runs").GetArrayLength());
        Directory.Move(_folder["elsewhere"], Path.Combine(runs, "other"));
        Assert.Equal(3, (await events.Next("runs")).Data.GetProperty("runs").GetArrayLength());
        Append(Path.Combine(runs, "other", "metrics.csv"), 41, 41, ",,,,,,");
        Assert.Equal("other", (await events.Next("run")).Data.GetProperty("name").GetString());
    }

    [Fact]
    public async Task The_list_of_a_folder_without_runs_is_told_too()
    {
        await using Studio studio = await Studio.Start(_folder.Path);
        using Events events = await Events.Open(studio, "/api/runs/events");
        Event first = (await events.Next())!;
        Assert.Equal("runs", first.Name);
        Assert.Equal(0, first.Data.GetProperty("runs").GetArrayLength());
    }

    [Fact]
    public void One_client_does_not_take_the_streams_of_the_others()
    {
        for (int i = 0; i < 64; i++) EventStream.Enter("greedy");
        try
        {
            StudioException refusal = Assert.Throws<StudioException>(() => EventStream.Enter("greedy"));
            Assert.Equal(429, refusal.Status);
            EventStream.Enter("modest");
            EventStream.Leave("modest");
        }
        finally
        {
            for (int i = 0; i < 64; i++) EventStream.Leave("greedy");
        }
        EventStream.Enter("greedy");
        EventStream.Leave("greedy");
    }

    [Fact]
    public async Task A_server_that_ends_ends_its_streams()
    {
        Studio studio = await Studio.Start(tiny.Runs);
        using Events events = await Events.Open(studio, "/api/runs/events");
        await events.Next("runs");
        await studio.DisposeAsync();
        try
        {
            while (await events.Next() is not null) continue;
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            // The connection was cut: a browser connects again.
        }
    }

    [Fact]
    public async Task Snapshots_show_the_same_images_through_time_and_the_codes_in_use()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        string address = $"/api/runs/{await studio.Id("plain")}/snapshots";
        JsonElement snapshots = await studio.Get(address);
        Assert.Equal([10, 13, 18, 24, 32, 40], Updates(snapshots));
        Assert.Equal(TinyRuns.TestCount, snapshots.GetProperty("count").GetInt32());
        Image original = ImageFile.Decode(await studio.Bytes(snapshots.GetProperty("original").GetString()!));
        Assert.Equal((TinyRuns.TestCount * 16, 16), (original.Width, original.Height));
        Assert.Equal(original.Width, ImageFile.Decode(await studio.Bytes($"{address}/40.png")).Width);
        JsonElement codes = await studio.Get($"{address}/40/codes");
        Assert.Equal((TinyRuns.TestCount, 16), (
            codes.GetProperty("images").GetInt32(), codes.GetProperty("codes").GetInt32()));
        Assert.Equal(
            TinyRuns.TestCount * 16, codes.GetProperty("counts").EnumerateArray().Sum(count => count.GetInt32()));
        await studio.Refused(HttpStatusCode.NotFound, HttpMethod.Get, $"{address}/11.png");
        await studio.Refused(HttpStatusCode.NotFound, HttpMethod.Get, $"{address}/11/codes");
    }

    [Fact]
    public void A_table_takes_whole_lines_only_and_leaves_out_damaged_rows()
    {
        string path = _folder["log.csv"];
        File.WriteAllText(path, "update,loss,split\n1,0.5,test\n2,na");
        var table = new GrowingTable(() => path);
        Assert.Null(table.Refresh());
        Assert.Equal([1], table.Updates);
        File.AppendAllText(path, "n,test\n1,7,test\n\n3,0.25,test\n");
        Assert.Null(table.Refresh());
        Assert.Equal([1, 2, 3], table.Updates);
        Assert.Equal([0.5f, float.NaN, 0.25f], table.Values(0));
        File.WriteAllText(path, "update,loss,split\n1,0.5,test\n2,9,test\n");
        Assert.Equal(1, table.Refresh());
        Assert.Equal([0.5f, 9f], table.Values(0));
        File.Delete(path);
        Assert.Equal(0, table.Refresh());
        Assert.Empty(table.Updates);
    }

    private static IEnumerable<int> Updates(JsonElement answer) =>
        answer.GetProperty("updates").EnumerateArray().Select(update => update.GetInt32());

    private static void Write(string file, int from, int to)
    {
        File.WriteAllText(file, "update,recon_error,perplexity\n");
        Append(file, from, to);
    }

    private static void Append(string file, int from, int to, string? rest = null) => File.AppendAllText(
        file,
        string.Concat(Enumerable.Range(from, to - from + 1).Select(
            u => string.Create(CultureInfo.InvariantCulture, $"{u}{rest ?? $",{1.0 / u},{u}"}\n"))));
}
