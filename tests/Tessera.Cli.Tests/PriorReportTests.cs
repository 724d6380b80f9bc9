namespace Tessera.Cli.Tests;

public sealed class PriorReportTests(TrainedPrior trained) : IDisposable
{
    private const string Chapter = "<section id=\"prior\">";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_report_of_a_run_with_a_prior_has_its_chapter()
    {
        string output = Program.Succeed("report", trained.Run, "--out", _folder["report"]);
        Assert.Contains(
            "report: drawing images from the prior ...\nreport: encoding 8 training images and mirrored ...\n"
            + "report: evaluating the prior ...\nreport: searching 8 training images ...\n",
            output, StringComparison.Ordinal);
        string page = Page("report");
        Assert.Contains(Chapter, page, StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"absent\"", page, StringComparison.Ordinal);
        string[] files = TemporaryFolder.NamesIn(_folder["report"]);
        Assert.Superset(
            new HashSet<string>
            {
                "prior-curve.svg", "prior-samples-1.png", "prior-options-8.png", "prior-cells.svg",
                "prior-nearest-11.png",
            },
            files.ToHashSet());
        // The report with the chapter is replaced by one without, and the other way round.
        string run = trained.CopyRun(_folder);
        Directory.Move(Path.Combine(run, "prior"), _folder["away"]);
        Program.Succeed("report", run, "--out", _folder["report"]);
        Assert.DoesNotContain(Chapter, Page("report"), StringComparison.Ordinal);
        Program.Succeed("report", run, "--out", _folder["report"], "--prior", _folder["away"]);
        Assert.Contains(Chapter, Page("report"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_prior_of_an_earlier_tokenizer_is_left_out_unless_it_is_named()
    {
        string run = trained.CopyRunTrainedOn(_folder);
        Outcome outcome = Program.Run("report", run, "--out", _folder["report"]);
        Assert.Equal(0, outcome.Code);
        Assert.Contains("was trained beside another tokenizer than", outcome.Error, StringComparison.Ordinal);
        Assert.EndsWith("; the report is without it\n", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Chapter, Page("report"), StringComparison.Ordinal);
        Assert.Contains(
            "was trained beside another tokenizer than",
            Program.Refuse("report", run, "--prior", Path.Combine(run, "prior")), StringComparison.Ordinal);
        Assert.StartsWith(
            $"there is no prior {_folder["none"]}; train one",
            Program.Refuse("report", trained.Run, "--prior", _folder["none"], "--out", _folder["new"]),
            StringComparison.Ordinal);
        Assert.DoesNotContain("new", _folder.Names);
    }

    [Fact]
    public void Resuming_the_tokenizers_run_keeps_the_chapter_until_the_tokenizer_changes()
    {
        string run = trained.CopyRun(_folder);
        Program.Succeed("train", "--resume", "--out", run);
        Assert.Contains(Chapter, Page("copy/report"), StringComparison.Ordinal);
        Outcome outcome = Program.Run("train", "--resume", "--out", run, "--updates", "22");
        Assert.Equal(0, outcome.Code);
        Assert.Contains("was trained beside another tokenizer than", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Chapter, Page("copy/report"), StringComparison.Ordinal);
    }

    private string Page(string folder) => File.ReadAllText(_folder[folder, "report.html"]);
}
