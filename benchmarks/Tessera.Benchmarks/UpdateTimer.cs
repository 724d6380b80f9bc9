using Tessera.Data;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Benchmarks;

/// <summary>Times the updates of short runs on the built-in images.</summary>
internal sealed class UpdateTimer : IDisposable
{
    private const int WarmUp = 10, TestImages = 100;

    private readonly ImageSet _train = SyntheticShapes.Load(Split.Train);
    private readonly ImageSet _test = SyntheticShapes.Load(Split.Test, testCount: TestImages);
    private readonly string _folder = Directory.CreateTempSubdirectory("tessera-update-cost").FullName;
    private int _runs;

    /// <summary>
    /// The milliseconds of the median update after the first ten: one that does not look for dead codes.
    /// </summary>
    /// <param name="options">The run's options; the data and the budget are the timer's.</param>
    /// <param name="updates">Updates to make, more than ten.</param>
    public double Median(TrainingOptions options, int updates)
    {
        options = options with { Data = SyntheticShapes.Name, Budget = TrainingBudget.OfUpdates(updates) };
        using var learner = new TokenizerLearner(
            TokenizerRun.Create(Path.Combine(_folder, $"{_runs++}"), options), _train, _test);
        using var trainer = new Trainer(learner);
        var times = new UpdateTimes();
        trainer.Run(times);
        return Median([.. times.Milliseconds.Skip(WarmUp)]);
    }

    /// <summary>The median; of an even number of values the larger one in the middle.</summary>
    public static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private sealed class UpdateTimes : IProgress<RunProgress>
    {
        private TimeSpan _before;

        public List<double> Milliseconds { get; } = [];

        public void Report(RunProgress value)
        {
            // Evaluations and checkpoints report too, without adding to the elapsed time of updates.
            if (value.Elapsed > _before) Milliseconds.Add((value.Elapsed - _before).TotalMilliseconds);
            _before = value.Elapsed;
        }
    }
}
