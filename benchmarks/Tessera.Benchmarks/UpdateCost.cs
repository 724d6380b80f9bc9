using Tessera.Benchmarking;
using Tessera.Data;
using Tessera.Models;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Training;

namespace Tessera.Benchmarks;

/// <summary>
/// How much of an update of the default preset does not depend on how many pictures are in its batch: with t(n) what an update of n
/// pictures takes, and t(n) = fixed + n x, fixed = (8 t(32) - t(256)) / 7. With each optimizer; the runs take turns. The median is of updates that do not look for dead codes.
/// </summary>
internal static class UpdateCost
{
    private const int Batch = 32, Times = 8, Rounds = 7, WarmUp = 10, Updates = 30;

    /// <summary>Measures on the built-in pictures and prints a table.</summary>
    public static int Run()
    {
        var settings = Enum.GetValues<OptimizerKind>().SelectMany(_ => new[] { Batch, Times * Batch }, (optimizer, batch) => (optimizer, batch)).ToArray();
        var milliseconds = settings.ToDictionary(setting => setting, _ => new List<double>());
        ImageSet train = Shapes.Load(Split.Train), test = Shapes.Load(Split.Test);
        string folder = Directory.CreateTempSubdirectory("tessera-update-cost").FullName;
        try
        {
            for (int run = 0; run < Rounds * settings.Length; run++)
            {
                (OptimizerKind optimizer, int batch) = settings[run % settings.Length];
                TrainingOptions options = Preset.Default.OptionsFor(Shapes.Name) with
                {
                    Optimizer = optimizer,
                    Batch = batch,
                    Budget = TrainingBudget.OfUpdates(Updates),
                };
                using var trainer = new Trainer(RunFolder.Create(Path.Combine(folder, $"{run}"), options), train, test);
                var times = new UpdateTimes();
                trainer.Run(times);
                var work = new ModelCost(options.Model, batch, train.Height, train.Width);
                milliseconds[(optimizer, batch)].Add(
                    new WorkRate($"train ({optimizer})", batch, work.TrainingOperations, [.. times.Milliseconds.Skip(WarmUp)]).Median);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        using var device = new CpuDevice();
        Console.WriteLine($"""
            # What an update costs

            Made by `dotnet run -c Release --project benchmarks/Tessera.Benchmarks -- update-cost`; {device.Description}.
            Updates of the default preset on the built-in pictures; the median update of a run, the least of {Rounds} runs that took turns,
            since what else the host does only ever adds. Fixed is what does not depend on the pictures of a batch: ({Times} t({Batch}) - t({Times * Batch})) / {Times - 1}.

            | optimizer | {Batch} pictures | {Times * Batch} pictures | fixed | of an update of {Batch} |
            |---|---|---|---|---|
            """);
        foreach (OptimizerKind optimizer in Enum.GetValues<OptimizerKind>())
        {
            double small = milliseconds[(optimizer, Batch)].Min(), large = milliseconds[(optimizer, Times * Batch)].Min();
            double fixedCost = (Times * small - large) / (Times - 1);
            Console.WriteLine(FormattableString.Invariant(
                $"| {optimizer} | {small:0.0} ms | {large:0} ms | {fixedCost:0.0} ms | {fixedCost / small * 100:0}% |"));
        }
        return 0;
    }

    private sealed class UpdateTimes : IProgress<TrainingProgress>
    {
        private TimeSpan _before;

        public List<double> Milliseconds { get; } = [];

        public void Report(TrainingProgress value)
        {
            // An evaluation and a checkpoint report as well, and take no time of an update's.
            if (value.Elapsed > _before) Milliseconds.Add((value.Elapsed - _before).TotalMilliseconds);
            _before = value.Elapsed;
        }
    }
}
