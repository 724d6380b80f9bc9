using Tessera.Cli.Benchmarking;
using Tessera.Data;
using Tessera.Runs;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Training;

namespace Tessera.Benchmarks;

/// <summary>
/// The fixed cost of an update of the default preset, which does not depend on its batch, with each optimizer. An
/// update of n images takes t(n) = fixed + n x, so fixed = (8 t(32) - t(256)) / 7. The runs take turns. The median is
/// that of updates that do not look for dead codes.
/// </summary>
internal static class UpdateCost
{
    private const int Batch = 32, Times = 8, Rounds = 7, WarmUp = 10, Updates = 30;

    /// <summary>Measures on the built-in images and prints a table.</summary>
    public static int Run()
    {
        var settings = Enum.GetValues<OptimizerKind>()
            .SelectMany(_ => new[] { Batch, Times * Batch }, (optimizer, batch) => (optimizer, batch)).ToArray();
        var milliseconds = settings.ToDictionary(setting => setting, _ => new List<double>());
        ImageSet train = SyntheticShapes.Load(Split.Train), test = SyntheticShapes.Load(Split.Test);
        string folder = Directory.CreateTempSubdirectory("tessera-update-cost").FullName;
        try
        {
            for (int run = 0; run < Rounds * settings.Length; run++)
            {
                (OptimizerKind optimizer, int batch) = settings[run % settings.Length];
                TrainingOptions options = Preset.Default.OptionsFor(SyntheticShapes.Name) with
                {
                    Optimizer = optimizer,
                    Batch = batch,
                    Budget = TrainingBudget.OfUpdates(Updates),
                };
                using var learner = new TokenizerLearner(
                    TokenizerRun.Create(Path.Combine(folder, $"{run}"), options), train, test);
                using var trainer = new Trainer(learner);
                var times = new UpdateTimes();
                trainer.Run(times);
                var work = new ModelCost(options.Model, batch, train.Height, train.Width);
                var rate = new WorkRate(
                    $"train ({optimizer})", batch, work.TrainingOperations, [.. times.Milliseconds.Skip(WarmUp)]);
                milliseconds[(optimizer, batch)].Add(rate.Median);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        using var device = new CpuDevice();
        Console.WriteLine($"""
            # The cost of an update

            Made by `dotnet run -c Release --project benchmarks/Tessera.Benchmarks -- update-cost`;
            {device.Description}. Updates of the default preset on the built-in images: the median update of a run,
            the least of {Rounds} runs in turns, since other work of the host only adds time. "Fixed" is the cost that
            does not depend on the batch: ({Times} t({Batch}) - t({Times * Batch})) / {Times - 1}.

            | optimizer | {Batch} images | {Times * Batch} images | fixed | of an update of {Batch} |
            |---|---|---|---|---|
            """);
        foreach (OptimizerKind optimizer in Enum.GetValues<OptimizerKind>())
        {
            double small = milliseconds[(optimizer, Batch)].Min();
            double large = milliseconds[(optimizer, Times * Batch)].Min();
            double fixedCost = (Times * small - large) / (Times - 1);
            string costs = FormattableString.Invariant($"{small:0.0} ms | {large:0} ms | {fixedCost:0.0} ms");
            Console.WriteLine(FormattableString.Invariant($"| {optimizer} | {costs} | {fixedCost / small * 100:0}% |"));
        }
        return 0;
    }

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
