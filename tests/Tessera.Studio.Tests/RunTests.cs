using System.Net;
using System.Text.Json;
using Tessera.Cli.Studio;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Studio.Tests;

/// <summary>Runs as a whole: the list, the form, and processes that are started, stopped and resumed.</summary>
public sealed class RunTests(TinyRuns tiny) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_list_has_all_runs_with_their_state_and_numbers()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        JsonElement plain = await studio.Run("plain"), prior = await studio.Run("plain/prior");
        Assert.Equal("tokenizer", plain.GetProperty("kind").GetString());
        Assert.Equal("finished", plain.GetProperty("state").GetString());
        Assert.Equal(40, plain.GetProperty("update").GetInt64());
        Assert.Equal(1, plain.GetProperty("fraction").GetDouble());
        Assert.InRange(plain.GetProperty("testError").GetDouble(), 0, 100);
        Assert.InRange(plain.GetProperty("codesUsed").GetDouble(), 1, 16);
        Assert.Equal(40, plain.GetProperty("evaluation").GetProperty("update").GetInt64());
        Assert.Equal(prior.GetProperty("id").GetString(), plain.GetProperty("prior").GetString());
        Assert.Equal("prior", prior.GetProperty("kind").GetString());
        Assert.Equal("nats", prior.GetProperty("testErrorName").GetString());
        byte[] thumbnail = await studio.Bytes(plain.GetProperty("thumbnail").GetString()!);
        // Six test images do not make two rows of four.
        Assert.Equal(0x89, thumbnail[0]);
    }

    [Fact]
    public async Task Details_have_the_options_that_were_set_and_the_command()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        JsonElement details = await studio.Get($"/api/runs/{await studio.Id("other")}");
        JsonElement codes = details.GetProperty("options").EnumerateArray()
            .Single(option => option.GetProperty("name").GetString() == "--codes");
        Assert.Equal(("32", "512", true), (
            codes.GetProperty("value").GetString(), codes.GetProperty("default").GetString(),
            codes.GetProperty("isSet").GetBoolean()));
        Assert.Contains("--codes 32", details.GetProperty("command").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            [10, 13, 18, 24, 32, 40],
            details.GetProperty("snapshots").EnumerateArray().Select(update => update.GetInt64()));
    }

    [Fact]
    public async Task The_form_has_every_setting_of_the_command_but_those_that_name_places()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        JsonElement form = await studio.Get("/api/form");
        string[] names =
            [.. form.GetProperty("settings").EnumerateArray().Select(s => s.GetProperty("name").GetString()!)];
        Assert.Contains("--quantizer", names);
        Assert.Contains("--minutes", names);
        Assert.DoesNotContain("--data-dir", names);
        Assert.DoesNotContain("--out", names);
        JsonElement quantizer = form.GetProperty("settings").EnumerateArray()
            .Single(setting => setting.GetProperty("name").GetString() == "--quantizer");
        Assert.Equal("choice", quantizer.GetProperty("kind").GetString());
        Assert.Equal("gradient", quantizer.GetProperty("defaults").GetProperty("reference").GetString());
        Assert.DoesNotContain("[default", form.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"values":{"--batch":"0"}}""", "--batch")]
    [InlineData("""{"values":{"--batch":"many"}}""", "--batch")]
    [InlineData("""{"values":{"--quantizer":"none"}}""", "--quantizer")]
    [InlineData("""{"values":{"--quantizer":"fsq","--decay":"0.9"}}""", "--decay")]
    [InlineData("""{"values":{"--updates":"1","--minutes":"1"}}""", "--updates")]
    [InlineData("""{"values":{"--data":"/etc"}}""", "--data")]
    [InlineData("""{"values":{"--init":"/etc/passwd"}}""", "--init")]
    [InlineData("""{"values":{"--out":"/tmp/x"}}""", "--out")]
    [InlineData("""{"name":"../x","values":{}}""", "name")]
    [InlineData("""{"name":"a b","values":{}}""", "name")]
    public async Task A_wrong_value_is_named(string request, string option)
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        JsonElement answer = await studio.Post("/api/form/check", request);
        Assert.Equal(option, answer.GetProperty("option").GetString());
        Assert.NotEmpty(answer.GetProperty("error").GetString()!);
        Assert.Equal(
            answer.GetProperty("error").GetString(),
            await studio.Refused(HttpStatusCode.BadRequest, HttpMethod.Post, "/api/runs", request));
    }

    [Fact]
    public async Task A_checked_form_shows_the_command_and_what_follows_from_the_preset()
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        JsonElement answer = await studio.Post(
            "/api/form/check", """{"name":"mine","preset":"reference","values":{"--codes":"128"}}""");
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("error").ValueKind);
        Assert.StartsWith(
            "tessera train --preset reference --codes 128", answer.GetProperty("command").GetString(),
            StringComparison.Ordinal);
        Assert.Equal("gradient", answer.GetProperty("values").GetProperty("--quantizer").GetString());
        Assert.Equal("128", answer.GetProperty("values").GetProperty("--codes").GetString());
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("values").GetProperty("--levels").ValueKind);
    }

    [Theory]
    [InlineData("""{"name":"mine","preset":"default","values":{}}""", "tessera train --out {runs}/mine")]
    [InlineData(
        """{"name":"mine","values":{"--data":"shapes","--codes":"512","--updates":"7"}}""",
        "tessera train --updates 7 --out {runs}/mine")]
    [InlineData(
        """{"name":"mine","preset":"reference","values":{"--quantizer":"gradient","--lr":"0.01"}}""",
        "tessera train --preset reference --lr 0.01 --out {runs}/mine")]
    [InlineData(
        """{"kind":"classifier","name":"mine","values":{"--data":"d0","--seed":"1"}}""",
        "tessera classifier --data {images} --out {runs}/mine")]
    public async Task The_command_that_is_shown_has_only_what_it_needs(string request, string expected)
    {
        await using Studio studio =
            await Studio.Start(new StudioOptions { Paths = [tiny.Runs], Images = [tiny.Images] });
        JsonElement answer = await studio.Post("/api/form/check", request);
        Assert.Equal(
            expected.Replace("{runs}", tiny.Runs, StringComparison.Ordinal)
                .Replace("{images}", tiny.Images, StringComparison.Ordinal)
                .Replace('/', Path.DirectorySeparatorChar),
            answer.GetProperty("command").GetString()!.Replace('/', Path.DirectorySeparatorChar));
    }

    [Fact]
    public async Task A_prior_and_a_classifier_are_started_from_forms_of_their_own()
    {
        string runs = tiny.Copy(_folder);
        await using Studio studio = await Studio.Start(new StudioOptions { Paths = [runs], Images = [tiny.Images] });
        (string plain, string other) = (await studio.Id("plain"), await studio.Id("other"));
        JsonElement form = await studio.Get("/api/form?kind=prior");
        // The tokenizer plain has a prior already.
        Assert.Equal(
            [other], form.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("value").GetString()));
        string[] names =
            [.. form.GetProperty("settings").EnumerateArray().Select(s => s.GetProperty("name").GetString()!)];
        Assert.Contains("--heads", names);
        Assert.DoesNotContain("--data", names);
        string another = $$$"""{"kind":"prior","run":"{{{plain}}}","values":{}}""";
        Assert.Contains(
            "prior already", await studio.Refused(HttpStatusCode.Conflict, HttpMethod.Post, "/api/runs", another));
        await studio.Refused(
            HttpStatusCode.BadRequest, HttpMethod.Post, "/api/runs", """{"kind":"prior","values":{}}""");
        await studio.Refused(HttpStatusCode.BadRequest, HttpMethod.Get, "/api/form?kind=unknown");

        const string Small = """
            "--updates":"4","--batch":"4","--width":"16","--threads":"1","--warmup":"0"
            """;
        JsonElement prior = await studio.Post(
            "/api/runs",
            $$$"""{"kind":"prior","run":"{{{other}}}","values":{ {{{Small}}},"--layers":"1","--heads":"2" } }""");
        JsonElement classifier = await studio.Post(
            "/api/runs",
            $$$"""{"kind":"classifier","name":"eyes","values":{ {{{Small}}},"--data":"d0","--size":"16" } }""");
        foreach (JsonElement launch in new[] { prior, classifier })
        {
            string address = $"/api/launches/{launch.GetProperty("id").GetString()}";
            await Studio.Until(
                async () => (await studio.Get(address)).GetProperty("state").GetString() == "ended", "the end");
            JsonElement ended = await studio.Get(address);
            Assert.True(ended.GetProperty("exitCode").GetInt32() == 0, ended.GetProperty("log").GetString());
        }
        Assert.Equal(
            $"tessera prior {Path.Combine(runs, "other")} --width 16 --layers 1 --heads 2 --batch 4 --warmup 0 "
            + "--updates 4 --threads 1",
            (await studio.Get($"/api/runs/{prior.GetProperty("run").GetString()}")).GetProperty("command").GetString());
        Assert.Equal("finished", (await studio.Run("other/prior")).GetProperty("state").GetString());
        Assert.Equal("classifier", (await studio.Run("eyes")).GetProperty("kind").GetString());

    }

    [Fact]
    public async Task A_damaged_run_is_told_of_as_the_user_named_it()
    {
        string runs = tiny.Copy(_folder);
        File.WriteAllText(Path.Combine(runs, "other", "config.json"), "{ \"options\": ");
        string shown = Path.GetRelativePath(Environment.CurrentDirectory, runs);
        await using Studio studio = await Studio.Start(shown);
        string message = (await studio.Run("other")).GetProperty("message").GetString()!;
        Assert.Contains(Path.Combine(shown, "other", "config.json"), message, StringComparison.Ordinal);
        Assert.DoesNotContain($" {runs}", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_is_started_stopped_and_resumed_as_a_process_of_its_own()
    {
        string runs = _folder["runs"];
        Directory.CreateDirectory(runs);
        await using Studio studio = await Studio.Start(new StudioOptions { Paths = [runs], Images = [tiny.Images] });
        const string Values = """
            "--data":"d0","--size":"16","--batch":"4","--updates":"100000","--hidden":"8","--residual-hidden":"4",
            "--residual-layers":"1","--codes":"16","--code-dim":"4","--threads":"1","--schedule":"constant"
            """;
        JsonElement launch = await studio.Post("/api/runs", $$$"""{"name":"mine","values":{ {{{Values}}} }}""");
        string run = launch.GetProperty("run").GetString()!;
        await studio.Refused(
            HttpStatusCode.Conflict, HttpMethod.Post, "/api/runs", $$$"""{"name":"mine","values":{ {{{Values}}} }}""");
        await Studio.Until(async () => await StateOf(studio, run) == "running", "the run");
        await Studio.Until(
            async () => (await studio.Get($"/api/runs/{run}")).GetProperty("run").GetProperty("update").GetInt64() > 0,
            "an update");
        await studio.Refused(HttpStatusCode.Conflict, HttpMethod.Post, $"/api/runs/{run}/resume", """{"values":{}}""");

        using (HttpResponseMessage stop = await studio.Send(HttpMethod.Post, $"/api/runs/{run}/stop"))
            Assert.Equal(HttpStatusCode.Accepted, stop.StatusCode);
        await Studio.Until(async () => await StateOf(studio, run) == "stopped", "the end of the run");
        string path = Path.Combine(runs, "mine");
        await Studio.Until(
            async () => (await studio.Get($"/api/launches/{launch.GetProperty("id").GetString()}"))
                .GetProperty("exitCode").ValueKind == JsonValueKind.Number, "the end of the process");
        long update = TokenizerRun.Open(path).LatestCheckpoint()!.Update;
        Assert.InRange(update, 1, 99_999);
        Assert.False(File.Exists(Path.Combine(path, StopRequest.Name)), "the request to stop was left behind");
        await studio.Refused(HttpStatusCode.Conflict, HttpMethod.Post, $"/api/runs/{run}/stop");
        // The list has been read between the release of the lock and the end of the process.
        Assert.True((await studio.Run("mine")).GetProperty("canResume").GetBoolean(), "Resume is missing after Stop");

        await studio.Refused(
            HttpStatusCode.BadRequest, HttpMethod.Post, $"/api/runs/{run}/resume", """{"values":{"--codes":"8"}}""");
        await studio.Post($"/api/runs/{run}/resume", $$$"""{"values":{"--updates":"{{{update + 20}}}"}}""");
        await Studio.Until(async () => await StateOf(studio, run) == "finished", "the end of the resumed run");
        Assert.Equal(update + 20, TokenizerRun.Open(path).LatestCheckpoint()!.Update);
    }

    [Fact]
    public async Task A_launch_that_fails_says_why()
    {
        string runs = _folder["runs"];
        Directory.CreateDirectory(runs);
        string empty = _folder["empty"];
        Directory.CreateDirectory(empty);
        await using Studio studio = await Studio.Start(new StudioOptions { Paths = [runs], Images = [empty] });
        JsonElement launch = await studio.Post("/api/runs", """{"name":"mine","values":{"--data":"d0"}}""");
        string address = $"/api/launches/{launch.GetProperty("id").GetString()}";
        await Studio.Until(
            async () => (await studio.Get(address)).GetProperty("state").GetString() == "ended",
            "the end of the process");
        JsonElement ended = await studio.Get(address);
        Assert.Equal(2, ended.GetProperty("exitCode").GetInt32());
        Assert.Contains("tessera: ", ended.GetProperty("log").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"--updates":"many"}""", "--updates")]
    [InlineData("""{"--updates":"0"}""", "--updates")]
    [InlineData("""{"--updates":"39"}""", "--updates")]
    [InlineData("""{"--threads":"0"}""", "--threads")]
    [InlineData("""{"--updates":"60","--minutes":"1"}""", "--updates")]
    [InlineData("""{"--codes":"8"}""", "--codes")]
    public async Task A_run_is_not_resumed_with_a_wrong_value(string values, string option)
    {
        await using Studio studio = await Studio.Start(tiny.Runs);
        using HttpResponseMessage response = await studio.Send(
            HttpMethod.Post, $"/api/runs/{await studio.Id("plain")}/resume", $$"""{"values":{{values}}}""");
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, $"{response.StatusCode}: {body}");
        Assert.Equal(option, JsonDocument.Parse(body).RootElement.GetProperty("option").GetString());
    }

    [Fact]
    public async Task Only_a_constant_learning_rate_lets_a_finished_run_go_on()
    {
        string runs = tiny.Copy(_folder);
        const string Shape = "\"learningRateShape\": ";
        TinyRuns.ReplaceInConfig(runs, "other", $"{Shape}\"Constant\"", $"{Shape}\"Cosine\"");
        await using Studio studio = await Studio.Start(runs);
        JsonElement constant = await studio.Run("plain"), cosine = await studio.Run("other");
        Assert.True(constant.GetProperty("canResume").GetBoolean());
        Assert.False(cosine.GetProperty("canResume").GetBoolean());
        Assert.False(cosine.GetProperty("canLengthen").GetBoolean());
        // Without more to do there is nothing to resume.
        await studio.Refused(
            HttpStatusCode.Conflict, HttpMethod.Post, $"/api/runs/{constant.GetProperty("id").GetString()}/resume",
            """{"values":{}}""");
        string error = await studio.Refused(
            HttpStatusCode.BadRequest, HttpMethod.Post, $"/api/runs/{cosine.GetProperty("id").GetString()}/resume",
            """{"values":{"--updates":"60"}}""");
        Assert.StartsWith("--updates 60: ", error, StringComparison.Ordinal);
        Assert.Contains("learning rate", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_message_of_a_failed_launch_ends_with_the_next_success()
    {
        string runs = tiny.Copy(_folder), plain = Path.Combine(runs, "plain");
        string optimizer = Path.Combine(plain, "checkpoints", "40", "optimizer.safetensors");
        byte[] good = File.ReadAllBytes(optimizer);
        File.WriteAllText(optimizer, "damaged");
        await using Studio studio = await Studio.Start(runs);
        await studio.Post($"/api/runs/{await studio.Id("plain")}/resume", """{"values":{"--updates":"60"}}""");
        await Studio.Until(
            async () => (await studio.Run("plain")).GetProperty("message").ValueKind == JsonValueKind.String,
            "the message of the failure");
        string message = (await studio.Run("plain")).GetProperty("message").GetString()!;
        Assert.Contains("optimizer.safetensors", message, StringComparison.Ordinal);

        File.WriteAllBytes(optimizer, good);
        TinyRuns.Program("train", "--resume", "--out", plain, "--updates", "60", "--no-report");
        JsonElement run = await studio.Run("plain");
        Assert.Equal(60, run.GetProperty("update").GetInt64());
        Assert.Equal(JsonValueKind.Null, run.GetProperty("message").ValueKind);
    }

    [Fact]
    public async Task A_run_deleted_under_the_feet_of_the_studio_is_not_found()
    {
        string runs = tiny.Copy(_folder);
        await using Studio studio = await Studio.Start(runs);
        string id = await studio.Id("other");
        Directory.Delete(Path.Combine(runs, "other"), recursive: true);
        await studio.Refused(HttpStatusCode.NotFound, HttpMethod.Get, $"/api/runs/{id}");
        await studio.Refused(HttpStatusCode.NotFound, HttpMethod.Post, $"/api/runs/{id}/stop");
    }

    [Fact]
    public void Every_setting_of_the_program_has_a_title_and_help() =>
        Assert.All(new StudioProgram().Commands.SelectMany(command => command.Settings), setting =>
        {
            Assert.NotEmpty(setting.Group);
            Assert.NotEmpty(setting.Help);
            Assert.True(
                setting.Kind != SettingKind.Choice || setting.Choices is { Count: > 0 },
                $"{setting.Name} has no choices");
        });

    private static async Task<string?> StateOf(Studio studio, string run)
    {
        using HttpResponseMessage response = await studio.Send(HttpMethod.Get, $"/api/runs/{run}");
        if (response.StatusCode == HttpStatusCode.NotFound) return null;
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return JsonDocument.Parse(body).RootElement.GetProperty("run").GetProperty("state").GetString();
    }
}
