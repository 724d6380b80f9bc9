using Tessera.Benchmarks.Recipe;
using Tessera.Data;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Benchmarks;

/// <summary>
/// The time of an update with each quantizer of <c>docs/quantizers.md</c>, on images of 32x32 pixels. The runs take
/// turns, so that their ratios hold on a machine whose speed swings.
/// </summary>
internal static class QuantizerCost
{
    private const int Rounds = 3, Updates = 50, UpdatesOfTheTable = 10_000;

    /// <summary>Measures the rows of the named experiments, or of all of 32x32 pixels, and prints a table.</summary>
    public static int Run(string[] names)
    {
        Experiment[] experiments =
        [
            .. QuantizerExperiments.All.Where(experiment => names.Length == 0
                ? experiment.Data == Cifar10.Name : names.Contains(experiment.Name)),
        ];
        (Experiment Experiment, Row Row)[] settings =
            [.. experiments.SelectMany(experiment => experiment.Rows, (experiment, row) => (experiment, row))];
        if (settings.Length == 0)
        {
            Console.Error.WriteLine($"there are {string.Join(", ", QuantizerExperiments.All.Select(e => e.Name))}");
            return 2;
        }
        double[][] milliseconds = [.. settings.Select(_ => new double[Rounds])];
        using (var timer = new UpdateTimer())
        {
            for (int round = 0; round < Rounds; round++)
            {
                for (int i = 0; i < settings.Length; i++)
                    milliseconds[i][round] =
                        timer.Median(settings[i].Row.Change(settings[i].Experiment.Base), Updates);
                Console.Error.WriteLine($"round {round + 1} of {Rounds}");
            }
        }
        using var device = new CpuDevice();
        Console.WriteLine($"""
            # The cost of a quantizer

            Made by `dotnet run -c Release --project benchmarks/Tessera.Benchmarks -- quantizer-cost`;
            {device.Description}. Updates of 32 images of 32x32 pixels: the median of {Rounds} runs in turns, of each
            the median update; "of the first" is the ratio to the first row in the same round, the median too.

            | experiment | quantizer | an update | of the first | {UpdatesOfTheTable:N0} updates |
            |---|---|---|---|---|
            """);
        for (int i = 0; i < settings.Length; i++)
        {
            double median = Median(milliseconds[i]);
            double ratio = Median([.. milliseconds[i].Zip(milliseconds[0], (own, first) => own / first)]);
            string times = FormattableString.Invariant(
                $"{median:0.0} ms | {ratio:0.00} | {median * UpdatesOfTheTable / 1e3:0} s");
            Console.WriteLine($"| {settings[i].Experiment.Name} | {settings[i].Row.Name} | {times} |");
        }
        return 0;
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
