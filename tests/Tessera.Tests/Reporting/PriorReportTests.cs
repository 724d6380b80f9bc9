using System.Globalization;
using System.Xml.Linq;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Priors;
using Tessera.Reporting;
using Tessera.Tests.Priors;
using static Tessera.Tests.Reporting.PageReader;

namespace Tessera.Tests.Reporting;

public sealed class PriorReportTests(PriorReportRun run, ReportRun tokenizer)
    : IClassFixture<PriorReportRun>, IDisposable
{
    private static readonly string[] PriorIds =
    [
        "prior-results", "prior-curve", "prior-samples", "prior-options", "prior-cells", "prior-nearest",
        "prior-options-table",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_chapter_stands_before_the_options_and_changes_nothing_else()
    {
        XElement page = Parse(run.Page), without = Parse(tokenizer.Page);
        string?[] ids = [.. Ids(without)];
        Assert.Equal([.. ids[..^1], .. PriorIds, ids[^1]], Ids(page));
        Assert.Empty(AbsentIds(page));
        string[] files = FilesOf(run.Page), others = FilesOf(tokenizer.Page);
        Assert.All(others, file => Assert.Equal(Bytes(tokenizer.Folder, file), Bytes(run.Folder, file)));
        // Ten classes, three temperatures at three strengths of guidance, a dozen samples; curve, cells, scale, order.
        Assert.Equal(others.Length + 10 + 9 + 12 + 4, files.Length);
        CheckFiles(run.Folder, files);

        static byte[] Bytes(string folder, string file) => File.ReadAllBytes(Path.Combine(folder, file));
    }

    [Fact]
    public void The_page_is_well_formed_self_contained_and_has_text_alternatives()
    {
        XElement page = Parse(run.Page);
        CheckLinks(page);
        CheckSelfContained(run.Page);
        CheckAlternatives(page);
    }

    [Fact]
    public void A_browser_shows_every_figure_without_console_messages() =>
        CheckInBrowser(run.Folder, Ids(Parse(run.Page)).Count());

    [Fact]
    public void The_numbers_are_those_of_the_evaluation()
    {
        Dictionary<string, string> table = Table(Parse(run.Page), "prior-results");
        Assert.Equal(run.Evaluation.Nats.ToString("0.0000", CultureInfo.InvariantCulture), table["nats a code, test"]);
        Assert.Equal(
            run.Evaluation.TrainNats.ToString("0.0000", CultureInfo.InvariantCulture), table["nats a code, training"]);
        Assert.Equal(
            run.Evaluation.BitsPerPixel.ToString("0.0000", CultureInfo.InvariantCulture), table["bits a pixel"]);
        // 16 x 16 pixels.
        Assert.Equal(
            (256 * run.Evaluation.BitsPerPixel).ToString("0.0", CultureInfo.InvariantCulture), table["bits an image"]);
        Assert.Equal("24", table["updates"]);
        Dictionary<string, string> options = Table(Parse(run.Page), "prior-options-table");
        Assert.Equal(("6", "20", "16"), (options["batch"], options["codes"], options["width"]));
        Assert.Equal(string.Join(", ", SyntheticShapes.ClassNames), options["classes"]);
    }

    [Fact]
    public void The_curve_has_every_update_and_every_evaluation()
    {
        var svg = XDocument.Load(Path.Combine(run.Folder, "prior-curve.svg"));
        string description = svg.Root!.Element(Svg + "desc")!.Value;
        Assert.StartsWith(
            "Nats a code of the training batches for updates 1 to 24: ", description, StringComparison.Ordinal);
        Assert.Contains(
            FormattableString.Invariant($"Of the test images after update 24: {run.Evaluation.Nats:0.###};"),
            description, StringComparison.Ordinal);
        // A line and its rings: two arcs for each of two evaluations.
        string rings = svg.Descendants(Svg + "path").Last(path => path.Attribute("class")?.Value == "rule")
            .Attribute("d")!.Value;
        Assert.Equal(4, rings.Count(letter => letter == 'a'));
        Assert.Contains(
            "each of 24 training batches", Caption(Parse(run.Page), "prior-curve"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_samples_are_those_of_the_sampler()
    {
        using ImageSampler sampler = ImageSampler.Open(run.RunPath);
        var usual = SamplingOptions.Default with { Seed = 1 };
        Image[] images = sampler.Decode(Codes(usual, 80));
        Assert.Equal(Enlarged(images[16..24], 8), Pixels("prior-samples-2.png"));
        // The fourth: temperature 1, no guidance. The fifth: the program's options again.
        Assert.Equal(
            Enlarged(sampler.Decode(Codes(usual with { Guidance = 0 }, 8)), 4), Pixels("prior-options-3.png"));
        Assert.Equal(Enlarged(images[..8], 4), Pixels("prior-options-4.png"));
        string[] labels =
        [
            .. FigureOf(Parse(run.Page), "prior-options").Descendants(Html + "p").Select(label => label.Value),
        ];
        Assert.Equal("temperature 0.8, guidance 0", labels[0]);
        Assert.Equal("temperature 1.2, guidance 2", labels[8]);

        int[] Codes(SamplingOptions options, int count) => sampler.SampleCodes(
            [.. Enumerable.Range(0, count).Select(i => (int?)(i / 8))], options,
            cancellation: TestContext.Current.CancellationToken);

        static byte[] Enlarged(Image[] images, int columns)
        {
            Image grid = ImageGrid.Make(images, columns);
            return ImageTransform.Enlarge(grid, Math.Clamp((768 + grid.Width - 1) / grid.Width, 1, 12)).Pixels;
        }

        byte[] Pixels(string name) => ImageFile.Read(Path.Combine(run.Folder, name)).Pixels;
    }

    [Fact]
    public void The_map_has_the_nats_of_each_cell()
    {
        var svg = XDocument.Load(Path.Combine(run.Folder, "prior-cells.svg"));
        Assert.Equal(
            run.Evaluation.CellNats.Select(value => value.ToString("0.00", CultureInfo.InvariantCulture)),
            svg.Descendants(Svg + "g").First().Elements(Svg + "text").Select(text => text.Value));
    }

    [Fact]
    public void The_nearest_are_named_with_their_distances_and_those_of_test_images()
    {
        XElement page = Parse(run.Page);
        Assert.Equal(12, FigureOf(page, "prior-nearest").Descendants(Html + "img").Count());
        Assert.All(
            FigureOf(page, "prior-nearest").Descendants(Html + "p"),
            label => Assert.Matches(
                @"^[a-z]+: \d+ of 16 codes differ \(image \d+(, mirrored)?\); "
                + @"MSE 0\.\d{4} \(image \d+(, mirrored)?\)$",
                label.Value));
        int[] differ =
        [
            .. run.Test.Codes.Chunk(16).Select(own => run.Train.Codes.Chunk(16).Concat(run.Train.Mirrored!.Chunk(16))
                .Min(other => own.Zip(other, (a, b) => a == b ? 0 : 1).Sum())).Order(),
        ];
        string caption = Caption(page, "prior-nearest");
        Assert.Contains(
            $"of 9 test images, which are no copies, {differ[4]} codes differ", caption, StringComparison.Ordinal);
        Assert.Contains("all 64 training images", caption, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_subject_gives_the_same_bytes_and_its_progress_rises()
    {
        var stages = new List<ReportProgress>();
        Report.Write(
            _folder["report"], PriorReportRun.Subject(run.RunPath), new Stages(stages.Add),
            TestContext.Current.CancellationToken);
        Assert.Equal(run.Page, File.ReadAllText(_folder["report", Report.PageName]));
        Assert.Equal(stages.Select(stage => stage.Fraction).Order(), stages.Select(stage => stage.Fraction));
        Assert.All(stages, stage => Assert.InRange(stage.Fraction, 0, 1));
        string[] changes =
            [.. stages.Select(stage => stage.Stage).Where((stage, i) => i == 0 || stage != stages[i - 1].Stage)];
        Assert.Equal(
            [
                "drawing images from the prior", "encoding 64 training images and mirrored", "evaluating the prior",
                "searching 64 training images",
            ],
            changes[^4..]);
    }

    [Theory]
    [InlineData("drawing")]
    [InlineData("encoding")]
    [InlineData("evaluating")]
    [InlineData("searching")]
    public void A_report_cancelled_at_any_stage_writes_nothing(string name)
    {
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Report.Write(
            _folder["report"], PriorReportRun.Subject(run.RunPath), new Stages(progress =>
            {
                if (progress.Stage.StartsWith(name, StringComparison.Ordinal)) stop.Cancel();
            }), stop.Token));
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void The_report_of_a_model_file_says_what_is_missing()
    {
        XElement page = WriteAndParse(PriorReportRun.Subject(
            run.RunPath, Path.Combine(run.PriorPath, "model.safetensors")));
        Assert.Equal(["prior-curve", "prior-options-table"], AbsentIds(page));
        Assert.Equal("unknown", Table(page, "prior-results")["updates"]);
    }

    [Fact]
    public void A_checkpoint_has_the_curve_up_to_its_update()
    {
        XElement page = WriteAndParse(PriorReportRun.Subject(
            run.RunPath, Path.Combine(run.PriorPath, "checkpoints", "20")));
        Assert.Equal("20", Table(page, "prior-results")["updates"]);
        Assert.Contains("each of 20 training batches", Caption(page, "prior-curve"), StringComparison.Ordinal);
        string description = FigureOf(page, "prior-curve").Descendants(Svg + "desc").Single().Value;
        Assert.Contains("Of the test images after update 12:", description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "has no series.csv")]
    [InlineData("update,nats\n1,3\n3,3\n", "is damaged: line 3")]
    [InlineData("update,recon_error\n1,3\n", "its first line is not 'update,nats'")]
    public void A_missing_or_damaged_series_gives_a_figure_that_says_so(string? series, string reason)
    {
        foreach (string file in Directory.EnumerateFiles(run.PriorPath, "*", SearchOption.AllDirectories))
            _folder.Write(Path.Combine("copy", Path.GetRelativePath(run.PriorPath, file)), File.ReadAllBytes(file));
        if (series is null) File.Delete(_folder["copy", "series.csv"]);
        else File.WriteAllText(_folder["copy", "series.csv"], series);
        XElement page = WriteAndParse(PriorReportRun.Subject(run.RunPath, _folder["copy"]));
        Assert.Equal(["prior-curve"], AbsentIds(page));
        Assert.Contains(reason, Absence(page, "prior-curve"), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_runs_own_test_images_nothing_is_said_of_nats_and_copies()
    {
        XElement page = WriteAndParse(PriorReportRun.Subject(run.RunPath) with { TrainingImages = null });
        Assert.Equal(["prior-cells", "prior-nearest"], AbsentIds(page));
        Assert.Contains("own test images", Absence(page, "prior-nearest"), StringComparison.Ordinal);
        Assert.Equal("unknown", Table(page, "prior-results")["nats a code, test"]);
    }

    [Fact]
    public void Images_of_another_size_than_the_priors_are_not_measured()
    {
        // 2 x 8 codes are as many as 4 x 4.
        ImageSet wide = SyntheticShapes.Load(Split.Test, new ImageSize(8, 32), trainCount: 1, testCount: 9);
        XElement page = WriteAndParse(
            PriorReportRun.Subject(run.RunPath) with { Images = wide, TrainingImages = wide });
        Assert.Equal(["prior-cells", "prior-nearest"], AbsentIds(page));
        Assert.Contains("it is of images of 16x16;", Absence(page, "prior-cells"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_prior_without_classes_has_one_grid_and_no_guidance()
    {
        using CodePrior prior = SmallPrior.Create(new CodePriorOptions
        {
            Codes = 20,
            Rows = 4,
            Columns = 4,
            Width = 16,
            Layers = 1,
            Heads = 2,
        });
        XElement page = WriteAndParse(
            ReportRun.Subject(run.RunPath) with { Prior = new PriorSubject(prior, Run: null, Update: null) });
        Assert.Equal(["prior-curve", "prior-options-table"], AbsentIds(page));
        Assert.Single(FigureOf(page, "prior-samples").Descendants(Html + "img"));
        Assert.Equal(
            ["temperature 0.8", "temperature 1", "temperature 1.2"],
            FigureOf(page, "prior-options").Descendants(Html + "p").Select(label => label.Value));
        Assert.Contains("guidance 0,", Caption(page, "prior-samples"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_prior_of_another_tokenizer_is_refused()
    {
        using CodePrior prior = SmallPrior.Create();
        ReportSubject subject =
            ReportRun.Subject(run.RunPath) with { Prior = new PriorSubject(prior, Run: null, Update: null) };
        Assert.Contains(
            "5 codes, but the tokenizer has 20",
            Assert.Throws<InputException>(() => WriteAndParse(subject)).Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    private XElement WriteAndParse(ReportSubject subject)
    {
        Report.Write(_folder["page"], subject, cancellation: TestContext.Current.CancellationToken);
        return Parse(File.ReadAllText(_folder["page", Report.PageName]));
    }
}
