using System.Globalization;
using System.Text.RegularExpressions;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Tests.Training;

public sealed class TrainingBudgetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(100, 32, 4)]
    [InlineData(96, 32, 3)]
    [InlineData(1, 32, 1)]
    [InlineData(long.MaxValue, 1, long.MaxValue)]
    [InlineData(long.MaxValue, 2, (1L << 62))]
    public void Images_are_drawn_in_whole_batches(long images, int batch, long updates) =>
        Assert.Equal(updates, TrainingBudget.OfImages(images).UpdatesFor(batch));

    [Fact]
    public void The_spent_part_goes_from_0_to_1()
    {
        Assert.Equal(0.25, TrainingBudget.OfUpdates(40).Spent(10, 32, TimeSpan.FromHours(9)));
        Assert.Equal(0.5, TrainingBudget.OfImages(100).Spent(2, 32, TimeSpan.FromHours(9)));
        Assert.Equal(0.2, TrainingBudget.OfMinutes(0.5).Spent(1_000_000, 32, TimeSpan.FromSeconds(6)), 1e-12);
        Assert.Null(TrainingBudget.OfMinutes(1).UpdatesFor(32));
    }

    public static TheoryData<string, TrainingBudget> Wrong() => new()
    {
        { "Budget", new TrainingBudget() },
        { "Budget", new TrainingBudget { Updates = 1, Minutes = 1 } },
        { "Updates", TrainingBudget.OfUpdates(0) },
        { "Images", TrainingBudget.OfImages(-1) },
        { "Minutes", TrainingBudget.OfMinutes(0) },
        { "Minutes", TrainingBudget.OfMinutes(double.NaN) },
        { "Minutes", TrainingBudget.OfMinutes(double.PositiveInfinity) },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_value_out_of_its_range_is_named_first(string name, TrainingBudget budget) =>
        Assert.StartsWith(
            name + " must be ", Assert.Throws<InputException>(budget.Validate).Message, StringComparison.Ordinal);

    [Fact]
    public void The_text_has_the_unit_in_singular_or_plural()
    {
        Assert.Equal("1 update", TrainingBudget.OfUpdates(1).ToString());
        Assert.Equal("2000 updates", TrainingBudget.OfUpdates(2000).ToString());
        Assert.Equal("1 image", TrainingBudget.OfImages(1).ToString());
        Assert.Equal("2 images", TrainingBudget.OfImages(2).ToString());
        Assert.Equal("1 minute", TrainingBudget.OfMinutes(1).ToString());
        Assert.Equal("0.5 minutes", TrainingBudget.OfMinutes(0.5).ToString());
        Assert.Equal($"{long.MaxValue} updates", TrainingBudget.OfUpdates(long.MaxValue).ToString());
    }

    [Fact]
    public void A_budget_of_images_gives_the_run_of_as_many_updates()
    {
        foreach ((string name, TrainingBudget budget) in
            new[] { ("a", TrainingBudget.OfUpdates(5)), ("b", TrainingBudget.OfImages(25)) })
        {
            using SmallTrainer trainer = SmallRun.Start(_folder[name], SmallRun.Options with { Budget = budget });
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }
        Assert.Equal(SmallRun.Files(_folder["a"], 5), SmallRun.Files(_folder["b"], 5));
    }

    /// <summary>
    /// A run of 2.4 seconds is interrupted after half of them; the resumed run uses the rest, and its rate ends at 0.
    /// </summary>
    [Fact]
    public void A_resumed_run_with_a_budget_of_minutes_counts_the_time_before()
    {
        TrainingOptions options = SmallRun.Options with
        {
            Budget = TrainingBudget.OfMinutes(0.04),
            LearningRateShape = Tensors.Optim.LearningRateShape.Cosine,
            CheckpointEvery = 1_000_000,
            EvalEvery = 1_000_000,
        };
        using (SmallTrainer first = SmallRun.Start(_folder["run"], options))
        {
            using var stop = new CancellationTokenSource();
            var half = new Reports(report =>
            {
                Assert.Null(report.Updates);
                if (report.Done > 0.5) stop.Cancel();
            });
            Assert.Throws<OperationCanceledException>(() => first.Run(half, stop.Token));
            Assert.False(first.IsFinished);
        }
        double begun = 0, ended = 0;
        TimeSpan remaining = default;
        using (SmallTrainer second = SmallRun.Resume(_folder["run"]))
        {
            second.Run(
                new Reports(report =>
                {
                    if (begun == 0) begun = report.Done;
                    (ended, remaining) = (report.Done, report.Remaining);
                }), TestContext.Current.CancellationToken);
        }
        Assert.InRange(begun, 0.5, 1);
        Assert.InRange(ended, 1, 10);
        Assert.Equal(TimeSpan.Zero, remaining);
        string[] last = File.ReadLines(_folder["run", "metrics.csv"]).Last().Split(',');
        Assert.InRange(float.Parse(last[4], CultureInfo.InvariantCulture), 0, 1e-4);
        using SmallTrainer third = SmallRun.Resume(_folder["run"]);
        Assert.True(third.IsFinished, "A run that has spent its time is not finished.");
    }

    /// <summary>
    /// Resuming a finished run changes no file. The time is one that <see cref="TimeSpan.FromSeconds(double)"/> would
    /// truncate to a tick less, the first such time after 0.2 s.
    /// </summary>
    [Fact]
    public void Resuming_a_run_that_has_spent_its_time_changes_nothing()
    {
        RunForAFifthOfASecond();
        long cutOff = Enumerable.Range(2_000_001, 1000)
            .First(ticks => TimeSpan.FromSeconds(TimeSpan.FromTicks(ticks).TotalSeconds).Ticks != ticks);
        PutSecondsIntoState(TimeSpan.FromTicks(cutOff).TotalSeconds.ToString("R", CultureInfo.InvariantCulture));
        long update = TokenizerRun.Open(_folder["run"]).LatestCheckpoint()!.Update;
        Dictionary<string, string> files = SmallRun.Files(_folder["run"], update);
        using (SmallTrainer again = SmallRun.Resume(_folder["run"]))
        {
            again.Run(cancellation: TestContext.Current.CancellationToken);
        }
        Assert.Equal(files, SmallRun.Files(_folder["run"], update));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1e300")]
    public void An_impossible_time_in_the_state_is_refused_as_damage(string seconds)
    {
        RunForAFifthOfASecond();
        PutSecondsIntoState(seconds);
        string message = Assert.Throws<InputException>(() => SmallRun.Resume(_folder["run"])).Message;
        Assert.Contains("state.json is damaged", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1e300")]
    [InlineData("NaN")]
    public void An_impossible_time_in_the_metrics_is_refused_as_damage(string seconds)
    {
        RunForAFifthOfASecond();
        string path = _folder["run", "metrics.csv"], metrics = File.ReadAllText(path);
        File.WriteAllText(path, $"{metrics[..metrics.LastIndexOf(',')]},{seconds}\n");
        string message = Assert.Throws<InputException>(() => SmallRun.Resume(_folder["run"])).Message;
        Assert.Contains(
            $"metrics.csv is damaged: its last row says {seconds} seconds", message, StringComparison.Ordinal);
        File.Delete(path);
        using SmallTrainer anew = SmallRun.Resume(_folder["run"]);
    }

    [Fact]
    public void Only_a_budget_of_minutes_stores_a_time_in_the_checkpoint()
    {
        using SmallTrainer trainer = SmallRun.Start(_folder["run"], SmallRun.Options);
        trainer.Run(cancellation: TestContext.Current.CancellationToken);
        string state = File.ReadAllText(_folder["run", "checkpoints", "24", "state.json"]);
        Assert.DoesNotContain("seconds", state, StringComparison.Ordinal);
    }

    [Fact]
    public void A_budget_comes_back_as_it_was_written()
    {
        foreach (TrainingBudget budget in
            new[]
            {
                TrainingBudget.OfUpdates(long.MaxValue), TrainingBudget.OfImages(9), TrainingBudget.OfMinutes(0.1),
            })
        {
            TokenizerRun.Create(_folder[$"{budget}"], SmallRun.Options with { Budget = budget });
            Assert.Equal(budget, TokenizerRun.Open(_folder[$"{budget}"]).Options.Budget);
        }
    }

    /// <summary>Updates 100 and 200 have the rates after 99 and 199 of 200 updates.</summary>
    [Fact]
    public void A_row_has_the_learning_rate_of_its_last_update()
    {
        TrainingOptions options = SmallRun.Options with
        {
            Budget = TrainingBudget.OfUpdates(200),
            LearningRateShape = Tensors.Optim.LearningRateShape.Cosine,
        };
        using (SmallTrainer trainer = SmallRun.Start(_folder["run"], options))
        {
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }
        double[] rates =
        [
            .. File.ReadLines(_folder["run", "metrics.csv"]).Skip(1)
                .Select(row => double.Parse(row.Split(',')[4], CultureInfo.InvariantCulture)),
        ];
        Assert.Equal([Cosine(99.0 / 200), Cosine(199.0 / 200)], rates, (x, y) => Math.Abs(x - y) < 1e-9);

        static double Cosine(double done) => 2e-3 * (1 + Math.Cos(Math.PI * done)) / 2;
    }

    private void RunForAFifthOfASecond()
    {
        using SmallTrainer trainer = SmallRun.Start(
            _folder["run"], SmallRun.Options with { Budget = TrainingBudget.OfMinutes(0.2 / 60) });
        trainer.Run(cancellation: TestContext.Current.CancellationToken);
    }

    private void PutSecondsIntoState(string seconds)
    {
        string path = Path.Combine(TokenizerRun.Open(_folder["run"]).LatestCheckpoint()!.Path, "state.json");
        string state = File.ReadAllText(path), changed = Regex.Replace(state, "(?<=\"seconds\": )[^,\\s]+", seconds);
        Assert.NotEqual(state, changed);
        File.WriteAllText(path, changed);
    }
}
