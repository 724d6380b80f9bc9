using System.Net;
using System.Text;
using Tessera.Files;

namespace Tessera.Studio.Tests;

/// <summary>What a stranger tries: names that lead here, pages of other sites, paths, links, damaged folders.</summary>
public sealed class SafetyTests(TinyRuns tiny) : IDisposable
{
    private const string Token = "a token of enough letters";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("192.168.0.1")]
    public async Task Another_host_name_is_refused(string host)
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        foreach (string path in (string[])["/", "/api/runs", "/api/session"])
        {
            using HttpResponseMessage response =
                await studio.Send(HttpMethod.Get, path, null, ("Host", $"{host}:{studio.Address.Port}"));
            Assert.Contains(host, await Studio.Refused(HttpStatusCode.Forbidden, response), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]")]
    public async Task The_own_host_names_are_served(string host)
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        using HttpResponseMessage response =
            await studio.Send(HttpMethod.Get, "/api/runs", null, ("Host", $"{host}:{studio.Address.Port}"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task Pages_of_other_sites_can_neither_read_nor_change(string header, string value)
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        using HttpResponseMessage read = await studio.Send(HttpMethod.Get, "/api/runs", null, (header, value));
        await Studio.Refused(HttpStatusCode.Forbidden, read);
        using HttpResponseMessage change =
            await studio.Send(HttpMethod.Post, "/api/runs", """{"values":{}}""", (header, value));
        await Studio.Refused(HttpStatusCode.Forbidden, change);
    }

    [Fact]
    public async Task The_own_pages_can_read_and_change()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        using HttpResponseMessage response = await studio.Send(
            HttpMethod.Post, "/api/form/check", """{"values":{}}""",
            ("Origin", studio.Address.ToString().TrimEnd('/')), ("Sec-Fetch-Site", "same-origin"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data")]
    public async Task A_body_that_a_form_of_another_site_could_send_is_refused(string type)
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        using HttpResponseMessage response =
            await studio.Upload("/api/runs", Encoding.UTF8.GetBytes("""{"values":{}}"""), type);
        await Studio.Refused(HttpStatusCode.UnsupportedMediaType, response);
    }

    [Fact]
    public async Task Every_answer_has_the_headers_that_confine_a_page()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        foreach (string path in (string[])["/", "/api/runs", "/api/none", "/none.js"])
        {
            using HttpResponseMessage response = await studio.Send(HttpMethod.Get, path);
            string policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("no-referrer", Assert.Single(response.Headers.GetValues("Referrer-Policy")));
        }
    }

    [Fact]
    public async Task With_a_token_nothing_is_served_before_it_is_shown_and_the_cookie_is_no_script_s()
    {
        await using Studio studio = await Studio.Start(
            new StudioOptions { Paths = [tiny.Runs], Host = "127.0.0.1", Token = Token });
        await studio.Refused(HttpStatusCode.Unauthorized, HttpMethod.Get, "/api/runs");
        await studio.Refused(
            HttpStatusCode.Unauthorized, HttpMethod.Get, $"/api/runs?token={Uri.EscapeDataString(Token)}");
        await studio.Refused(HttpStatusCode.Unauthorized, HttpMethod.Post, "/api/session", """{"token":"wrong"}""");
        Assert.True((await studio.Get("/api/session")).GetProperty("needsToken").GetBoolean());

        using HttpResponseMessage opened =
            await studio.Send(HttpMethod.Post, "/api/session", $$"""{"token":"{{Token}}"}""");
        Assert.Equal(HttpStatusCode.NoContent, opened.StatusCode);
        string cookie = Assert.Single(opened.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Token, Uri.UnescapeDataString(cookie), StringComparison.Ordinal);

        string sent = cookie.Split(';')[0];
        // Another studio on this host must not take the cookie away.
        Assert.StartsWith($"tessera-{studio.Address.Port}=", sent, StringComparison.Ordinal);
        using HttpResponseMessage served = await studio.Send(HttpMethod.Get, "/api/runs", null, ("Cookie", sent));
        Assert.Equal(HttpStatusCode.OK, served.StatusCode);
        using HttpResponseMessage closed = await studio.Send(HttpMethod.Delete, "/api/session", null, ("Cookie", sent));
        Assert.Equal(HttpStatusCode.NoContent, closed.StatusCode);
        using HttpResponseMessage after = await studio.Send(HttpMethod.Get, "/api/runs", null, ("Cookie", sent));
        await Studio.Refused(HttpStatusCode.Unauthorized, after);
    }

    [Fact]
    public async Task A_host_without_a_token_or_with_a_short_one_is_refused()
    {
        var open = new StudioOptions { Paths = [tiny.Runs], Host = "0.0.0.0" };
        Assert.Contains(
            "token", (await Assert.ThrowsAsync<InputException>(() => Studio.Start(open))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "16", (await Assert.ThrowsAsync<InputException>(() => Studio.Start(open with { Token = "short" }))).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/../../etc/passwd")]
    [InlineData("/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/..%5c..%5cwindows%5cwin.ini")]
    [InlineData("/api/runs/..%2f..%2fetc")]
    [InlineData("/api/runs/%2fetc%2fpasswd/thumbnail.png")]
    public async Task A_path_in_an_address_leads_nowhere(string path)
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        using HttpResponseMessage response = await studio.Send(HttpMethod.Get, path);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest) return;
        // The client has made an address of a page of it.
        Assert.Equal(
            await studio.Bytes("/", "text/html"),
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_link_in_a_run_that_leads_outside_is_not_followed()
    {
        string runs = tiny.Copy(_folder), secret = _folder.Write("secret/model.safetensors", [1, 2, 3]);
        string model = Path.Combine(runs, "plain", "model.safetensors");
        File.Delete(model);
        File.CreateSymbolicLink(model, secret);
        Directory.CreateSymbolicLink(Path.Combine(runs, "away"), Path.Combine(tiny.Runs, "other"));
        await using Studio studio = await Studio.Start(runs);

        Assert.Equal("damaged", (await studio.Run("plain")).GetProperty("state").GetString());
        Assert.Contains(
            "link", (await studio.Run("plain")).GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(
            (await studio.Get("/api/runs")).GetProperty("runs").EnumerateArray(),
            run => run.GetProperty("name").GetString() == "away");
    }

    [Theory]
    [InlineData("config.json", "")]
    [InlineData("config.json", "{\"version\":\"0.1.0\",\"options\":{\"model\":7}}")]
    [InlineData("config.json", "[1]")]
    [InlineData("config.json", "not JSON")]
    [InlineData("eval.csv", "update,split\n1,2,3,4\n\"\0")]
    [InlineData("metrics.csv", "no,columns\n1,2\n")]
    [InlineData("series.csv", "\n\n\n")]
    public async Task A_damaged_run_is_an_entry_and_no_failure(string file, string content)
    {
        string runs = tiny.Copy(_folder);
        File.WriteAllText(Path.Combine(runs, "plain", file), content);
        await using Studio studio = await Studio.Start(runs);
        string id = await studio.Id("plain");
        if (file == "config.json")
        {
            Assert.Equal("damaged", (await studio.Run("plain")).GetProperty("state").GetString());
            Assert.NotEmpty((await studio.Run("plain")).GetProperty("message").GetString()!);
        }
        foreach (string path in (string[])["", "/thumbnail.png", "/model"])
        {
            using HttpResponseMessage response = await studio.Send(HttpMethod.Get, $"/api/runs/{id}{path}");
            Assert.True((int)response.StatusCode < 500, $"{file}: {path} was answered with {response.StatusCode}");
        }
    }

    [Theory]
    [InlineData("metrics.csv", "update,images_per_second,seconds\n1,2,1e20\n")]
    [InlineData("metrics.csv", "update,images_per_second,seconds\n1,2,-1e20\n")]
    [InlineData("metrics.csv", "update,images_per_second,seconds\n1e300,1e-300,1e300\n")]
    [InlineData("metrics.csv", "update,images_per_second,seconds\n-1,-1e308,NaN\n")]
    [InlineData("eval.csv", "update,split,recon_error,codes_used\n1e300,test,1e308,-1e308\n")]
    [InlineData("checkpoints/40/state.json", """{"seconds":1e300,""")]
    public async Task Absurd_numbers_in_one_run_hide_no_other(string file, string content)
    {
        string runs = tiny.Copy(_folder);
        TinyRuns.ReplaceInConfig(runs, "plain", "\"updates\": 40", "\"minutes\": 1");
        string path = Path.Combine(runs, "plain", file);
        File.WriteAllText(path, content.EndsWith(',') ? content + File.ReadAllText(path)[1..] : content);
        await using Studio studio = await Studio.Start(runs);
        // While it runs, the time that is left follows from these numbers.
        using (new FolderLock(Path.Combine(runs, "plain")))
            Assert.Equal("running", (await studio.Run("plain")).GetProperty("state").GetString());
        TinyRuns.ReplaceInConfig(runs, "plain", "\"minutes\": 1", "\"updates\": 1000000");
        using (new FolderLock(Path.Combine(runs, "plain"))) await studio.Run("plain");
        Assert.Equal("finished", (await studio.Run("other")).GetProperty("state").GetString());
        using Events events = await Events.Open(studio, "/api/runs/events");
        Assert.Equal(3, (await events.Next("runs")).Data.GetProperty("runs").GetArrayLength());
    }

    [Theory]
    [InlineData("config.json", "")]
    [InlineData("metrics.csv", "/metrics")]
    [InlineData("series.csv", "/series")]
    [InlineData("eval.csv", "/evaluations")]
    [InlineData("model.safetensors", "/model")]
    [InlineData("checkpoints/40/state.json", "")]
    [InlineData("reconstructions.png", "/thumbnail.png")]
    [InlineData("snapshots/original.png", "/snapshots/original.png")]
    [InlineData("snapshots/40/reconstructions.png", "/snapshots/40.png")]
    [InlineData("snapshots/40/reconstructions.png", "/thumbnail.png")]
    [InlineData("snapshots/40/codes.npy", "/snapshots/40/codes")]
    [InlineData("prior/eval.csv", "/model")]
    [InlineData("prior/model.safetensors", "/nats")]
    public async Task No_file_of_a_run_is_read_through_a_link_that_leads_outside(string file, string address)
    {
        string runs = tiny.Copy(_folder), path = Path.Combine(runs, "plain", file);
        if (file == "reconstructions.png") Directory.Delete(Path.Combine(runs, "plain", "snapshots"), recursive: true);
        // What the link leads to is a good file: only the place is wrong.
        string outside = _folder.Write("outside", File.ReadAllBytes(path));
        File.Delete(path);
        File.CreateSymbolicLink(path, outside);
        await using Studio studio = await Studio.Start(runs);
        string id = await studio.Id("plain");
        using HttpResponseMessage response = await studio.Send(
            address == "/nats" ? HttpMethod.Post : HttpMethod.Get, $"/api/runs/{id}{address}",
            address == "/nats" ? """{"codes":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}""" : null);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        // The run, or its prior, says why it cannot be shown; what is asked of the file itself is refused.
        Assert.Contains("is a link to a place outside of the folder", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_too_large_for_a_snapshot_is_refused()
    {
        string runs = tiny.Copy(_folder);
        using (FileStream file = File.OpenWrite(Path.Combine(runs, "plain", "snapshots", "40", "reconstructions.png")))
            file.SetLength(StudioServer.MostUploadBytes + 1);
        await using Studio studio = await Studio.Start(runs);
        string error = await studio.Refused(
            HttpStatusCode.UnprocessableEntity, HttpMethod.Get,
            $"/api/runs/{await studio.Id("plain")}/snapshots/40.png");
        Assert.Contains("too large", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_too_large_or_with_unknown_members_is_refused()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        await studio.Refused(HttpStatusCode.BadRequest, HttpMethod.Post, "/api/form/check", """{"values":{},"x":1}""");
        await studio.Refused(HttpStatusCode.BadRequest, HttpMethod.Post, "/api/form/check", "{");
        try
        {
            using HttpResponseMessage response = await studio.Upload(
                "/api/form/check", new byte[StudioServer.MostUploadBytes + 1], "application/json");
            await Studio.Refused(HttpStatusCode.RequestEntityTooLarge, response);
        }
        catch (HttpRequestException)
        {
            // The server has hung up before the client had sent it all.
        }
    }
}
