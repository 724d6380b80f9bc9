using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Tests.Training;

public sealed class TrainingSeriesTests : IDisposable
{
    private const string Header = "update,recon_error,perplexity\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_keeps_the_losses_of_every_update()
    {
        List<float> errors = [], perplexities = [];
        var last = new MetricsWindow();
        using (SmallTrainer trainer = SmallRun.Start(
            _folder["run"], SmallRun.Options with { Budget = TrainingBudget.OfUpdates(130) }))
        {
            trainer.Run(Reports.OfUpdates(report =>
            {
                errors.Add((float)(report.Window.Sum("recon_error") - last.Sum("recon_error")));
                perplexities.Add((float)(report.Window.Sum("perplexity") - last.Sum("perplexity")));
                last = report.IsMetricsRow ? new MetricsWindow() : report.Window;
            }), TestContext.Current.CancellationToken);
        }

        TrainingSeries series = TrainingSeries.Read(TokenizerRun.Open(_folder["run"]).SeriesPath);
        Assert.Equal((1, 130), (series.FirstUpdate, series.Count));
        Assert.Equal(errors, series.ReconError, (x, y) => Math.Abs(x - y) < 1e-4);
        Assert.Equal(perplexities, series.Perplexity, (x, y) => Math.Abs(x - y) < 1e-3);
    }

    [Fact]
    public void A_checkpoint_is_never_ahead_of_its_series()
    {
        using SmallTrainer trainer = SmallRun.Start(_folder["run"], SmallRun.Options);
        string path = TokenizerRun.Open(_folder["run"]).SeriesPath;
        int checkpoints = 0;
        trainer.Run(new Reports(report =>
        {
            if (report.Checkpoint is null) return;
            checkpoints++;
            Assert.Equal(report.Update, TrainingSeries.Read(path).Count);
        }), TestContext.Current.CancellationToken);
        Assert.Equal(3, checkpoints);
    }

    [Fact]
    public void A_resumed_run_without_a_series_starts_one_at_its_checkpoint()
    {
        using (SmallTrainer trainer = SmallRun.Start(_folder["run"], SmallRun.Options))
        {
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }
        File.Delete(_folder["run", "series.csv"]);
        TokenizerRun run = TokenizerRun.Open(_folder["run"]);
        TokenizerRun longer = run.WithOptions(run.Options with { Budget = TrainingBudget.OfUpdates(30) });
        using (var trainer = new SmallTrainer(longer))
        {
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }
        TrainingSeries series = TrainingSeries.Read(_folder["run", "series.csv"]);
        Assert.Equal((25, 6), (series.FirstUpdate, series.Count));
    }

    [Theory]
    [InlineData(2, new[] { 1.5f, 1.25f }, new[] { 2f, 3f })]
    [InlineData(3, new[] { 1.5f, 1.25f, 1f }, new[] { 2f, 3f, 4f })]
    [InlineData(long.MaxValue, new[] { 1.5f, 1.25f, 1f }, new[] { 2f, 3f, 4f })]
    public void Rows_of_later_updates_are_left_out(long lastUpdate, float[] errors, float[] perplexities)
    {
        TrainingSeries series = TrainingSeries.Read(Write(Header + "1,1.5,2\n2,1.25,3\n3,1,4\n"), lastUpdate);
        Assert.Equal(errors, series.ReconError);
        Assert.Equal(perplexities, series.Perplexity);
    }

    [Theory]
    [InlineData("", "holds no update yet")]
    [InlineData(Header, "holds no update yet")]
    [InlineData("update,error\n1,2\n", "its first line is not 'update,recon_error,perplexity'")]
    [InlineData(Header + "1,0.5,2\n3,0.5,2\n", "line 3")]
    [InlineData(Header + "1,0.5,2\n1,0.5,2\n", "line 3")]
    [InlineData(Header + "0,0.5,2\n", "line 2")]
    [InlineData(Header + "1,0.5\n", "line 2")]
    [InlineData(Header + "1,0.5,2,3\n", "line 2")]
    [InlineData(Header + "1,half,2\n", "line 2")]
    [InlineData(Header + "1,-0.5,2\n", "line 2")]
    [InlineData(Header + "1,NaN,2\n", "line 2")]
    [InlineData(Header + "1,0.5,Infinity\n", "line 2")]
    [InlineData(Header + "1,0.5,0\n", "line 2")]
    [InlineData(Header + "1,0.5,2\n\0\0\0\0\0\n", "line 3")]
    [InlineData(Header + "1,0.5,2\n2,0.5", "line 3")]
    public void A_damaged_series_is_refused_with_its_line(string text, string expected)
    {
        string path = Write(text);
        string message = Assert.Throws<InputException>(() => TrainingSeries.Read(path)).Message;
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        if (message.Contains("damaged", StringComparison.Ordinal))
            Assert.Contains("fix it, or move the file away", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_series_is_reported()
    {
        string message = Assert.Throws<InputException>(() => TrainingSeries.Read(_folder["series.csv"])).Message;
        Assert.Contains("there is no such file", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_series_of_200_000_updates_takes_a_few_megabytes()
    {
        TokenizerRun run = TokenizerRun.Create(_folder["run"], SmallRun.Options);
        using (var learner = new TokenizerLearner(run, SmallRun.Train, SmallRun.Test))
        {
            var log = new RunLog(run, learner);
            for (int update = 1; update <= 200_000; update++)
            {
                log.AddUpdate(update, [0.05 + 1.0 / update, 254.751 - 1.0 / update, 0, 0, 0]);
                if (update % 10_000 == 0) log.WriteSeries();
            }
        }
        Assert.InRange(new FileInfo(run.SeriesPath).Length, 1, 6_000_000);
        TrainingSeries series = TrainingSeries.Read(run.SeriesPath);
        Assert.Equal(200_000, series.Count);
        Assert.Equal((float)(0.05 + 1.0 / 200_000), series.ReconError[^1]);
    }

    private string Write(string text) => _folder.Write("series.csv", System.Text.Encoding.UTF8.GetBytes(text));
}
