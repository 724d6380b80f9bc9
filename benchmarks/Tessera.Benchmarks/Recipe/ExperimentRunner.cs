using System.Globalization;
using Tessera.Data;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Benchmarks.Recipe;

/// <summary>
/// Makes the runs of an experiment, one after the other. Results go to <c>NAME.csv</c>, with a table in <c>NAME.md</c>
/// and a plot in <c>NAME.svg</c>. Runs listed in the CSV are not made again; an interrupted run resumes from its
/// checkpoint.
/// </summary>
internal sealed class ExperimentRunner
{
    private const string Header = "row,seed,pictures,seconds,recon_error,perplexity,codes_used,psnr,ssim";
    private const int HeldOutEvery = 10;

    private readonly Experiment _experiment;
    private readonly string _results, _runs;
    private readonly ImageSet _train, _judged;

    /// <summary>Loads the images.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="dataDir">The folder of CIFAR-10's binary files; not read for shapes.</param>
    /// <param name="results">The folder of results.</param>
    /// <param name="runs">The folder of run folders.</param>
    public ExperimentRunner(Experiment experiment, string dataDir, string results, string runs)
    {
        (_experiment, _results, _runs) = (experiment, results, Path.Combine(runs, experiment.Name));
        ImageSet Load(Split split) =>
            experiment.Data == SyntheticShapes.Name
                ? SyntheticShapes.Load(split, experiment.Base.Size)
                : Cifar10.Load(dataDir, split);
        _train = Load(Split.Train);
        (_train, _judged) = experiment.Judge == Judge.Test
            ? (_train, Load(Split.Test))
            : (Part(_train, i => i % HeldOutEvery != 0), Part(_train, i => i % HeldOutEvery == 0));
    }

    /// <summary>The results so far.</summary>
    public static IReadOnlyList<Result> Read(string results, Experiment experiment)
    {
        string path = PathOf(results, experiment);
        if (!File.Exists(path)) return [];
        CultureInfo culture = CultureInfo.InvariantCulture;
        return [.. File.ReadLines(path).Skip(1).Select(line => line.Split(',')).Select(fields => new Result(
            fields[0], ulong.Parse(fields[1], culture), long.Parse(fields[2], culture), Number(fields[3]),
            Number(fields[4]), Number(fields[5]), int.Parse(fields[6], culture), At(fields, 7), At(fields, 8)))];

        // Older files have no such columns.
        static double? At(string[] fields, int column) => column < fields.Length ? Number(fields[column]) : null;
    }

    /// <summary>Makes the missing runs; rewrites the table and the plot after each.</summary>
    /// <param name="only">The row to make; null for all.</param>
    public void Run(string? only = null)
    {
        Summarize();
        HashSet<(string, ulong)> made = [.. Read(_results, _experiment).Select(result => (result.Row, result.Seed))];
        int most = _experiment.Rows.Max(row => row.Seeds);
        // The first seed of all rows before the second of any: an interrupted table has all rows.
        for (ulong seed = 1; seed <= (ulong)most; seed++)
        {
            IEnumerable<Row> missing =
                _experiment.Rows.Where(row => (ulong)row.Seeds >= seed && !made.Contains((row.Key, seed))
                    && (only is null || row.Name == only));
            foreach (Row row in missing) Append(Run(row, seed));
        }
    }

    private Result Run(Row row, ulong seed)
    {
        string folder = Path.Combine(_runs, $"{Slug(row.Name)}-{seed}");
        TrainingOptions options = row.Change(_experiment.Base) with { Seed = seed };
        TokenizerRun run =
            RunFolder.IsRun(folder) ? TokenizerRun.Open(folder) : TokenizerRun.Create(folder, options);
        if (run.Options != options)
            throw new InputException($"{folder} is a run with other options than the experiment's; move it away");
        using var learner = new TokenizerLearner(run, _train, _judged);
        using var trainer = new Trainer(learner);
        TimeSpan elapsed = default;
        trainer.Run(new ImmediateProgress<RunProgress>(progress => elapsed = progress.Elapsed));
        Evaluation evaluation = learner.Evaluation!;
        var result = new Result(
            row.Key, seed, trainer.Update * run.Options.Batch, elapsed.TotalSeconds, evaluation.ReconError!.Value,
            evaluation.Perplexity, evaluation.CodesUsed, evaluation.Psnr, evaluation.Ssim);
        string reached = FormattableString.Invariant(
            $"{result.ReconError:0.0000}, perplexity {result.Perplexity:0.0}, {result.CodesUsed} codes");
        string rate = FormattableString.Invariant($"{result.Images / result.Seconds:0} images/s");
        Console.Error.WriteLine(FormattableString.Invariant(
            $"{DateTime.Now:HH:mm:ss} {_experiment.Name}: {row.Name}, seed {seed}: {reached}, {rate}"));
        return result;
    }

    private void Append(Result result)
    {
        string path = PathOf(_results, _experiment);
        Directory.CreateDirectory(_results);
        if (!File.Exists(path)) File.WriteAllText(path, Header + "\n");
        string measures = FormattableString.Invariant(
            $"{result.Seconds:0.0},{result.ReconError:0.000000},{result.Perplexity:0.0},{result.CodesUsed}")
            + FormattableString.Invariant($",{result.Psnr:0.000},{result.Ssim:0.0000}");
        File.AppendAllText(path, $"{result.Row},{result.Seed},{result.Images},{measures}\n");
        Summarize();
    }

    private void Summarize()
    {
        IReadOnlyList<Result> all = Read(_results, _experiment);
        if (all.Count == 0) return;
        string path = PathOf(_results, _experiment);
        File.WriteAllText(Path.ChangeExtension(path, ".md"), ExperimentTable.Write(_experiment, all));
        File.WriteAllText(Path.ChangeExtension(path, ".svg"), ExperimentPlot.Write(_experiment, all));
    }

    private static ImageSet Part(ImageSet set, Func<int, bool> isIn)
    {
        int[] chosen = [.. Enumerable.Range(0, set.Count).Where(isIn)];
        return new ImageSet(
            set.Name, set.Width, set.Height, set.Channels, [.. chosen.Select(i => set.Pixels(i).ToArray())],
            [.. chosen.Select(set.Label)], set.ClassNames);
    }

    private static string PathOf(string results, Experiment experiment) =>
        Path.Combine(results, $"{experiment.Name}.csv");

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static string Slug(string name) =>
        string.Concat(name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c == '.' ? c : '-'));
}
