using System.Text.RegularExpressions;
using Tessera.Imaging;
using Tessera.Quantization;
using Tessera.Runs;
using Tessera.Tensors.Optim;
using Tessera.Training;

namespace Tessera.Cli.Tests;

public sealed class TrainTests(Trained trained)
{
    [Fact]
    public void A_run_folder_is_complete()
    {
        Assert.Equal(
            [
                "checkpoints", "config.json", "eval.csv", "metrics.csv", "model.safetensors", "reconstructions.png",
                "report", "series.csv", "snapshots",
            ],
            TemporaryFolder.NamesIn(trained.Run));
        Assert.Equal(["10", "20", "30"], TemporaryFolder.NamesIn(Path.Combine(trained.Run, "checkpoints")));
        Assert.Equal(
            ["model.safetensors", "optimizer.safetensors", "state.json"],
            TemporaryFolder.NamesIn(Path.Combine(trained.Run, "checkpoints", "30")));
        Assert.Equal(
            ["20", "30"],
            File.ReadLines(Path.Combine(trained.Run, "eval.csv")).Skip(1).Select(row => row.Split(',')[0]));
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(trained.Run, "checkpoints", "30", "model.safetensors")),
            File.ReadAllBytes(trained.Model));
        // Four pairs of 16x16 images in the first row, enlarged 6 times; the fifth pair is in the second row.
        Image grid = ImageFile.Read(Path.Combine(trained.Run, "reconstructions.png"));
        Assert.Equal((4 * (192 + 6) + 6, 2 * (96 + 6) + 6), (grid.Width, grid.Height));
    }

    [Fact]
    public void The_output_shows_the_data_the_model_the_results_and_the_next_commands()
    {
        Assert.Contains(
            "12 images to train on, 5 to test on, 16x16x3, data variance 0.", trained.Output,
            StringComparison.Ordinal);
        Assert.Contains("16 codes of 4 dimensions", trained.Output, StringComparison.Ordinal);
        Assert.Contains("device: cpu, 1 thread, ", trained.Output, StringComparison.Ordinal);
        Assert.Contains("\n30 iterations\nrecon_error: ", trained.Output, StringComparison.Ordinal);
        Assert.Contains("\neval after 20 updates: recon_error ", trained.Output, StringComparison.Ordinal);
        Assert.Matches(
            @"\nimages +5 \(test\)\nrecon_error +[\d.]+\nmse +[\d.]+\npsnr +[\d.]+ dB\nssim +-?[\d.]+\n",
            trained.Output);
        Assert.Contains(Path.Combine(trained.Run, "reconstructions.png"), trained.Output, StringComparison.Ordinal);
        Assert.Contains(
            $"all figures on one page: {Path.Combine(trained.Run, "report", "report.html")}\n", trained.Output,
            StringComparison.Ordinal);
        Assert.Contains($"tessera eval {trained.Run}", trained.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_100_updates_it_prints_the_lines_of_the_reference_notebook_with_the_numbers_of_metrics_csv()
    {
        using var folder = new TemporaryFolder();
        string output = Program.Succeed(Program.TinyTraining(trained.Images, folder["run"], "--updates", "200"));
        string expected = string.Concat(File.ReadLines(folder["run", "metrics.csv"]).Skip(1)
            .Select(row => row.Split(',').Take(3).Select(double.Parse).ToArray())
            .Select(row => $"{row[0]} iterations\nrecon_error: {row[1]:0.000}\nperplexity: {row[2]:0.000}\n\n"));
        Assert.StartsWith("100 iterations\n", expected, StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(expected, "iterations"));
        Assert.Contains(expected, output, StringComparison.Ordinal);
    }

    [Fact]
    public void All_options_override_the_preset_and_reach_the_run()
    {
        using var folder = new TemporaryFolder();
        Program.Succeed(
            "train", "--preset", "reference-ema", "--data", trained.Images, "--data-dir", folder.Path,
            "--out", folder["run"], "--size", "8", "--channels", "1", "--batch", "2", "--updates", "1", "--lr", "2e-3",
            "--hidden", "4", "--residual-hidden", "3", "--residual-layers", "0", "--codes", "5", "--code-dim", "6",
            "--commitment", "0.5", "--seed", "18446744073709551615", "--threads", "2", "--checkpoint-every", "7",
            "--eval-every", "8", "--device", "cpu", "--lookup-dim", "3", "--decay", "0.9", "--gradient", "rotation",
            "--codebook-start", "kmeans", "--decay-ramp", "on", "--ema-start", "codebook", "--ema-smoothing", "copy",
            "--revival", "0.25", "--warmup", "9", "--schedule", "cosine", "--clip-norm", "2.5",
            "--weight-decay", "0.01", "--average", "0.99", "--flips", "on", "--optimizer", "muon", "--stride", "2",
            "--groupnorm", "1", "--attention", "2");
        TrainingOptions expected = new()
        {
            Model = new()
            {
                Channels = 1,
                Hidden = 4,
                Stride = 2,
                GroupNorm = 1,
                Attention = 2,
                ResidualHidden = 3,
                ResidualLayers = 0,
                Codes = 5,
                CodeDim = 6,
                LookupDim = 3,
                Quantizer = new EmaVectorQuantizerOptions
                {
                    Commitment = 0.5f,
                    Decay = 0.9,
                    DecayRamp = true,
                    Gradient = GradientEstimator.Rotation,
                    Start = CodebookStart.KMeans,
                    AveragesStart = EmaStart.Codebook,
                    KeepSmoothing = false,
                    Revival = 0.25,
                },
            },
            Data = trained.Images,
            DataDir = folder.Path,
            Size = 8,
            Budget = TrainingBudget.OfUpdates(1),
            Batch = 2,
            LearningRate = 2e-3f,
            Optimizer = OptimizerKind.Muon,
            WarmUp = 9,
            LearningRateShape = LearningRateShape.Cosine,
            ClipNorm = 2.5f,
            WeightDecay = 0.01f,
            AverageDecay = 0.99,
            Flips = true,
            Seed = ulong.MaxValue,
            Device = "cpu",
            Threads = 2,
            CheckpointEvery = 7,
            EvalEvery = 8,
        };
        Assert.Equal(expected, TokenizerRun.Open(folder["run"]).Options);
    }

    [Theory]
    [InlineData("simvq", typeof(SimVectorQuantizerOptions))]
    [InlineData("cosine", typeof(CosineVectorQuantizerOptions))]
    [InlineData("gradient", typeof(VectorQuantizerOptions))]
    [InlineData("ema", typeof(EmaVectorQuantizerOptions))]
    public void Each_quantizer_can_be_chosen_and_keeps_the_common_options(string name, Type options)
    {
        using var folder = new TemporaryFolder();
        Program.Succeed(Program.TinyTraining(
            trained.Images, folder["run"], "--quantizer", name, "--commitment", "0.7", "--updates", "2"));
        QuantizerOptions quantizer = TokenizerRun.Open(folder["run"]).Options.Model.Quantizer;
        Assert.IsType(options, quantizer);
        Assert.Equal(0.7f, Assert.IsType<CodebookOptions>(quantizer, exactMatch: false).Commitment);
        Assert.Contains(quantizer.Summary, Program.Succeed("info", folder["run"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--updates and --minutes", "--updates", "5", "--minutes", "1")]
    [InlineData("--updates and --images", "--images", "5", "--updates", "1")]
    [InlineData("--revival", "--quantizer", "simvq", "--revival", "0.1")]
    [InlineData("--decay", "--quantizer", "simvq", "--decay", "0.9")]
    [InlineData("--decay-ramp", "--quantizer", "gradient", "--decay-ramp", "on")]
    [InlineData("--ema-start", "--quantizer", "cosine", "--ema-start", "reference")]
    public void Options_that_exclude_each_other_are_refused(string named, params string[] options)
    {
        using var folder = new TemporaryFolder();
        string line = Program.Refuse(["train", "--data", trained.Images, "--out", folder["run"], .. options]);
        Assert.StartsWith(named, line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Fact]
    public void A_run_with_a_cosine_schedule_cannot_be_extended()
    {
        using var folder = new TemporaryFolder();
        Program.Succeed(
            Program.TinyTraining(trained.Images, folder["run"], "--schedule", "cosine", "--updates", "3"));
        string line = Program.Refuse("train", "--resume", "--out", folder["run"], "--updates", "6");
        Assert.Contains("--init", line, StringComparison.Ordinal);
        Program.Succeed(
            Program.TinyTraining(trained.Images, folder["next"], "--init", folder["run"], "--updates", "3"));
    }

    [Theory]
    [InlineData("reference", 0.0)]
    [InlineData("reference-ema", 0.99)]
    public void The_reference_presets_have_the_options_of_the_notebook(string preset, double decay)
    {
        using var folder = new TemporaryFolder();
        Program.Succeed(Program.TinyTraining(trained.Images, folder["run"], "--preset", preset, "--updates", "1"));
        TrainingOptions options = TokenizerRun.Open(folder["run"]).Options;
        QuantizerOptions quantizer =
            decay > 0 ? new EmaVectorQuantizerOptions { Decay = decay } : new VectorQuantizerOptions();
        Assert.Equal((quantizer, 1e-4f), (options.Model.Quantizer, options.LearningRate));
    }

    [Fact]
    public void Init_starts_from_the_weights_of_a_run()
    {
        using var folder = new TemporaryFolder();
        Program.Succeed(Program.TinyTraining(
            trained.Images, folder["run"], "--init", trained.Run, "--lr", "1e-12", "--updates", "1"));
        var (start, end) = (TrainedModel.Open(trained.Run).Model, TrainedModel.Open(folder["run"]).Model);
        foreach (var ((_, first), (name, second)) in start.Parameters().Zip(end.Parameters()))
        {
            float furthest = first.ToArray().Zip(second.ToArray(), (x, y) => Math.Abs(x - y)).Max();
            Assert.True(furthest < 1e-6f, $"{name} is {furthest} away from its initial value");
        }
    }

    [Fact]
    public void Without_out_the_run_folder_gets_the_first_free_number()
    {
        using var folder = new TemporaryFolder();
        foreach (int number in new[] { 1, 2 })
        {
            string[] args = Program.TinyTraining(trained.Images, "", "--updates", "1");
            args = [.. args.Where(arg => arg is not ("--out" or ""))];
            Outcome outcome = Program.End(Program.Start(folder.Path, args));
            Assert.True(outcome.Code == 0, outcome.Error);
            Assert.Contains(
                $"run:    {Path.Combine("runs", $"images-{number}")},", outcome.Output, StringComparison.Ordinal);
        }
        Assert.Equal(["images-1", "images-2"], TemporaryFolder.NamesIn(folder["runs"]));
    }

    [Fact]
    public void A_loss_that_is_not_finite_ends_the_run_with_an_error_and_keeps_the_checkpoints()
    {
        using var folder = new TemporaryFolder();
        string line = Program.Fail(TesseraProgram.Failed, Program.TinyTraining(
            trained.Images, folder["run"], "--lr", "1e30", "--checkpoint-every", "1"));
        Assert.Matches(@"^the loss of update \d+ is .*; try a smaller learning rate$", line);
        Assert.NotEmpty(TokenizerRun.Open(folder["run"]).Checkpoints());
        Program.Succeed("eval", folder["run"]);
    }
}
