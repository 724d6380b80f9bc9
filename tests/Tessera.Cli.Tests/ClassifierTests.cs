using Tessera.Features;
using Tessera.Training;

namespace Tessera.Cli.Tests;

/// <summary>tessera classifier, and tessera train with its features.</summary>
public sealed class ClassifierTests(TrainedPrior trained) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_classifier_is_trained_described_and_its_features_sharpen_a_tokenizer()
    {
        string output = Program.Succeed(Classifier(_folder["c"]));
        Assert.Matches(
            @"(?m)^data:   .*images: 8 images to train on, 4 to test on, 16x16x3, 2 classes$", output);
        Assert.Matches(@"(?m)^model:  \d+ parameters, three stages of 1 convolutions, width 4$", output);
        Assert.Matches(@"(?m)^accuracy +\d+\.\d %$", output);
        Assert.EndsWith(
            $"next:\n  tessera train --data {trained.Images} --perceptual 0.05 --features {_folder["c"]}\n", output,
            StringComparison.Ordinal);
        string info = Program.Succeed("info", _folder["c"]);
        Assert.Contains("cube, sphere", info, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^stages +4, 8, 16$", info);

        output = Program.Succeed(Program.TinyTraining(
            trained.Images, _folder["t"], "--updates", "6", "--perceptual", "0.5", "--features", _folder["c"], "--loss",
            "l1-msssim"));
        Assert.Contains(", loss l1-msssim, perceptual 0.5", output, StringComparison.Ordinal);
        TokenizerRun run = TokenizerRun.Open(_folder["t"]);
        Assert.Equal(
            new LossOptions { Pixel = PixelLoss.L1MsSsim, Perceptual = 0.5f, Features = _folder["c"] },
            run.Options.Loss);
        using FeatureNetwork copy = FeatureFile.Read(run.FeaturesPath);
        Assert.Equal(3, copy.Layers.Count(layer => layer.IsStage));
        Assert.Contains(
            "the run is finished", Program.Succeed("train", "--resume", "--out", _folder["t"], Program.NoReport),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_killed_run_resumes_to_the_same_bytes()
    {
        Program.Succeed(Classifier(_folder["whole"]));
        Program.Succeed(Classifier(_folder["parts"]));
        Directory.Delete(_folder["parts", "checkpoints", "12"], recursive: true);
        string output = Program.Succeed("classifier", "--resume", "--out", _folder["parts"]);
        Assert.Contains("resuming after update 6", output, StringComparison.Ordinal);
        foreach (string file in (string[])["model.safetensors", "series.csv", "eval.csv"])
            Assert.Equal(File.ReadAllBytes(_folder["whole", file]), File.ReadAllBytes(_folder["parts", file]));
    }

    [Fact]
    public void An_interrupted_run_says_how_it_continues()
    {
        Outcome outcome = Program.RunUntil("", Classifier(_folder["c"]));
        Assert.Equal(TesseraProgram.Interrupted, outcome.Code);
        Assert.Contains(
            $"continue with: tessera classifier --resume --out {_folder["c"]}\n", outcome.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_ONNX_file_gives_the_features_and_the_run_keeps_them()
    {
        string onnx = Repository.Fixture("onnx", "plain.onnx");
        Program.Succeed(Program.TinyTraining(
            trained.Images, _folder["t"], "--updates", "4", "--perceptual", "0.5", "--features", onnx));
        using FeatureNetwork copy = FeatureFile.Read(_folder["t", "features.safetensors"]);
        Assert.Equal(3, copy.Layers.Count(layer => layer.IsStage));
        Assert.Contains(
            "cannot be read", Program.Refuse(Program.TinyTraining(
                trained.Images, _folder["u"], "--perceptual", "0.5", "--features",
                Repository.Fixture("onnx", "sigmoid.onnx"))),
            StringComparison.Ordinal);
        Assert.Equal(["t"], _folder.Names);
    }

    [Theory]
    [InlineData(
        "a perceptual term needs a feature network; name its file (--features FILE; tessera classifier --out FILE "
            + "makes one)",
        "--perceptual", "1")]
    [InlineData("nothing uses the feature network ", "--features", "x")]
    [InlineData("--perceptual must be a number of at least 0, not -1", "--perceptual", "-1", "--features", "x")]
    [InlineData("--loss l3: choose one of mse, l1-msssim", "--loss", "l3")]
    public void A_wrong_option_is_refused_by_name(string line, params string[] options)
    {
        Assert.StartsWith(
            line, Program.Refuse(Program.TinyTraining(trained.Images, _folder["t"], options)),
            StringComparison.Ordinal);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public void A_feature_network_without_a_weight_is_refused_with_the_option_of_the_weight() => Assert.EndsWith(
        "; give the perceptual term a weight above 0 (--perceptual W)",
        Program.Refuse(Program.TinyTraining(trained.Images, _folder["t"], "--features", "x")),
        StringComparison.Ordinal);

    [Fact]
    public void What_is_no_feature_network_is_refused()
    {
        Assert.Equal(
            $"{trained.Model} holds no feature network: its metadata lack tessera.features; train a classifier "
            + "(--features FILE; tessera classifier --out FILE makes one)",
            Program.Refuse(Program.TinyTraining(
                trained.Images, _folder["t"], "--perceptual", "1", "--features", trained.Model)));
        Assert.Equal(
            "--out is missing; name a folder for the run", Program.Refuse("classifier", "--data", trained.Images));
        Assert.Equal(
            $"there is no run folder {_folder["none"]}; check the path, or start a new run "
            + $"(tessera classifier --out {_folder["none"]})",
            Program.Refuse("classifier", "--resume", "--out", _folder["none"]));
    }

    [Theory]
    [InlineData("--width", "0", "--width must be 1 to 2048, not 0")]
    [InlineData("--convolutions", "17", "--convolutions must be 1 to 16, not 17")]
    public void A_wrong_size_is_refused(string option, string value, string line)
    {
        string[] args = Classifier(_folder["c"]);
        args[Array.IndexOf(args, option) + 1] = value;
        Assert.Equal(line, Program.Refuse(args));
        Assert.Empty(_folder.Names);
    }

    private string[] Classifier(string run) =>
    [
        "classifier", "--data", trained.Images, "--size", "16", "--updates", "12", "--batch", "4", "--width", "4",
        "--convolutions", "1", "--warmup", "0", "--threads", "1", "--checkpoint-every", "6", "--eval-every", "6",
        "--out", run,
    ];
}
