using System.Globalization;
using Tessera.Runs;
using Tessera.Tests.Training;

namespace Tessera.Tests.Runs;

/// <summary>The loop trains any learner, not only the tokenizer's.</summary>
public sealed class LearnerTests : IDisposable
{
    private static readonly LineOptions Options = new()
    {
        Budget = TrainingBudget.OfUpdates(230),
        Batch = 8,
        LearningRate = 0.05f,
        Seed = 3,
        Threads = 1,
        ClipNorm = 5,
        AverageDecay = 0.5,
        CheckpointEvery = 60,
        EvalEvery = 115,
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Another_learner_is_trained_and_logged_with_its_own_columns()
    {
        using var learner = new LineLearner(LineRun.Create(_folder["run"], Options));
        using (var trainer = new Trainer(learner))
        {
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
            Assert.Equal((230, true), (trainer.Update, trainer.IsFinished));
        }
        Assert.Equal(["initial weights", "restored 0", "before the first update"], learner.Calls);
        Assert.Equal([2f, -1f], learner.Model.Weight.ToArray(), (x, y) => Math.Abs(x - y) < 0.05);

        string[][] metrics = Rows("run", "metrics.csv");
        Assert.Equal(
            ["update", "squared_error", "learning_rate", "odd_updates", "images_per_second", "seconds"], metrics[0]);
        Assert.Equal(["100", "200", "230"], metrics[1..].Select(row => row[0]));
        Assert.Equal(["50", "50", "15"], metrics[1..].Select(row => row[3]));
        string[][] series = Rows("run", "series.csv");
        Assert.Equal(["update", "squared_error"], series[0]);
        Assert.Equal(230, series.Length - 1);
        Assert.Equal(series[1..101].Average(row => Number(row[1])), Number(metrics[1][1]), 1e-6);
        string[][] evaluations = Rows("run", "eval.csv");
        Assert.Equal(["update", "error", "slope"], evaluations[0]);
        Assert.Equal(["115", "230"], evaluations[1..].Select(row => row[0]));
        Assert.InRange(Number(evaluations[2][1]), 0, 0.01);
    }

    /// <summary>The PSNR of a perfect reconstruction is infinite; that is no reason to stop.</summary>
    [Fact]
    public void An_evaluation_may_be_infinite_and_not_NaN()
    {
        using (var perfect = new LineLearner(LineRun.Create(_folder["perfect"], Options))
        { Slope = double.PositiveInfinity })
        using (var trainer = new Trainer(perfect))
        {
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
            Assert.True(trainer.IsFinished, "An infinite number of an evaluation stopped the run.");
        }
        using var broken = new LineLearner(LineRun.Create(_folder["broken"], Options)) { Slope = double.NaN };
        using var stopped = new Trainer(broken);
        var e = Assert.Throws<TrainingDivergedException>(
            () => stopped.Run(cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("the slope after update 115 is NaN", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(137)]
    [InlineData(229)]
    public void Another_learner_stopped_and_resumed_ends_at_the_same_bits(long stoppedAt)
    {
        using (var learner = new LineLearner(LineRun.Create(_folder["whole"], Options)))
        using (var trainer = new Trainer(learner)) trainer.Run(cancellation: TestContext.Current.CancellationToken);
        LineRun run = LineRun.Create(_folder["parts"], Options);
        using (var learner = new LineLearner(run))
        using (var trainer = new Trainer(learner))
        using (var stop = new CancellationTokenSource())
        {
            var progress = new Reports(report => { if (report.Update == stoppedAt) stop.Cancel(); });
            Assert.Throws<OperationCanceledException>(() => trainer.Run(progress, stop.Token));
        }
        using (var learner = new LineLearner(run))
        using (var trainer = new Trainer(learner))
        {
            Assert.Equal(stoppedAt, trainer.Update);
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
            Assert.Equal([$"restored {stoppedAt}"], learner.Calls);
        }
        Assert.Equal(SmallRun.Files(_folder["whole"], 230), SmallRun.Files(_folder["parts"], 230));
        Assert.Equal(WithoutClock("whole"), WithoutClock("parts"));
    }

    [Fact]
    public void A_run_of_another_learner_can_change_what_every_run_can()
    {
        LineRun run = LineRun.Create(_folder["run"], Options);
        run.CheckResumable(Options with { EvalEvery = 7 });
        Assert.EndsWith(
            "a resumed run can change only its budget, device, precision, threads, and how often it is saved and "
            + "evaluated",
            Assert.Throws<InputException>(() => run.CheckResumable(Options with { Seed = 99 })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_learner_with_a_given_device_leaves_it_to_its_owner()
    {
        using var device = new CountingDevice();
        using (var learner = new LineLearner(LineRun.Create(_folder["run"], Options), device))
            Assert.Same(device, learner.Device);
        using Tensors.Tensor still = Tensors.Tensor.From([1, 2], [2], device);
        Assert.Equal([1, 2], still.ToArray());
    }

    [Fact]
    public void Options_out_of_range_are_refused_before_a_device_is_created()
    {
        LineRun run = LineRun.Create(_folder["run"], Options with { Batch = 0, Device = "abacus" });
        Assert.StartsWith("Batch must be", Assert.Throws<InputException>(() => new LineLearner(run)).Message);
        run = LineRun.Create(_folder["other"], Options with { Device = "abacus" });
        InputException e = Assert.Throws<InputException>(() => new LineLearner(run));
        Assert.Equal("Device", e.Option);
        Assert.Contains("abacus", e.Message, StringComparison.Ordinal);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private string[][] Rows(string run, string file) =>
        [.. File.ReadLines(_folder[run, file]).Select(line => line.Split(','))];

    private string[] WithoutClock(string run) =>
        [.. Rows(run, "metrics.csv").Select(row => string.Join(',', row[..4]))];
}
