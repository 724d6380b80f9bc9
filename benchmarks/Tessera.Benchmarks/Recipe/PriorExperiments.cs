using System.Globalization;
using System.Text;
using Tessera.Data;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Runs;

namespace Tessera.Benchmarks.Recipe;

/// <summary>
/// Runs of priors that each differ from the default recipe in one thing, over one tokenizer. Results go to
/// <c>NAME.csv</c> and, as a table, to <c>NAME.md</c>; runs listed in the CSV are not made again.
/// </summary>
internal sealed class PriorExperiments
{
    private const int HeldOutEvery = 10, AblationImages = 25_600;
    private const string Header = "row,seed,pictures,seconds,nats,train_nats";

    private static readonly Row[] Ablation =
    [
        new("the recipe", options => options),
        new("batch 32", options => options with { Batch = 32 }),
        new("batch 128", options => options with { Batch = 128 }),
        new("lr 5e-3", options => options with { LearningRate = 5e-3f }),
        new("lr 2e-2", options => options with { LearningRate = 2e-2f }),
        new("width 96, 3 heads", Sizes(width: 96, heads: 3)),
        new("width 192, 6 heads", Sizes(width: 192, heads: 6)),
        new("3 blocks", Sizes(layers: 3)),
        new("6 blocks", Sizes(layers: 6)),
        new("2 heads", Sizes(heads: 2)),
        new("8 heads", Sizes(heads: 8)),
        new("weight decay 0", options => options with { WeightDecay = 0 }),
        new("weight decay 0.5", options => options with { WeightDecay = 0.5f }),
        new("width 192, 6 heads, dropout 0.05", options => options with
        {
            Model = options.Model with { Width = 192, Heads = 6, Dropout = 0.05f },
        }),
        new("dropout 0.05", options => options with { Model = options.Model with { Dropout = 0.05f } }),
        new("gradients not clipped", options => options with { ClipNorm = 0 }),
        new("Adam, lr 2e-3", options => options with { Optimizer = OptimizerKind.Adam, LearningRate = 2e-3f }),
        new("without flips", options => options with { Flips = false }),
    ];

    private readonly string _name, _results, _runs, _hash;
    private readonly TrainingBudget _budget;
    private readonly CodeSet _train, _judged;
    private readonly CodePriorOptions _sizes;
    private readonly int _cell;

    private PriorExperiments(
        string name, TrainingBudget budget, string tokenizer, string dataDir, string results, string runs, bool isTest)
    {
        (_name, _budget, _results, _runs) = (name, budget, results, Path.Combine(runs, name));
        StoredModel stored = ModelFile.Read(tokenizer);
        using VqVae model = stored.Model;
        _hash = PriorFile.HashOf(stored.Origin.Path);
        _cell = model.Options.PixelsPerCode;
        ImageSet images = Cifar10.Load(dataDir, Split.Train);
        CodeSet all = CodeSet.Encode(model, images, flips: true);
        (_train, _judged) = isTest
            ? (all, CodeSet.Encode(model, Cifar10.Load(dataDir, Split.Test), flips: false))
            : (Part(all, i => i % HeldOutEvery != 0), Part(all, i => i % HeldOutEvery == 0));
        _sizes = PriorOptions.Default.Model with
        {
            Codes = model.Options.Codes,
            Rows = images.Height / _cell,
            Columns = images.Width / _cell,
            Classes = images.ClassNames,
        };
    }

    /// <summary>The names of the experiments.</summary>
    public static IReadOnlyList<string> Names { get; } = ["prior-ablation", "prior-15-minutes", "prior-60-minutes"];

    /// <summary>Makes the missing runs of an experiment.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="tokenizer">The tokenizer's run folder.</param>
    /// <param name="dataDir">The folder of CIFAR-10's binary files.</param>
    /// <param name="results">The folder of results.</param>
    /// <param name="runs">The folder of run folders.</param>
    public static void Run(string name, string tokenizer, string dataDir, string results, string runs)
    {
        (TrainingBudget budget, bool isTest, Row[] rows, int seeds) = name switch
        {
            "prior-ablation" => (TrainingBudget.OfImages(AblationImages), false, Ablation, 1),
            "prior-15-minutes" => (TrainingBudget.OfMinutes(15), true, [Ablation[0]], 3),
            _ => (TrainingBudget.OfMinutes(60), true, (Row[])[Ablation[0]], 1),
        };
        var experiment = new PriorExperiments(name, budget, tokenizer, dataDir, results, runs, isTest);
        for (ulong seed = 1; seed <= (ulong)seeds; seed++)
        {
            foreach (Row row in rows) experiment.RunIfMissing(row, seed);
        }
    }

