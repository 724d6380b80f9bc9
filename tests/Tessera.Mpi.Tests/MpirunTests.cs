using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Tessera.Cli;

namespace Tessera.Mpi.Tests;

/// <summary>The program under <c>mpirun</c>.</summary>
public sealed partial class MpirunTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly string _pictures;

    public MpirunTests() => _pictures = Pictures.In(_folder);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Ranks_train_what_one_process_does_and_the_same_bits_again(int ranks)
    {
        Mpirun.SkipIfMissing();
        Tool.Succeed(Training("one"));
        Outcome outcome = Mpirun.Run(ranks, Training("all"));
        Assert.True(outcome.Code == 0, $"exit code {outcome.Code}: {outcome.Error}");
        Assert.Contains($"{ranks} processes with ", outcome.Output, StringComparison.Ordinal);
        Assert.Single(
            outcome.Output.Split('\n'), line => line.StartsWith("eval after 10 updates", StringComparison.Ordinal));
        Assert.Equal(TemporaryFolder.NamesIn(_folder["one"]), TemporaryFolder.NamesIn(_folder["all"]));
        (float[][] one, float[][] all) = (Series("one"), Series("all"));
        Assert.Equal(10, all.Length);
        for (int update = 0; update < 6; update++)
            Assert.True(
                one[update].Zip(all[update]).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-4 * pair.First),
                $"update {update + 1} measured {string.Join(", ", all[update])}, not {string.Join(", ", one[update])}");
        if (ranks != 3) return;
        Assert.Equal(0, Mpirun.Run(ranks, Training("again")).Code);
        Assert.Equal(Weights("all"), Weights("again"));
    }

    [Fact]
    public void A_run_resumes_with_any_number_of_processes()
    {
        Mpirun.SkipIfMissing();
        Assert.Equal(0, Mpirun.Run(3, Training("run")).Code);
        Outcome two = Mpirun.Run(2, "train", "--resume", "--out", _folder["run"], "--updates", "14", Tool.NoReport);
        Assert.True(two.Code == 0, two.Error);
        Assert.Contains("resuming after update 10", two.Output, StringComparison.Ordinal);
        Tool.Succeed("train", "--resume", "--out", _folder["run"], "--updates", "18", Tool.NoReport);
        Assert.Equal(18, Series("run").Length);
    }

    [Fact]
    public void A_killed_rank_ends_the_job_and_the_run_resumes()
    {
        Mpirun.SkipIfMissing();
        Assert.SkipUnless(OperatingSystem.IsLinux(), "finds the ranks in /proc");
        using Process mpirun = Mpirun.Start(
            3, Training("run", "--updates", "1000000", "--checkpoint-every", "5", "--eval-every", "1000000"));
        Wait(HasCheckpoint, "no checkpoint was written");
        int[] ranks = Mpirun.ProcessesOf(mpirun);
        Assert.Equal(3, ranks.Length);
        Process.GetProcessById(ranks[1]).Kill();
        Outcome outcome = Tool.End(mpirun);
        Assert.NotEqual(0, outcome.Code);
        Assert.Empty(Mpirun.OwnLines(outcome));
        // mpirun ends before the others do.
        foreach (int rank in ranks) Wait(() => !Directory.Exists($"/proc/{rank}"), $"rank {rank} is still there");

        long reached = Series("run").Length;
        string output = Tool.Succeed(
            "train", "--resume", "--out", _folder["run"], "--updates", $"{reached + 5}", Tool.NoReport);
        Assert.Contains("resuming after update", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Ranks_with_other_options_are_told_apart_before_the_first_update()
    {
        Mpirun.SkipIfMissing();
        using Process mpirun = Mpirun.Start(
        [
            .. Mpirun.Ranks(1, Training("run", "--lr", "0.001")), ":",
            .. Mpirun.Ranks(1, Training("run", "--lr", "0.002")),
        ]);
        Outcome outcome = Tool.End(mpirun);
        Assert.Equal(TesseraProgram.WrongInput, outcome.Code);
        string line = Assert.Single(Mpirun.OwnLines(outcome));
        Assert.Contains("rank 1 differs from rank 0 in its options", line, StringComparison.Ordinal);
        Assert.Contains("\"learningRate\": 0.002, not \"learningRate\": 0.001", line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["run"]), "the folder of the run that did not start is still there");
    }

    [Fact]
    public void Ranks_with_other_kernels_are_told_apart()
    {
        Mpirun.SkipIfMissing();
        using Process mpirun = Mpirun.Start(
        [
            .. Mpirun.Ranks(2, Training("run")), ":", "-x", "TESSERA_KERNELS=vector128",
            .. Mpirun.Ranks(1, Training("run")),
        ]);
        Outcome outcome = Tool.End(mpirun);
        Assert.Equal(TesseraProgram.WrongInput, outcome.Code);
        Assert.Contains(
            "rank 2 differs from rank 0 in its arithmetic: cpu, vector128",
            Assert.Single(Mpirun.OwnLines(outcome)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--batch 2", "at least 3, an image for each process")]
    [InlineData("--codes none", "--codes")]
    [InlineData("--resume", "there is no run folder")]
    public void An_error_that_all_ranks_see_is_told_once(string option, string expected)
    {
        Mpirun.SkipIfMissing();
        string[] args = option == "--resume"
            ? ["train", "--resume", "--out", _folder["run"]]
            : Training("run", option.Split(' '));
        Outcome outcome = Mpirun.Run(3, args);
        Assert.Equal(TesseraProgram.WrongInput, outcome.Code);
        Assert.Contains(expected, Assert.Single(Mpirun.OwnLines(outcome)), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["run"]), "the folder of the run that did not start is there");
    }

    [Fact]
    public void Other_commands_are_refused()
    {
        Mpirun.SkipIfMissing();
        Outcome outcome = Mpirun.Run(2, "eval", "cifar10");
        Assert.Equal(TesseraProgram.WrongInput, outcome.Code);
        Assert.Equal(
            "tessera: tessera eval runs in one process; start it without mpirun",
            Assert.Single(Mpirun.OwnLines(outcome)).TrimEnd());
    }

    [Fact]
    public void A_request_to_stop_ends_all_ranks_after_the_same_update()
    {
        Mpirun.SkipIfMissing();
        using Process mpirun = Mpirun.Start(2, Training("run", "--updates", "1000000", "--checkpoint-every", "10"));
        Wait(HasCheckpoint, "no checkpoint was written");
        File.WriteAllBytes(_folder["run", ".stop"], []);
        Outcome outcome = Tool.End(mpirun);
        Assert.Equal(TesseraProgram.Interrupted, outcome.Code);
        Assert.Contains("its checkpoint is written", outcome.Output, StringComparison.Ordinal);
        Assert.Equal("tessera: interrupted", Assert.Single(Mpirun.OwnLines(outcome)).TrimEnd());
    }

    /// <summary>
    /// The gradients of 192 channels are 3 MB: pieces that are begun in the backward pass. That the sums are right is
    /// tested with threads; here messages arrive when they do.
    /// </summary>
    [Fact]
    public void Gradients_of_a_large_model_are_summed_while_it_computes()
    {
        Mpirun.SkipIfMissing();
        string[] Large(string run) => Training(run, "--hidden", "192", "--updates", "4", "--eval-every", "4");
        Outcome two = Mpirun.Run(2, Large("two"));
        Assert.True(two.Code == 0, two.Error);
        Match messages = MessagesSent().Match(two.Output);
        Assert.True(messages.Success && int.Parse(messages.Groups[1].Value, CultureInfo.InvariantCulture) > 4 * 8,
            $"not even eight messages an update were sent: {two.Output}");
        Assert.Equal(0, Mpirun.Run(2, Large("again")).Code);
        Assert.Equal(Weights("two"), Weights("again"));
    }

    [Fact]
    public void A_classifier_and_a_prior_are_trained_by_ranks_too()
    {
        Mpirun.SkipIfMissing();
        Assert.Equal(0, Mpirun.Run(2, Training("run")).Code);
        Outcome prior = Mpirun.Run(
            2, "prior", _folder["run"], "--updates", "5", "--batch", "4", "--width", "16", "--layers", "1",
            "--heads", "2");
        Assert.True(prior.Code == 0, prior.Error);
        Assert.True(File.Exists(_folder["run", "prior", "model.safetensors"]), "the prior was not written");
        Outcome classifier = Mpirun.Run(
            3, "classifier", "--data", _pictures, "--out", _folder["classifier"], "--size", "16", "--updates", "5",
            "--batch", "6");
        Assert.True(classifier.Code == 0, classifier.Error);
        Assert.True(File.Exists(_folder["classifier", "model.safetensors"]), "the classifier was not written");
    }

    private string[] Training(string run, params string[] others) => Tool.TinyTraining(
        _pictures, _folder[run],
        others.Contains("--updates") ? others : [.. others, "--updates", "10", "--eval-every", "10"]);

    private bool HasCheckpoint() => Directory.Exists(_folder["run", "checkpoints"])
        && Directory.GetDirectories(_folder["run", "checkpoints"]).Length > 0;

    private byte[] Weights(string run) => File.ReadAllBytes(_folder[run, "model.safetensors"]);

    private float[][] Series(string run) =>
    [
        .. File.ReadLines(_folder[run, "series.csv"]).Skip(1).Select(line => line.Split(',').Skip(1)
            .Select(field => float.Parse(field, CultureInfo.InvariantCulture)).ToArray()),
    ];

    [GeneratedRegex(@"ranks:  (\d+) messages")]
    private static partial Regex MessagesSent();

    private static void Wait(Func<bool> until, string fault)
    {
        long start = Stopwatch.GetTimestamp();
        while (!until())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, fault);
            Thread.Sleep(50);
        }
    }
}
