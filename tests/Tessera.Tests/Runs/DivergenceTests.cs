using Tessera.Runs;
using Tessera.Tensors;
using Tessera.Tests.Training;
using Tessera.Training;

namespace Tessera.Tests.Runs;

/// <summary>
/// A number that is not finite is found when the log is fetched, the model evaluated or a checkpoint due; the message
/// names the update in which it arose.
/// </summary>
public sealed class DivergenceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_loss_that_is_not_finite_stops_the_run_and_leaves_the_last_checkpoint()
    {
        using SmallTrainer trainer = SmallRun.Start(_folder["run"], SmallRun.Options with { CheckpointEvery = 2 });
        TrainingDivergedException e = Diverges(trainer, Poison(trainer, after: 5));
        Assert.Equal(6, e.Update);
        Assert.Contains("update 6", e.Message, StringComparison.Ordinal);
        Assert.Equal(["2", "4"], Checkpoints());
        TrainedModel.Open(_folder["run"]);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(25)]
    public void A_loss_is_reported_with_its_update_although_it_is_found_later(int after)
    {
        using SmallTrainer trainer = SmallRun.Start(
            _folder["run"],
            SmallRun.Options with
            {
                Budget = TrainingBudget.OfUpdates(60),
                CheckpointEvery = 20,
                EvalEvery = 1000,
            });
        long last = 0;
        TrainingDivergedException e = Diverges(trainer, new Reports(report =>
        {
            last = report.Update;
            Poison(trainer, after).Report(report);
        }));
        Assert.Equal(after + 1, e.Update);
        Assert.Equal((after + 19) / 20 * 20, last);
        TrainingSeries series = TrainingSeries.Read(_folder["run", "series.csv"]);
        Assert.Equal((1, after), (series.FirstUpdate, series.Count));
        Assert.Equal(after < 20 ? [] : ["20"], Checkpoints());
        Assert.False(File.Exists(_folder["run", "eval.csv"]) && File.ReadLines(_folder["run", "eval.csv"]).Count() > 1);
    }

    [Fact]
    public void A_loss_that_is_not_finite_is_found_at_the_next_row()
    {
        using SmallTrainer trainer = SmallRun.Start(
            _folder["run"],
            SmallRun.Options with
            {
                Budget = TrainingBudget.OfUpdates(130),
                CheckpointEvery = 1000,
                EvalEvery = 1000,
            });
        long last = 0;
        TrainingDivergedException e = Diverges(trainer, new Reports(report =>
        {
            last = report.Update;
            Poison(trainer, after: 40).Report(report);
        }));
        Assert.Equal((41, 99), (e.Update, last));
        Assert.Equal(40, TrainingSeries.Read(_folder["run", "series.csv"]).Count);
    }

    [Fact]
    public void Reading_the_window_finds_a_loss_that_is_not_finite()
    {
        using SmallTrainer trainer = SmallRun.Start(_folder["run"], SmallRun.Options);
        TrainingDivergedException e = Diverges(trainer, new Reports(report =>
        {
            Poison(trainer, after: 5).Report(report);
            if (report.Update == 8) Assert.NotNull(report.Window);
        }));
        Assert.Equal(6, e.Update);
        Assert.Empty(Checkpoints());
    }

    /// <summary>With the bias alone, the prediction is off by 1e15: a finite loss, but a gradient of 2e40.</summary>
    [Fact]
    public void A_gradient_norm_that_is_not_finite_is_reported_with_its_update()
    {
        var options = new LineOptions
        {
            Budget = TrainingBudget.OfUpdates(60),
            Batch = 8,
            Threads = 1,
            ClipNorm = 1,
            CheckpointEvery = 20,
        };
        using var learner = new LineLearner(LineRun.Create(_folder["run"], options));
        using var trainer = new Trainer(learner);
        var poison = new Reports(report =>
        {
            if (report.Update != 25) return;
            learner.Model.Weight.Fill(0);
            learner.Inputs.Fill(1e25f);
            learner.Targets.Fill(1e15f);
        });
        TrainingDivergedException e = Assert.Throws<TrainingDivergedException>(
            () => trainer.Run(poison, TestContext.Current.CancellationToken));
        Assert.Equal(26, e.Update);
        Assert.StartsWith("the gradient norm of update 26", e.Message, StringComparison.Ordinal);
        Assert.Equal(["20"], Checkpoints());
        Assert.Equal(1 + 25, File.ReadLines(_folder["run", "series.csv"]).Count());
    }

    [Fact]
    public void Weights_that_are_not_finite_never_become_a_checkpoint()
    {
        using SmallTrainer trainer = SmallRun.Start(
            _folder["run"], SmallRun.Options with { CheckpointEvery = 2, EvalEvery = 1000 });
        TrainingDivergedException e = Diverges(trainer, new Reports(report =>
        {
            if (report.Update == 6) trainer.Model.Parameters().Last().Tensor.Fill(float.PositiveInfinity);
        }));
        Assert.Equal(6, e.Update);
        Assert.Equal(["2", "4"], Checkpoints());
        Assert.Equal(4, TrainedModel.Open(_folder["run"]).Update);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(1e30f)]
    public void An_evaluation_that_is_not_finite_is_neither_logged_nor_kept(float weight)
    {
        using SmallTrainer trainer = SmallRun.Start(
            _folder["run"], SmallRun.Options with { CheckpointEvery = 2, EvalEvery = 4 });
        TrainingDivergedException e = Diverges(trainer, new Reports(report =>
        {
            if (report.Update != 4) return;
            foreach ((_, Tensor parameter) in trainer.Model.Parameters()) parameter.Fill(weight);
        }));
        Assert.Equal(4, e.Update);
        Assert.Equal(["2"], Checkpoints());
        Assert.Single(File.ReadLines(_folder["run", "eval.csv"]));
    }

    /// <summary>Makes a weight NaN after an update, so that the loss of the next one is NaN.</summary>
    private static Reports Poison(SmallTrainer trainer, int after) => new(report =>
    {
        if (report.Update == after) trainer.Model.Parameters().First().Tensor.Fill(float.NaN);
    });

    private static TrainingDivergedException Diverges(SmallTrainer trainer, Reports poison) =>
        Assert.Throws<TrainingDivergedException>(() => trainer.Run(poison, TestContext.Current.CancellationToken));

    private string[] Checkpoints() => Directory.Exists(_folder["run", "checkpoints"])
        ? [.. new DirectoryInfo(_folder["run", "checkpoints"]).GetDirectories().Select(each => each.Name).Order()]
        : [];
}
