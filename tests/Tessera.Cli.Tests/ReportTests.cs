using System.Security.Cryptography;
using Tessera.Training;

namespace Tessera.Cli.Tests;

public sealed class ReportTests(Trained trained)
{
    [Fact]
    public void Report_writes_the_same_page_as_training_and_changes_nothing_else()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        Dictionary<string, string> before = Hashes(run);
        Assert.Contains(Path.Combine("report", "report.html"), before.Keys);

        string output = Program.Succeed("report", run);

        // Without a terminal, each stage is printed as a line.
        Assert.StartsWith("report: measuring ", output, StringComparison.Ordinal);
        Assert.All(output.Split('\n')[..^2], line => Assert.Matches("^report: [a-z0-9 ]+ \\.\\.\\.$", line));
        Assert.EndsWith(
            $"\nall figures on one page: {Path.Combine(run, "report", "report.html")}\n", output,
            StringComparison.Ordinal);
        Dictionary<string, string> after = Hashes(run);
        Assert.Equal(before.Keys.Order(), after.Keys.Order());
        // The title is the folder name, which differs in the copy; the figures are the same.
        Assert.Equal(
            ["report.html"],
            before.Where(file => after[file.Key] != file.Value).Select(file => Path.GetFileName(file.Key)));
    }

    [Fact]
    public void A_disk_that_fills_with_the_page_is_told_in_one_line()
    {
        using var folder = new TemporaryFolder();
        FileInfo[] files = new DirectoryInfo(Path.Combine(trained.Run, "report")).GetFiles();
        long page = files.Single(file => file.Name == "report.html").Length;
        // The page is written last.
        using SmallDisk disk = SmallDisk.Mount(folder, (int)((files.Sum(file => file.Length) - page / 2) >> 10));
        string line = Program.Refuse("report", trained.Run, "--out", disk["report"]);
        Assert.StartsWith($"cannot write {disk["report"]}: the disk is full", line, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(disk.Path));
    }

    [Theory]
    [InlineData("test", "images test", true)]
    [InlineData("train", "images train", false)]
    [InlineData("all", "images", false)]
    public void Split_chooses_the_images(string split, string name, bool besideTraining)
    {
        using var folder = new TemporaryFolder();
        Program.Succeed("report", trained.Run, "--split", split, "--out", folder["report"]);
        string page = File.ReadAllText(folder["report", "report.html"]);
        Assert.Matches($@"Measured on [^.]*\b{name}\.", page);
        Assert.Equal(besideTraining, File.Exists(folder["report", "training-decoded.png"]));
    }

    [Fact]
    public void Images_of_another_folder_are_not_reported_as_training_images()
    {
        using var folder = new TemporaryFolder();
        foreach (string file in Directory.EnumerateFiles(trained.Images, "*", SearchOption.AllDirectories))
            folder.Write(Path.Combine("others", Path.GetRelativePath(trained.Images, file)), File.ReadAllBytes(file));
        Program.Succeed("report", trained.Run, "--data", folder["others"], "--out", folder["report"]);
        Assert.DoesNotContain(
            "trained on.", File.ReadAllText(folder["report", "report.html"]), StringComparison.Ordinal);
        Assert.DoesNotContain("training-decoded.png", TemporaryFolder.NamesIn(folder["report"]));
        // Naming the run's own folder gives the same as no --data.
        Program.Succeed("report", trained.Run, "--data", trained.Images, "--out", folder["report"]);
        Assert.Contains("training-decoded.png", TemporaryFolder.NamesIn(folder["report"]));
    }

    [Fact]
    public void A_run_with_a_damaged_series_resumes_once_the_file_is_moved_away()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder), series = Path.Combine(run, "series.csv");
        File.AppendAllText(series, "thirty-one\n");
        string line = Program.Refuse("train", "--resume", "--out", run, "--updates", "40");
        Assert.Contains("series.csv: line 32 ", line, StringComparison.Ordinal);
        Assert.Contains("move the file away", line, StringComparison.Ordinal);
        File.Move(series, folder["away"]);
        Program.Succeed("train", "--resume", "--out", run, "--updates", "40", Program.NoReport);
        Assert.Equal((31, 10), (TrainingSeries.Read(series).FirstUpdate, TrainingSeries.Read(series).Count));
    }

    [Fact]
    public void A_checkpoint_and_a_model_file_need_a_folder_for_their_report()
    {
        using var folder = new TemporaryFolder();
        string checkpoint = Path.Combine(trained.Run, "checkpoints", "20");
        Assert.Contains(
            "name the folder for its report with --out", Program.Refuse("report", checkpoint),
            StringComparison.Ordinal);
        Assert.Contains(
            "--out", Program.Refuse("report", trained.Model, "--data", trained.Images), StringComparison.Ordinal);

        Program.Succeed("report", checkpoint, "--out", folder["checkpoint"]);
        Assert.Contains(
            "each of 20 training batches", File.ReadAllText(folder["checkpoint", "report.html"]),
            StringComparison.Ordinal);
        Program.Succeed("report", trained.Model, "--data", trained.Images, "--size", "16", "--out", folder["model"]);
        Assert.Contains(
            "does not hold the losses", File.ReadAllText(folder["model", "report.html"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_without_a_checkpoint_is_refused()
    {
        using var folder = new TemporaryFolder();
        TokenizerRun.Create(folder["run"], TokenizerRun.Open(trained.Run).Options);
        Assert.Contains("has no model yet", Program.Refuse("report", folder["run"]), StringComparison.Ordinal);
        Assert.Equal(["config.json"], TemporaryFolder.NamesIn(folder["run"]));
    }

    [Theory]
    [InlineData("file", "there is a file of that name")]
    [InlineData("full", "holds something other than a report")]
    public void An_occupied_folder_is_refused_before_any_work(string name, string reason)
    {
        using var folder = new TemporaryFolder();
        folder.Write("file", [1]);
        folder.Write("full/letter.txt", [1]);
        string line = Program.Refuse("report", trained.Run, "--data", folder["nowhere"], "--out", folder[name]);
        Assert.Contains(reason, line, StringComparison.Ordinal);
        Assert.Equal(["letter.txt"], TemporaryFolder.NamesIn(folder["full"]));
    }

    [Fact]
    public void The_folder_of_the_run_itself_is_refused()
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        Assert.Contains(
            "something other than a report", Program.Refuse("report", run, "--out", run), StringComparison.Ordinal);
    }

    [Fact]
    public void No_report_skips_the_report()
    {
        using var folder = new TemporaryFolder();
        string output = Program.Succeed(Program.TinyTraining(trained.Images, folder["run"], "--updates", "1"));
        Assert.DoesNotContain("report.html", output, StringComparison.Ordinal);
        Assert.DoesNotContain("report", TemporaryFolder.NamesIn(folder["run"]));
    }

    [Fact]
    public void Interrupting_the_report_at_the_end_of_training_keeps_the_whole_run()
    {
        using var folder = new TemporaryFolder();
        string run = folder["run"];
        Outcome outcome = Program.RunUntil(
            $"test images beside their reconstructions: {Path.Combine(run, "reconstructions.png")}",
            [.. Program.TinyTraining(trained.Images, run).Where(arg => arg != Program.NoReport)]);
        Assert.Equal(TesseraProgram.Interrupted, outcome.Code);
        Assert.Contains(
            $"the run is finished; write its report with: tessera report {run}\n", outcome.Output,
            StringComparison.Ordinal);
        Assert.Equal(30, TokenizerRun.Open(run).LatestCheckpoint()?.Update);
        Assert.DoesNotContain("report", TemporaryFolder.NamesIn(run));
        Program.Succeed("report", run);
    }

    private static Dictionary<string, string> Hashes(string folder) => Directory
        .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .ToDictionary(
            file => Path.GetRelativePath(folder, file),
            file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))));
}
