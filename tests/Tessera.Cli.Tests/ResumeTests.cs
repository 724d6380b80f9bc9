using System.Diagnostics;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Cli.Tests;

/// <summary>A run that was stopped and resumed ends with the same bytes as one that was not stopped.</summary>
public sealed class ResumeTests(Trained trained)
{
    [Theory]
    [InlineData("2")]
    [InlineData("3")]
    public void The_number_of_threads_changes_no_byte(string threads)
    {
        using var folder = new TemporaryFolder();
        Program.Succeed(Program.TinyTraining(
            trained.Images, folder["run"], "--threads", threads, "--checkpoint-every", "10", "--eval-every", "20"));
        AssertSameResult(trained.Run, folder["run"]);
    }

    [Fact]
    public void An_interrupted_run_writes_a_checkpoint_says_how_to_continue_and_resumes()
    {
        using var folder = new TemporaryFolder();
        string[] args = Program.TinyTraining(
            trained.Images, folder["whole"], "--updates", "130", "--eval-every", "50");
        Program.Succeed(args);
        args[Array.IndexOf(args, folder["whole"])] = folder["run"];
        Outcome outcome = Program.RunUntil("100 iterations", args);
        Assert.Equal(TesseraProgram.Interrupted, outcome.Code);
        Assert.Contains("stopping after this update ...", outcome.Output, StringComparison.Ordinal);
        Assert.Contains(
            "stopped after update 100; its checkpoint is written", outcome.Output, StringComparison.Ordinal);
        Assert.Contains(
            $"continue with: tessera train --resume --out {folder["run"]}", outcome.Output, StringComparison.Ordinal);
        Assert.Equal(100, TokenizerRun.Open(folder["run"]).LatestCheckpoint()?.Update);

        string output = Program.Succeed("train", "--resume", "--out", folder["run"]);
        Assert.Contains("resuming after update 100", output, StringComparison.Ordinal);
        AssertSameResult(folder["whole"], folder["run"]);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void A_signal_writes_a_checkpoint_and_exits_130(string signal)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no signals to send.");
        using var folder = new TemporaryFolder();
        using Process process = Program.Start(null, Program.TinyTraining(
            trained.Images, folder["run"], "--updates", "1000000", "--checkpoint-every", "20"));
        WaitForCheckpoint(process, folder["run"], 20);
        using (Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"])) kill.WaitForExit();
        Outcome outcome = Program.End(process);
        Assert.Equal(TesseraProgram.Interrupted, outcome.Code);
        Assert.Equal("tessera: interrupted\n", outcome.Error);
        Assert.Contains("its checkpoint is written", outcome.Output, StringComparison.Ordinal);
        Assert.Contains(
            $"stopped after update {TokenizerRun.Open(folder["run"]).LatestCheckpoint()?.Update};", outcome.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_killed_run_resumes_to_the_same_bytes()
    {
        using var folder = new TemporaryFolder();
        string[] args = Program.TinyTraining(
            trained.Images, folder["whole"], "--updates", "200", "--checkpoint-every", "20", "--eval-every", "50");
        Program.Succeed(args);
        args[Array.IndexOf(args, folder["whole"])] = folder["run"];
        using (Process process = Program.Start(null, args))
        {
            WaitForCheckpoint(process, folder["run"], 40);
            process.Kill();
            process.WaitForExit();
        }
        Program.Succeed("train", "--resume", "--out", folder["run"]);
        AssertSameResult(folder["whole"], folder["run"]);
        Assert.DoesNotContain(TemporaryFolder.NamesIn(folder["run"]), name => name.StartsWith('.'));
    }

    [Fact]
    public void A_run_killed_before_its_newest_weights_are_written_resumes_to_the_same_bytes()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        File.Copy(
            Path.Combine(run, "checkpoints", "10", "model.safetensors"), Path.Combine(run, "model.safetensors"),
            overwrite: true);
        Program.Succeed("train", "--resume", "--out", run);
        AssertSameResult(trained.Run, run);
    }

    [Fact]
    public void A_run_killed_before_its_first_checkpoint_restarts()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        Directory.Delete(Path.Combine(run, "checkpoints"), recursive: true);
        File.Delete(Path.Combine(run, "model.safetensors"));
        Assert.Contains("has no model yet", Program.Refuse("eval", run), StringComparison.Ordinal);
        Program.Succeed("train", "--resume", "--out", run);
        AssertSameResult(trained.Run, run);
    }

    [Fact]
    public void A_finished_run_says_so_and_shows_its_evaluation()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        string output = Program.Succeed("train", "--resume", "--out", run);
        Assert.Contains("the run is finished", output, StringComparison.Ordinal);
        Assert.Contains("\nrecon_error  ", output, StringComparison.Ordinal);
        AssertSameResult(trained.Run, run);
    }

