using System.Globalization;
using Tessera.Quantization;
using Tessera.Runs;
using Tessera.Tensors.Optim;
using Tessera.Training;

namespace Tessera.Cli.Tests;

/// <summary>The options of the training recipe: budget, schedule, flips.</summary>
public sealed class RecipeTests(Trained trained)
{
    [Fact]
    public void A_run_and_info_show_the_whole_recipe_in_one_line()
    {
        using var folder = new TemporaryFolder();
        string output = Program.Succeed(Train(
            folder["run"], "--images", "21", "--lr", "1e-3", "--warmup", "3", "--schedule", "cosine",
            "--clip-norm", "2", "--weight-decay", "0.01", "--average", "0.9", "--flips", "on", "--optimizer", "muon"));
        Assert.Equal(6, TokenizerRun.Open(folder["run"]).LatestCheckpoint()!.Update);
        const string Recipe = "21 images, batch 4, Muon at lr 0.001 after 3 updates of warm-up, cosine to 0, "
            + "gradients clipped at 2, weight decay 0.01, weights averaged (0.9), flips, seed 0";
        Assert.Contains(Recipe, output, StringComparison.Ordinal);
        Assert.Contains(Recipe, Program.Succeed("info", folder["run"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("reference")]
    [InlineData("reference-ema")]
    public void The_reference_presets_use_no_part_of_the_recipe(string preset)
    {
        TrainingOptions options = Preset.Find(preset).Options;
        Assert.Equal(
            (TrainingBudget.OfUpdates(200_000), OptimizerKind.Adam, 0, LearningRateShape.Constant, 0, 0, 0, false),
            (options.Budget, options.Optimizer, options.WarmUp, options.LearningRateShape, options.ClipNorm,
                options.WeightDecay, options.AverageDecay, options.Flips));
    }

    [Fact]
    public void Former_names_of_options_and_values_still_work()
    {
        using var folder = new TemporaryFolder();
        Program.Succeed(Train(folder["run"], "--preset", "seed-ema", "--ema-start", "seed", "--pictures", "4"));
        TrainingOptions options = TokenizerRun.Open(folder["run"]).Options;
        Assert.Equal(
            (new EmaVectorQuantizerOptions { AveragesStart = EmaStart.Reference }, TrainingBudget.OfImages(4)),
            ((EmaVectorQuantizerOptions)options.Model.Quantizer, options.Budget));
        string help = Program.Succeed("train", "--help");
        Assert.Contains("<default|reference|reference-ema>", help, StringComparison.Ordinal);
        Assert.Contains("<reference|codebook>", help, StringComparison.Ordinal);
        Assert.DoesNotContain("seed-ema", help, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_with_a_budget_of_minutes_says_that_it_is_finished()
    {
        using var folder = new TemporaryFolder();
        Program.Succeed(Train(folder["run"], "--minutes", "0.002"));
        string output = Program.Succeed("train", "--resume", "--out", folder["run"], Program.NoReport);
        Assert.Contains("the run is finished after 0.002 minutes", output, StringComparison.Ordinal);
    }

    /// <summary>The run has made 30 updates of 4 images.</summary>
    [Theory]
    [InlineData("--images", "116")]
    [InlineData("--updates", "29")]
    public void A_budget_below_the_spent_one_is_refused(string option, string value)
    {
        using var folder = new TemporaryFolder();
        string run = trained.CopyRun(folder);
        string line = Program.Refuse("train", "--resume", "--out", run, option, value);
        Assert.Matches($"^{option} {value}: .* has made 30 updates already", line);
        Assert.Equal(30, TokenizerRun.Open(run).Options.Budget.Updates);
    }

    [Fact]
    public void A_budget_of_minutes_can_be_raised_but_not_lowered()
    {
        using var folder = new TemporaryFolder();
        Program.Succeed(Train(folder["run"], "--minutes", "0.002"));
        string line = Program.Refuse("train", "--resume", "--out", folder["run"], "--minutes", "0.001");
        Assert.Matches("^--minutes 0.001: .* has 0.002", line);
        Checkpoint before = TokenizerRun.Open(folder["run"]).LatestCheckpoint()!;
        // On a busy machine the last update may have taken seconds more than the budget.
        double spent = Checkpoint.ReadState(before.Path).Seconds!.Value / 60;
        string raised = (spent + 0.02).ToString(CultureInfo.InvariantCulture);
        Program.Succeed("train", "--resume", "--out", folder["run"], "--minutes", raised, Program.NoReport);
        Assert.True(
            TokenizerRun.Open(folder["run"]).LatestCheckpoint()!.Update > before.Update,
            $"the run resumed with {raised} minutes after {spent} made no more updates");
    }

    [Theory]
    [InlineData("--updates", "40")]
    [InlineData("--updates", "20")]
    [InlineData("--minutes", "1")]
    public void A_run_with_a_cosine_schedule_keeps_its_budget(string option, string value)
    {
        using var folder = new TemporaryFolder();
        Program.Succeed(Train(folder["run"], "--schedule", "cosine"));
        byte[] config = File.ReadAllBytes(folder["run", "config.json"]);
        string line = Program.Refuse("train", "--resume", "--out", folder["run"], option, value);
        Assert.StartsWith($"{option} {value}: ", line, StringComparison.Ordinal);
        Assert.Contains($"--init {folder["run"]}", line, StringComparison.Ordinal);
        Assert.Equal(config, File.ReadAllBytes(folder["run", "config.json"]));
        Program.Succeed("train", "--resume", "--out", folder["run"], "--updates", "30", Program.NoReport);
    }

    private string[] Train(string run, params string[] others) => Program.TinyTraining(trained.Images, run, others);
}