    private void RunIfMissing(Row row, ulong seed)
    {
        string path = Path.Combine(_results, $"{_name}.csv"), key = row.Name.Replace(',', ';');
        string start = $"{key},{seed},";
        if (File.Exists(path) && File.ReadLines(path).Any(made => made.StartsWith(start, StringComparison.Ordinal)))
            return;
        PriorOptions options = row.Change(PriorOptions.Default with { Model = _sizes }) with
        {
            Budget = _budget,
            Seed = seed,
            TokenizerHash = _hash,
            Data = Cifar10.Name,
            EvalEvery = 1_000_000,
        };
        string folder = Path.Combine(_runs, $"{key.Replace(' ', '-').Replace(';', '-')}-{seed}");
        PriorRun run = RunFolder.IsRun(folder) ? PriorRun.Open(folder) : PriorRun.Create(folder, options);
        if (run.Options != options)
            throw new InputException($"{folder} is a run with other options than the experiment's; move it away");
        using var learner = new PriorLearner(run, _train, _judged, _cell);
        using var trainer = new Trainer(learner);
        TimeSpan elapsed = default;
        trainer.Run(new ImmediateProgress<RunProgress>(progress => elapsed = progress.Elapsed));
        PriorEvaluation evaluation = learner.Evaluation!;
        Directory.CreateDirectory(_results);
        if (!File.Exists(path)) File.WriteAllText(path, Header + "\n");
        string nats = FormattableString.Invariant($"{evaluation.Nats:0.0000},{evaluation.TrainNats:0.0000}");
        string line = FormattableString.Invariant(
            $"{start}{trainer.Update * options.Batch},{elapsed.TotalSeconds:0.0},{nats}");
        File.AppendAllText(path, line + "\n");
        Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {_name}: {line}");
        WriteTable(path);
    }

    private void WriteTable(string path)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Priors, {_budget} each\n\nMade by ")
            .Append("`dotnet run -c Release --project ")
            .Append(CultureInfo.InvariantCulture, $"benchmarks/Tessera.Benchmarks -- recipe {_name} --tokenizer RUN`; ")
            .Append("the JPEG copy of CIFAR-10; nats a code, class given.\n\n")
            .Append("| | nats, each seed | nats, training images | images | images/s |\n|---|---|---|---|---|\n");
        foreach (var row in File.ReadLines(path).Skip(1).Select(line => line.Split(',')).GroupBy(fields => fields[0]))
        {
            double Mean(int column) =>
                row.Average(fields => double.Parse(fields[column], CultureInfo.InvariantCulture));
            string each = string.Join(", ", row.Select(fields => fields[4]));
            text.Append(CultureInfo.InvariantCulture, $"| {row.Key.Replace(';', ',')} | **{Mean(4):0.0000}** ({each}) ")
                .Append(CultureInfo.InvariantCulture, $"| {Mean(5):0.0000} | {Mean(2):#,0} ")
                .Append(CultureInfo.InvariantCulture, $"| {Mean(2) / Mean(3):0} |\n");
        }
        File.WriteAllText(Path.ChangeExtension(path, ".md"), text.ToString());
    }

    private static CodeSet Part(CodeSet set, Func<int, bool> isIn)
    {
        int[] chosen = [.. Enumerable.Range(0, set.Count).Where(isIn)];
        int[] Of(int[] codes) =>
            [.. chosen.SelectMany(i => codes.AsSpan(i * set.Length, set.Length).ToArray())];
        return new CodeSet(
            set.Name, Of(set.Codes), set.Length, [.. chosen.Select(i => set.Labels[i])], Of(set.Mirrored!));
    }

    private static Func<PriorOptions, PriorOptions> Sizes(int? width = null, int? layers = null, int? heads = null) =>
        options => options with
        {
            Model = options.Model with
            {
                Width = width ?? options.Model.Width,
                Layers = layers ?? options.Model.Layers,
                Heads = heads ?? options.Model.Heads,
            },
        };

    private sealed record Row(string Name, Func<PriorOptions, PriorOptions> Change);
}
