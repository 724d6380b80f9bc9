using System.Globalization;
using System.Xml.Linq;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Reporting;
using Tessera.Reporting.Figures;
using Tessera.Tests.Training;
using Tessera.Training;
using static Tessera.Tests.Reporting.PageReader;

namespace Tessera.Tests.Reporting;

public sealed class ReportTests(ReportRun run) : IDisposable
{
    private static readonly string[] FigureIds =
    [
        "results-table", "loss", "reconstructions", "training", "quality", "extremes", "latents", "masks", "influence",
        "use", "atlas", "embedding", "options-table",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_page_is_well_formed_and_has_every_figure()
    {
        XElement page = Parse(run.Page);
        Assert.Equal(FigureIds, Ids(page));
        Assert.DoesNotContain(page.Descendants(), e => e.Attribute("class")?.Value == "absent");
        CheckLinks(page);
        Assert.Equal("run <1>", page.Descendants(Html + "h1").Single().Value);
    }

    [Fact]
    public void The_page_is_self_contained_and_every_image_has_a_text_alternative()
    {
        CheckSelfContained(run.Page);
        CheckAlternatives(Parse(run.Page));
    }

    [Fact]
    public void Every_figure_is_a_file_too()
    {
        string[] files = FilesOf(run.Page);
        Assert.Equal(27, files.Length);
        CheckFiles(run.Folder, files);
    }

    [Fact]
    public void Grids_are_laid_out_as_torchvision_does_and_enlarged_by_a_whole_factor()
    {
        // 9 test images of 16x16, 8 in a row, 2 pixels between them: 146 x 38 pixels, enlarged by 6.
        foreach (string name in
            new[] { "reconstructions-originals", "reconstructions-decoded", "reconstructions-errors" })
        {
            Image grid = ImageFile.Read(Path.Combine(run.Folder, name + ".png"));
            Assert.Equal(((2 + 8 * 18) * 6, (2 + 2 * 18) * 6), (grid.Width, grid.Height));
        }
        Image originals = ImageFile.Read(Path.Combine(run.Folder, "reconstructions-originals.png"));
        Image expected = ImageTransform.Enlarge(ImageGrid.Make(SmallRun.Test.First(9)), 6);
        Assert.Equal(expected.Pixels, originals.Pixels);
        // 4x4 codes of 9 images.
        Image masks = ImageFile.Read(Path.Combine(run.Folder, "masks.png"));
        Assert.Equal((2 + 8 * 6) * 12, masks.Width);
        Image mask = ImageTransform.Enlarge(Image.Black(1, 1, 3), 12);
        for (int i = 0; i < 9; i++)
        {
            int left = (2 + i % 8 * 6 + i % 4) * 12, top = (2 + i / 8 * 6 + i / 4) * 12;
            Assert.Equal(mask.Pixels[..36], masks.Pixels.AsSpan((top * masks.Width + left) * 3, 36).ToArray());
            Assert.Equal(255, masks.Pixels[(top * masks.Width + left + (i % 4 == 3 ? -1 : 12)) * 3]);
        }
    }

    [Fact]
    public void The_numbers_are_those_of_the_evaluation()
    {
        TrainedModel trained = TrainedModel.Open(run.RunPath);
        Evaluation evaluation = Evaluator.Evaluate(
            trained.Model, SmallRun.Test, Split.Test, trained.DataVariance,
            cancellation: TestContext.Current.CancellationToken);
        Assert.True(evaluation.CodesUsed > 1, "All vectors have the same code, so the test shows nothing.");
        Dictionary<string, string> table = Table(Parse(run.Page), "results-table");
        Assert.Equal(evaluation.ReconError!.Value.ToString("0.0000", CultureInfo.InvariantCulture), table["NMSE"]);
        Assert.Equal(evaluation.Psnr.ToString("0.00", CultureInfo.InvariantCulture) + " dB", table["PSNR"]);
        Assert.Equal(evaluation.Ssim.ToString("0.0000", CultureInfo.InvariantCulture), table["SSIM"]);
        Assert.Equal($"{evaluation.CodesUsed} of 20", table["codes used"]);
        // log2(20) bits for each 4x4x3 samples.
        Assert.Equal("0.0900", table["bits per subpixel"]);
        Assert.Equal(
            (Math.Log2(evaluation.Perplexity) / 48).ToString("0.0000", CultureInfo.InvariantCulture),
            table["bits per subpixel, entropy"]);
        Dictionary<string, string> options = Table(Parse(run.Page), "options-table");
        Assert.Equal(
            ("24", "6", "20", "0.002"),
            (options["updates"], options["batch"], options["codes"], options["learningRate"]));
    }

    [Fact]
    public void The_captions_state_the_window_and_the_use()
    {
        XElement page = Parse(run.Page);
        Assert.Contains("each of 24 training batches", Caption(page, "loss"), StringComparison.Ordinal);
        Assert.Contains("the window is 23", Caption(page, "loss"), StringComparison.Ordinal);
        Assert.Contains("(144 choices)", Caption(page, "use"), StringComparison.Ordinal);
        Assert.Contains("(i / 4, i % 4)", Caption(page, "masks"), StringComparison.Ordinal);
        Assert.Contains("144 cells of 9 images", Caption(page, "influence"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_bars_of_use_are_the_counts()
    {
        string description = XDocument.Load(Path.Combine(run.Folder, "use.svg")).Root!.Element(Svg + "desc")!.Value;
        var usage = new CodeUsage(20);
        VqVae model = TrainedModel.Open(run.RunPath).Model;
        foreach (int i in Enumerable.Range(0, 9))
        {
            float[] pixels = new float[16 * 16 * 3];
            PixelValues.FromBytes(SmallRun.Test.Pixels(i), pixels);
            usage.Add(model.Encode(Tensors.Tensor.From(pixels, [1, 16, 16, 3])).ToArray());
        }
        long[] counts = [.. usage.Counts.ToArray().OrderDescending()];
        Assert.Contains($"the most used has {counts[0]} uses of 144", description, StringComparison.Ordinal);
        Assert.Contains(
            $"the last of the {usage.Used} codes in use has {counts[usage.Used - 1]};", description,
            StringComparison.Ordinal);
        Assert.Contains($"{20 - usage.Used} never used", description, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_subject_gives_the_same_bytes()
    {
        Report.Write(
            _folder["report"], ReportRun.Subject(run.RunPath), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(run.Page, File.ReadAllText(_folder["report", "report.html"]));
    }

    [Theory]
    [InlineData(null, "has no series.csv")]
    [InlineData("update,recon_error,perplexity\n1,0.5,2\n3,0.5,2\n", "is damaged: line 3")]
    [InlineData("update,recon_error,perplexity\n", "holds no update yet")]
    public void A_missing_or_damaged_series_gives_a_figure_that_says_so(string? series, string reason)
    {
        string copy = CopyRun();
        if (series is null) File.Delete(Path.Combine(copy, "series.csv"));
        else File.WriteAllText(Path.Combine(copy, "series.csv"), series);
        XElement page = WriteAndParse(ReportRun.Subject(copy));
        Assert.Equal(FigureIds, Ids(page));
        Assert.Contains(reason, Absence(page, "loss"), StringComparison.Ordinal);
        Assert.DoesNotContain("loss-nmse.svg", _folder.Names);
    }

    [Theory]
    [InlineData(7, "not smoothed")]
    [InlineData(8, "not smoothed")]
    [InlineData(9, "the window is 9")]
    [InlineData(200, "the window is 199")]
    [InlineData(201, "window 201, order 7.")]
    [InlineData(1, "not smoothed")]
    public void Short_series_are_smoothed_with_the_largest_possible_window(int updates, string expected)
    {
        string copy = CopyRun();
        Directory.Delete(Path.Combine(copy, "checkpoints"), recursive: true);
        File.WriteAllLines(
            Path.Combine(copy, "series.csv"),
            Enumerable.Range(1, updates).Select(i => FormattableString.Invariant($"{i},{1.0 / i},{i}"))
                .Prepend("update,recon_error,perplexity"));
        Assert.Contains(expected, Caption(WriteAndParse(ReportRun.Subject(copy)), "loss"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_report_of_a_model_file_says_what_is_missing()
    {
        XElement page = WriteAndParse(new ReportSubject(
            "model", TrainedModel.Open(Path.Combine(run.RunPath, "model.safetensors")), SmallRun.Test, Split.All,
            TrainingImages: null));
        Assert.Equal(
            FigureIds.Where(id => id != "training"),
            Ids(page));
        Assert.Contains("does not hold the losses", Absence(page, "loss"), StringComparison.Ordinal);
        Assert.Contains("does not hold the options", Absence(page, "options-table"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 32, 32)]
    [InlineData(1, 8, 12)]
    [InlineData(3, 4, 4)]
    [InlineData(3, 20, 40)]
    public void Grey_images_and_images_of_any_size_have_every_figure(int channels, int height, int width)
    {
        byte[][] pixels = [.. Enumerable.Range(0, 35).Select(i =>
            ImageTransform.Fit(SyntheticShapes.Image(i), width, height, channels).Pixels)];
        var images = new ImageSet("images", width, height, channels, pixels, new int[35], ["any"]);
        var model = new VqVae(SmallRun.Options.Model with { Channels = channels }, seed: 5);
        XElement page = WriteAndParse(new ReportSubject("any", Untrained(model), images, Split.Test, images));
        Assert.Equal(["loss", "options-table"], AbsentIds(page));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Too_few_codes_for_UMAP_give_a_figure_that_says_so(int codes)
    {
        var model = new VqVae(SmallRun.Options.Model with { Codes = codes }, seed: 5);
        XElement page = WriteAndParse(new ReportSubject("few", Untrained(model), SmallRun.Test, Split.Test, null));
        Assert.Contains($"this codebook has {codes}", Absence(page, "embedding"), StringComparison.Ordinal);
    }

    [Fact]
    public void Images_that_are_reconstructed_without_error_have_a_report()
    {
        // With all weights zero, every pixel becomes mid-grey, within half a level of byte 128: a nearly perfect PSNR.
        var model = new VqVae(SmallRun.Options.Model, seed: 5);
        foreach ((string _, Tensors.Tensor tensor) in model.Parameters()) tensor.Fill(0);
        byte[][] pixels = [.. Enumerable.Repeat(Enumerable.Repeat((byte)128, 16 * 16 * 3).ToArray(), 3)];
        var images = new ImageSet("grey", 16, 16, 3, pixels, new int[3], ["grey"]);
        XElement page = WriteAndParse(new ReportSubject("zero", Untrained(model), images, Split.Test, null));
        Assert.Equal("1 of 20", Table(page, "results-table")["codes used"]);
        // The formula of the perplexity gives slightly less than 1.
        Assert.Equal("0.0000", Table(page, "results-table")["bits per subpixel, entropy"]);
        Assert.Contains("90% within 0.0", Caption(page, "influence"), StringComparison.Ordinal);
    }

    [Fact]
    public void Several_codes_a_cell_have_a_row_each_and_one_of_their_combinations()
    {
        var model = new VqVae(
            SmallRun.Options.Model with { CodeDim = 6, Cell = new CellOptions { Groups = 2, Depth = 2 } }, seed: 5);
        Evaluation evaluation = Evaluator.Evaluate(
            model, SmallRun.Test, Split.Test, 0.06, cancellation: TestContext.Current.CancellationToken);
        XElement page = WriteAndParse(new ReportSubject("cells", Untrained(model), SmallRun.Test, Split.Test, null));
        Dictionary<string, string> table = Table(page, "results-table");
        Assert.Equal(
            ["group 1, level 1", "group 1, level 2", "group 2, level 1", "group 2, level 2", "combinations"],
            table.Keys.SkipWhile(name => name != "codes used").Skip(1).Take(5));
        CodeUse joint = evaluation.Joint!;
        Assert.Equal(
            string.Create(
                CultureInfo.InvariantCulture, $"perplexity {joint.Perplexity:0.0}, {joint.CodesUsed:#,0} used"),
            table["combinations"]);
        Assert.Contains("the mean of those below", FigureOf(page, "results-table").Value, StringComparison.Ordinal);
        Assert.Contains("is the mean over the levels or groups of the effective", Caption(page, "use"));
        // Half of the dimensions each.
        Assert.Contains("20 codes of 3 dimensions", page.Value, StringComparison.Ordinal);
        Assert.Equal(
            "perplexity unknown, more than 4,194,304 used",
            Tables.Levels(evaluation with { Joint = null }).Last()[1]);
    }

    [Fact]
    public void A_folder_with_anything_else_in_it_is_refused_and_left_alone()
    {
        string notes = _folder.Write("report/notes.txt", [1]);
        Refuse();
        // A foreign page, even one that mentions Tessera's report.
        File.Move(notes, _folder["report", "report.html"]);
        Refuse();
        Assert.Equal([1], File.ReadAllBytes(_folder["report", "report.html"]));
        File.WriteAllText(_folder["report", "report.html"], "<p>My notes on the Tessera report.</p>");
        Refuse();
        File.Delete(_folder["report", "report.html"]);
        Report.Write(
            _folder["report"], ReportRun.Subject(run.RunPath), cancellation: TestContext.Current.CancellationToken);
        // A report with a foreign file beside it.
        _folder.Write("report/loss-nmse.txt", [1]);
        Refuse();
        File.Delete(_folder["report", "loss-nmse.txt"]);
        Report.CheckReplaceable(_folder["report"]);

        void Refuse()
        {
            var e = Assert.Throws<InputException>(
                () => Report.Write(_folder["report"], ReportRun.Subject(run.RunPath)));
            Assert.Contains("choose another folder", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_cancelled_report_keeps_the_existing_one()
    {
        Report.Write(
            _folder["report"], ReportRun.Subject(run.RunPath), cancellation: TestContext.Current.CancellationToken);
        using var stop = new CancellationTokenSource();
        var stages = new List<double>();
        Assert.ThrowsAny<OperationCanceledException>(() => Report.Write(
            _folder["report"], ReportRun.Subject(run.RunPath), new Stages(progress =>
            {
                stages.Add(progress.Fraction);
                if (progress.Fraction > 0.84) stop.Cancel();
            }), stop.Token));
        Assert.Equal(stages.Order(), stages);
        Assert.Equal(["report"], _folder.Names);
        Assert.Equal(run.Page, File.ReadAllText(_folder["report", "report.html"]));
    }

    [Fact]
    public void A_full_disk_is_reported_and_nothing_is_left_on_it()
    {
        using var disk = SmallDisk.Mount(_folder, 64);
        var e = Assert.Throws<InputException>(() => Report.Write(
            disk["report"], ReportRun.Subject(run.RunPath), cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("the disk is full", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk.Path));
    }

    [Fact]
    public void The_text_of_a_stage_does_not_change()
    {
        var stages = new List<string>();
        Report.Write(
            _folder["report"], ReportRun.Subject(run.RunPath), new Stages(progress => stages.Add(progress.Stage)),
            TestContext.Current.CancellationToken);
        string[] changes = [.. stages.Where((stage, i) => i == 0 || stage != stages[i - 1])];
        Assert.Equal("measuring 9 images", changes[0]);
        Assert.Equal(changes.Distinct(), changes);
        Assert.InRange(changes.Length, 4, 10);
    }

    [Fact]
    public void A_browser_shows_every_figure_without_console_messages()
    {
        string document = CheckInBrowser(run.Folder, FigureIds.Length);
        Assert.Contains("<h1>run &lt;1&gt;</h1>", document, StringComparison.Ordinal);
    }

    private static TrainedModel Untrained(VqVae model) =>
        new(model, new ModelOrigin("model.safetensors", ModelOrigin.WholeFile, "", []), 0.06, Run: null, Update: null);

    private XElement WriteAndParse(ReportSubject subject)
    {
        Report.Write(_folder["page"], subject, cancellation: TestContext.Current.CancellationToken);
        return Parse(File.ReadAllText(_folder["page", Report.PageName]));
    }

    private string CopyRun()
    {
        foreach (string file in Directory.EnumerateFiles(run.RunPath, "*", SearchOption.AllDirectories))
            _folder.Write(Path.Combine("copy", Path.GetRelativePath(run.RunPath, file)), File.ReadAllBytes(file));
        return _folder["copy"];
    }
}
