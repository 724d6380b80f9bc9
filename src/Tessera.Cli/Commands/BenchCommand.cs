using System.CommandLine;
using Tessera.Cli.Benchmarking;
using Tessera.Cli.CommandLine;
using Tessera.Cli.Rendering;
using Tessera.Training;

namespace Tessera.Cli.Commands;

/// <summary><c>tessera bench</c>: measures the speed of this machine.</summary>
internal sealed class BenchCommand : TesseraCommand
{
    private const double UsualSeconds = 10, MostSeconds = 24 * 60 * 60;
    private static readonly TrainingOptions Usual = Preset.Reference.Options;

    private readonly SettingGroup<TrainingOptions> _settings = Settings.ForBenchmark(Usual);
    private readonly Option<double?> _seconds = NewOption.Number<double>(
        "--seconds",
        $"Seconds to measure after a warm-up; each kind of work runs at least once [default: {UsualSeconds}].");
    private readonly Option<bool> _json = NewOption.Flag(
        "--json", "Prints one JSON object: device, threads, batch, size, peak, work, convolutions.");

    public BenchCommand(Invocation invocation) : base(
        invocation, "bench",
        "Measures how fast this machine trains, encodes and decodes, and shows the chosen kernels with the reasons.",
        "tessera bench", "tessera bench --threads 1 --batch 32",
        "tessera bench --size 64 --hidden 256 --seconds 60 --json")
    {
        _settings.AddTo(this);
        Options.Add(_seconds);
        Options.Add(_json);
    }

    protected override void Run(ParseResult parse)
    {
        TrainingOptions options = _settings.Apply(parse, Usual);
        double seconds = parse.GetValue(_seconds) ?? UsualSeconds;
        if (!(seconds is > 0 and <= MostSeconds))
            throw new InputException($"--seconds must be above 0 and at most {MostSeconds}, not {seconds}");
        Throughput throughput = Invocation.Error.WithBar(bar => ThroughputBenchmark.Run(
            options, TimeSpan.FromSeconds(seconds),
            new ImmediateProgress<double>(done => bar.Report(new BarState(done, "measuring"))),
            Invocation.Cancellation));
        if (parse.GetValue(_json))
        {
            Invocation.Output.Line(ThroughputText.Json(throughput));
            return;
        }
        foreach (IReadOnlyList<string[]> table in
            (IEnumerable<IReadOnlyList<string[]>>)[DeviceText.Table(), .. ThroughputText.Tables(throughput)])
        {
            Invocation.Output.Table(table);
            Invocation.Output.Line();
        }
    }
}
