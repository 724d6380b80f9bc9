using System.Globalization;
using Tessera.Runs;
using Tessera.Tests.Training;

namespace Tessera.Tests.Runs;

public sealed class RunProgressTests : IDisposable
{
    private const string ReconError = "recon_error";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_window_that_was_not_read_in_time_is_refused_except_at_a_row()
    {
        List<RunProgress> reports = Run(_ => { });
        Assert.Equal([100L, 130L], reports.Where(report => report.IsMetricsRow).Select(report => report.Update));
        foreach (RunProgress report in reports)
        {
            if (report.IsMetricsRow) Assert.Equal(report.Update == 100 ? 100 : 30, report.Window.Updates);
            else Assert.Throws<InvalidOperationException>(() => report.Window);
        }
    }

    [Fact]
    public void A_window_that_was_read_in_time_stays_as_it_was()
    {
        var seen = new List<(long Updates, double Sum)>();
        List<RunProgress> reports = Run(report => seen.Add((report.Window.Updates, report.Window.Sum(ReconError))));
        Assert.Equal(seen, reports.Select(report => (report.Window.Updates, report.Window.Sum(ReconError))));
        Assert.Equal(
            Enumerable.Range(1, 130).Select(update => update <= 100 ? update : update - 100L),
            reports.Where(report => report.Evaluation is null && report.Checkpoint is null)
                .Select(report => report.Window.Updates));
    }

    /// <summary>The window of a row is what the row says, and reading it costs nothing.</summary>
    [Fact]
    public void The_window_of_a_row_is_that_of_the_metrics()
    {
        double[] means = [.. Run(_ => { }).Where(report => report.IsMetricsRow)
            .Select(report => report.Window.Mean(ReconError))];
        double[] written = [.. File.ReadLines(_folder["run", "metrics.csv"]).Skip(1)
            .Select(row => double.Parse(row.Split(',')[1], CultureInfo.InvariantCulture))];
        Assert.Equal(written, means, (x, y) => Math.Abs(x - y) < 1e-9);
    }

    [Fact]
    public void A_measure_that_is_unknown_is_0()
    {
        RunProgress row = Run(_ => { }).First(report => report.IsMetricsRow);
        Assert.Equal((0, 0, 0), (row.Window.Sum("what"), row.Window.Mean("what"), row.Window.Last("what")));
        Assert.InRange(row.Window.Last("codes_used"), 1, 20);
    }

    private List<RunProgress> Run(Action<RunProgress> handle)
    {
        var reports = new List<RunProgress>();
        using SmallTrainer trainer = SmallRun.Start(
            _folder["run"],
            SmallRun.Options with { Budget = TrainingBudget.OfUpdates(130), EvalEvery = 60, CheckpointEvery = 50 });
        trainer.Run(
            new Reports(report =>
            {
                reports.Add(report);
                handle(report);
            }), TestContext.Current.CancellationToken);
        return reports;
    }
}