    [Fact]
    public void A_finished_run_resumes_with_more_updates()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        Program.Succeed("train", "--resume", "--out", run, "--updates", "40", "--threads", "2");
        Program.Succeed(Program.TinyTraining(trained.Images, folder["whole"], "--updates", "40"));
        Assert.Equal(
            File.ReadAllBytes(folder["whole", "model.safetensors"]),
            File.ReadAllBytes(Path.Combine(run, "model.safetensors")));
        Assert.Equal(40, TokenizerRun.Open(run).Options.Budget.Updates);
    }

    [Theory]
    [InlineData("--batch", "8", "the run in * has 4")]
    [InlineData("--codes", "32", "the run in * has 16")]
    [InlineData("--seed", "7", "the run in * has 0")]
    [InlineData("--optimizer", "adam", "the run in * has muon")]
    [InlineData("--data", "shapes", "the run in * has *images")]
    [InlineData("--preset", "reference", "the run in * has ")]
    [InlineData("--updates", "29", "has made 30 updates already")]
    public void A_resumed_run_refuses_options_that_its_result_depends_on(string option, string value, string reason)
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        string line = Program.Refuse("train", "--resume", "--out", run, option, value);
        Assert.Matches(reason.Replace("*", ".*", StringComparison.Ordinal), line);
        if (option != "--preset") Assert.StartsWith($"{option} {value}: ", line, StringComparison.Ordinal);
        AssertSameResult(trained.Run, run);
    }

    [Fact]
    public void A_resumed_run_accepts_its_own_options()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        Program.Succeed([.. Program.TinyTraining(trained.Images, run, "--preset", "default"), "--resume"]);
    }

    /// <summary>The preset sets some options for cifar10 only; they must count as the run's own.</summary>
    [Fact]
    public void A_resumed_run_on_cifar10_accepts_its_own_preset()
    {
        using var folder = new TemporaryFolder();
        byte[] batch = File.ReadAllBytes(Repository.Fixture("cifar10", "two.bin"));
        foreach (string name in new[]
        {
            "data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch",
        })
            folder.Write($"cifar/{name}.bin", batch);
        string[] arguments = Program.TinyTraining(
            "cifar10", folder["run"], "--data-dir", folder["cifar"], "--size", "32", "--channels", "3",
            "--preset", "default", "--updates", "2");
        Program.Succeed(arguments);
        Program.Succeed([.. arguments, "--resume"]);
    }

    private static void WaitForCheckpoint(Process process, string run, int update)
    {
        while (!Directory.Exists(Path.Combine(run, "checkpoints", $"{update}")))
        {
            Assert.False(process.HasExited, "the run ended too early");
            Thread.Sleep(1);
        }
    }

    /// <summary>
    /// Compares all results except times: weights, optimizer, state, evaluations, the losses of metrics.csv.
    /// </summary>
    private static void AssertSameResult(string expected, string actual)
    {
        IReadOnlyList<Checkpoint> checkpoints = TokenizerRun.Open(expected).Checkpoints();
        Assert.NotEmpty(checkpoints);
        Assert.Equal(checkpoints.Select(c => c.Update).Last(), TokenizerRun.Open(actual).LatestCheckpoint()?.Update);
        string last = Path.Combine("checkpoints", $"{checkpoints[^1].Update}");
        foreach (string file in new[]
        {
            "model.safetensors", Path.Combine(last, "model.safetensors"), Path.Combine(last, "optimizer.safetensors"),
            Path.Combine(last, "state.json"), "eval.csv", "series.csv",
        })
        {
            Assert.True(
                File.ReadAllBytes(Path.Combine(expected, file)).AsSpan()
                    .SequenceEqual(File.ReadAllBytes(Path.Combine(actual, file))),
                $"{file} differs");
        }
        Assert.Equal(Losses(expected), Losses(actual));
    }

    private static IEnumerable<string> Losses(string run) =>
        File.ReadLines(Path.Combine(run, "metrics.csv")).Select(row => string.Join(',', row.Split(',').Take(4)));
}
