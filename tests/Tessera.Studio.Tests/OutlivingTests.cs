using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Tessera.Cli.Studio;
using Tessera.Files;
using Tessera.Training;

namespace Tessera.Studio.Tests;

/// <summary>
/// The studio as a process of its own: runs that it has started outlive it, and what cannot be written is one line.
/// </summary>
public sealed class OutlivingTests(TinyRuns tiny) : IDisposable
{
    private const int Updates = 1500, Interrupt = 2;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("INT")]
    [InlineData("KILL")]
    public async Task A_run_ends_as_it_should_when_its_studio_was_ended_before(string signal)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "signals are sent by setsid and kill");
        Assert.SkipWhen(signal == "INT" && IgnoresInterrupt(), "this process ignores Ctrl-C, and so do its children");
        Directory.CreateDirectory(_folder["runs"]);
        using Process studio = StartStudio();
        string run = await StartRun(studio);
        await Studio.Until(
            () => Task.FromResult(Directory.Exists(run) && FolderLock.IsHeld(run) && RowsOf(run).Length > 1),
            "updates");
        // A terminal's Ctrl-C is for all processes of the group: the run is one of them.
        Kill(signal, signal == "INT" ? $"-{studio.Id}" : $"{studio.Id}");
        await studio.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (signal == "INT") Assert.Equal(0, studio.ExitCode);
        Assert.True(FolderLock.IsHeld(run), "the run ended with the studio, or before: give it more updates");
        await Studio.Until(() => Task.FromResult(!FolderLock.IsHeld(run)), "the end of the run");
        Assert.Equal(Updates, TokenizerRun.Open(run).LatestCheckpoint()!.Update);
        Assert.Equal(
            Enumerable.Range(1, Updates),
            RowsOf(run).Skip(1).Select(row => int.Parse(row.Split(',')[0], CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A_run_needs_no_log()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "TMPDIR is of Linux");
        Directory.CreateDirectory(_folder["runs"]);
        using Process studio = StartStudio(("TMPDIR", _folder.Write("no-folder", [])));
        string run = await StartRun(studio, updates: 5);
        await Studio.Until(
            () => Task.FromResult(
                File.Exists(Path.Combine(run, "model.safetensors")) && !FolderLock.IsHeld(run)), "the end of the run");
        Assert.Equal(5, TokenizerRun.Open(run).LatestCheckpoint()!.Update);
        studio.Kill();
    }

    [Fact]
    public void A_log_that_cannot_be_written_is_given_up()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/full is of Linux");
        using var full = new LogWriter("/dev/full");
        full.WriteLine("first");
        full.WriteLine("second");
        using var nowhere = new LogWriter(_folder["none", "l1.log"]);
        nowhere.WriteLine("first");
        using (var file = new LogWriter(_folder["l1.log"]))
        {
            file.WriteLine("first");
            file.Write('2');
        }
        Assert.Equal($"first{Environment.NewLine}2", File.ReadAllText(_folder["l1.log"]));
    }

    [Fact]
    public async Task A_run_that_cannot_be_written_says_so_in_one_line()
    {
        Directory.CreateDirectory(_folder["runs"]);
        await using Studio studio =
            await Studio.Start(new StudioOptions { Paths = [_folder["runs"]], Images = [tiny.Images] });
        Directory.Delete(_folder["runs"]);
        // Root may write everywhere, but no folder inside a file.
        _folder.Write("runs", []);
        JsonElement launch = await studio.Post("/api/runs", Request(updates: 5));
        string address = $"/api/launches/{launch.GetProperty("id").GetString()}";
        await Studio.Until(
            async () => (await studio.Get(address)).GetProperty("state").GetString() == "ended", "the end");
        JsonElement ended = await studio.Get(address);
        Assert.Equal(2, ended.GetProperty("exitCode").GetInt32());
        string last = ended.GetProperty("log").GetString()!.TrimEnd().Split('\n')[^1];
        Assert.StartsWith($"tessera: cannot write {_folder["runs", "mine"]}", last, StringComparison.Ordinal);
    }

    /// <summary>Starts a studio as the leader of a group of processes, as a terminal does.</summary>
    private Process StartStudio(params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(
            "setsid",
            [
                "dotnet", typeof(StudioProgram).Assembly.Location, "studio", _folder["runs"], "--data",
                tiny.Images, "--port", "0", "--no-browser",
            ])
        { RedirectStandardOutput = true };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Starts a run by the API.</summary>
    /// <returns>Its folder.</returns>
    private async Task<string> StartRun(Process studio, int updates = Updates)
    {
        string line = (await studio.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!;
        using var client = new HttpClient { BaseAddress = new Uri(line.Split(" at ")[1]) };
        using HttpResponseMessage answer = await client.PostAsync(
            "/api/runs", new StringContent(Request(updates), Encoding.UTF8, "application/json"),
            TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return _folder["runs", "mine"];
    }

    private static string Request(int updates) => $$"""
        { "name": "mine", "values": { "--data": "d0", "--size": "16", "--batch": "4", "--updates": "{{updates}}",
          "--hidden": "8", "--residual-hidden": "4", "--residual-layers": "1", "--codes": "16", "--code-dim": "4",
          "--threads": "1" } }
        """;

    private static string[] RowsOf(string run)
    {
        string file = Path.Combine(run, "series.csv");
        return File.Exists(file) ? File.ReadAllText(file).Split('\n', StringSplitOptions.RemoveEmptyEntries) : [];
    }

    private static void Kill(string signal, string id)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", "--", id]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Whether this process was started with SIGINT ignored, as shells do for what runs behind.</summary>
    private static bool IgnoresInterrupt()
    {
        string line = File.ReadLines("/proc/self/status")
            .First(row => row.StartsWith("SigIgn:", StringComparison.Ordinal));
        return (ulong.Parse(line.Split('\t')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            >> (Interrupt - 1) & 1) == 1;
    }
}
