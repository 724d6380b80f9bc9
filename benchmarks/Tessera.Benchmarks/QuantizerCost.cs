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

    // The images of the timer have 32x32 pixels.
    private static readonly Experiment[] Known =
        [.. QuantizerExperiments.All.Where(experiment => experiment.Data == Cifar10.Name)];

    /// <summary>Measures the rows of the named experiments, or of all, and prints a table.</summary>
    public static int Run(string[] names)
    {
        if (names.FirstOrDefault(name => Known.All(experiment => experiment.Name != name)) is { } unknown)
        {
            string known = string.Join(", ", Known.Select(experiment => experiment.Name));
            Console.Error.WriteLine($"there is no {unknown} of 32x32 pixels; there are {known}");
            return 2;
        }
        (Experiment Experiment, Row Row)[] settings =
        [
            .. Known.Where(experiment => names.Length == 0 || names.Contains(experiment.Name))
                .SelectMany(experiment => experiment.Rows, (experiment, row) => (experiment, row)),
        ];
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
        string command = string.Join(' ', names.Prepend("quantizer-cost"));
        Console.WriteLine($"""
            # The cost of a quantizer

            Made by `dotnet run -c Release --project benchmarks/Tessera.Benchmarks -- {command}`;
            {device.Description}. Updates of {settings[0].Experiment.Base.Batch} images of 32x32 pixels: the median of
            {Rounds} runs in turns, of each the median update; "of the first" is the ratio to the first row in the same
            round, the median too.

            | experiment | quantizer | an update | of the first | {UpdatesOfTheTable:N0} updates |
            |---|---|---|---|---|
            """);
        for (int i = 0; i < settings.Length; i++)
        {
            double median = UpdateTimer.Median(milliseconds[i]);
            double ratio = UpdateTimer.Median(
                [.. milliseconds[i].Zip(milliseconds[0], (own, first) => own / first)]);
            string times = FormattableString.Invariant(
                $"{median:0.0} ms | {ratio:0.00} | {median * UpdatesOfTheTable / 1e3:0} s");
            Console.WriteLine($"| {settings[i].Experiment.Name} | {settings[i].Row.Name} | {times} |");
        }
        return 0;
    }
}
