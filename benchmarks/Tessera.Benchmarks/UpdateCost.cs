using Tessera.Data;
using Tessera.Runs;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Training;

namespace Tessera.Benchmarks;

/// <summary>
/// The fixed cost of an update of the default preset, which does not depend on its batch, with each optimizer. An
/// update of n images takes t(n) = fixed + n x, so fixed = (8 t(32) - t(256)) / 7. The runs take turns.
/// </summary>
internal static class UpdateCost
{
    private const int Batch = 32, Times = 8, Rounds = 7, Updates = 30;

    /// <summary>Measures on the built-in images and prints a table.</summary>
    public static int Run()
    {
        var settings = Enum.GetValues<OptimizerKind>()
            .SelectMany(_ => new[] { Batch, Times * Batch }, (optimizer, batch) => (optimizer, batch)).ToArray();
        var milliseconds = settings.ToDictionary(setting => setting, _ => new List<double>());
        using (var timer = new UpdateTimer())
        {
            for (int run = 0; run < Rounds * settings.Length; run++)
            {
                (OptimizerKind optimizer, int batch) = settings[run % settings.Length];
                TrainingOptions options = Preset.Default.OptionsFor(SyntheticShapes.Name) with
                {
                    Optimizer = optimizer,
                    Batch = batch,
                };
                milliseconds[(optimizer, batch)].Add(timer.Median(options, Updates));
            }
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
}
