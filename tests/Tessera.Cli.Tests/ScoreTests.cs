using System.Globalization;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Priors;

namespace Tessera.Cli.Tests;

public sealed class ScoreTests(TrainedPrior trained) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null, Split.Test)]
    [InlineData("all", Split.All)]
    public void The_rows_are_the_scores_of_the_library_in_the_order_of_the_images(string? option, Split split)
    {
        string[] args = option is null ? [] : ["--split", option];
        string output = Program.Succeed(["score", trained.Run, "--out", _folder["scores.csv"], .. args]);
        string[] rows = File.ReadAllLines(_folder["scores.csv"]);
        Assert.Equal("image,nats,mse,psnr", rows[0]);

        using ImageSampler sampler = ImageSampler.Open(trained.Run);
        ImageSource images = ImageFolder.Open(
            trained.Images, split, 16, cancellation: TestContext.Current.CancellationToken);
        ImageScore[] scores = ImageScorer.Score(
            sampler.Tokenizer.Model, sampler.Prior, images, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(
            scores.Select((score, i) => string.Create(
                CultureInfo.InvariantCulture,
                $"{images.NameOf(i)},{score.Nats:0.0000},{score.Mse:0.000000},{score.Psnr:0.00}")),
            rows[1..]);
        Assert.StartsWith(
            $"{_folder["scores.csv"]}: {images.Count} images, mean nats a code ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Worst_sorts_the_rows_and_the_picture_shows_the_first()
    {
        string output = Program.Succeed(
            "score", trained.Run, "--data", trained.Images, "--split", "all", "--worst", "3", "--picture",
            _folder["odd.png"], "--out", _folder["scores.csv"]);
        Assert.EndsWith($"{_folder["odd.png"]}: the 3 images of most nats\n", output, StringComparison.Ordinal);
        string[][] rows = [.. File.ReadLines(_folder["scores.csv"]).Skip(1).Select(row => row.Split(','))];
        Assert.Equal(TrainedPrior.TrainCount + TrainedPrior.TestCount, rows.Length);
        double[] nats = [.. rows.Select(row => double.Parse(row[1], CultureInfo.InvariantCulture))];
        Assert.Equal(nats.OrderDescending(), nats);
        Image[] worst = [.. rows[..3].Select(row => ImageFile.Read(Path.Combine(trained.Images, row[0])))];
        Assert.Equal(ImageGrid.Make(worst).Pixels, ImageFile.Read(_folder["odd.png"]).Pixels);
    }

    [Fact]
    public void Image_files_of_any_size_are_scored_by_their_names()
    {
        ImageFile.WritePng(_folder["a,b.png"], SyntheticShapes.Image(1, 32));
        ImageFile.WritePng(_folder["c.png"], SyntheticShapes.Image(0, 16));
        Program.Succeed(
            "score", trained.Run, _folder["a,b.png"], _folder["c.png"], "--out", _folder["scores.csv"], "--picture",
            _folder["odd.png"]);
        string[] rows = File.ReadAllLines(_folder["scores.csv"]);
        Assert.StartsWith($"\"{_folder["a,b.png"]}\",", rows[1], StringComparison.Ordinal);
        Assert.StartsWith($"{_folder["c.png"]},", rows[2], StringComparison.Ordinal);
        Assert.Equal(2 + 2 * 18, ImageFile.Read(_folder["odd.png"]).Width);
    }

    /// <summary>A model file knows no size; the prior does.</summary>
    [Fact]
    public void A_model_file_with_a_prior_scores_images_of_the_prior_s_size()
    {
        Program.Succeed("score", trained.Run, "--out", _folder["run.csv"]);
        Program.Succeed(
            "score", trained.Model, "--prior", trained.Prior, "--data", trained.Images, "--out", _folder["file.csv"],
            "--threads", "1");
        Assert.Equal(File.ReadAllText(_folder["run.csv"]), File.ReadAllText(_folder["file.csv"]));
    }

    [Fact]
    public void The_classes_of_folders_are_given_to_the_prior_if_asked()
    {
        Program.Succeed("score", trained.Run, "--out", _folder["any.csv"]);
        Program.Succeed("score", trained.Run, "--classes", "off", "--out", _folder["off.csv"]);
        Program.Succeed("score", trained.Run, "--classes", "on", "--out", _folder["on.csv"]);
        Assert.Equal(File.ReadAllText(_folder["any.csv"]), File.ReadAllText(_folder["off.csv"]));
        Assert.NotEqual(File.ReadAllText(_folder["any.csv"]), File.ReadAllText(_folder["on.csv"]));
        _folder.Write("cows/cow/0.png", ImageFile.EncodePng(SyntheticShapes.Image(3, 16)));
        Assert.EndsWith(
            "is one of the prior's: cube, sphere",
            Program.Refuse(
                "score", trained.Run, "--data", _folder["cows"], "--split", "all", "--classes", "on", "--out",
                _folder["a.csv"]),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--worst", "0", "--worst must be at least 1, not 0")]
    [InlineData("--classes", "yes", "--classes yes: choose one of on, off")]
    [InlineData(
        "--picture", "odd.jpg", "--picture odd.jpg: wrong file type for an image; give a name that ends in .png")]
    [InlineData("--size", "32", "the prior is of images of 16x16; these are 32x32 (--size 16x16)")]
    public void A_wrong_option_is_refused_by_name(string option, string value, string line)
    {
        Assert.Equal(line, Program.Refuse("score", trained.Run, option, value, "--out", _folder["a.csv"]));
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void A_missing_prior_and_damaged_images_are_named()
    {
        string run = trained.CopyRun(_folder);
        _folder.Write("bad/0.png", [1, 2, 3]);
        _folder.Write("bad/1.png", ImageFile.EncodePng(SyntheticShapes.Image(3, 16)));
        string[] args = ["score", run, "--data", _folder["bad"], "--split", "all", "--out", _folder["a.csv"]];
        Assert.Contains("0.png", Program.Refuse(args), StringComparison.Ordinal);
        Assert.Equal(0, Program.Run([.. args, "--skip-damaged"]).Code);
        Assert.Equal(2, File.ReadAllLines(_folder["a.csv"]).Length);
        Directory.Delete(Path.Combine(run, "prior"), recursive: true);
        Assert.Equal(
            $"there is no prior {Path.Combine(run, "prior")}; train one (tessera prior {run})",
            Program.Refuse("score", run, "--out", _folder["b.csv"]));
        Assert.Contains(
            "wrong file type", Program.Refuse("score", run, "--out", _folder["b.npy"]), StringComparison.Ordinal);
    }

    [Fact]
    public void It_can_be_interrupted()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(
            TesseraProgram.Interrupted,
            TesseraProgram.Run(["score", trained.Run, "--out", _folder["a.csv"]], output, error, stop.Token));
        Assert.Empty(_folder.Names);
    }
}
