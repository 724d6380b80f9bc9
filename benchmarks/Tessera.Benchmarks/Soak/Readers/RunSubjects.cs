using Tessera.Cli;
using Tessera.Data;
using Tessera.Features;
using Tessera.Priors;
using Tessera.Runs;
using Tessera.Studio.Live;
using Tessera.Studio.Runs;
using Tessera.Tensors.Optim;
using Tessera.Training;

namespace Tessera.Benchmarks.Soak.Readers;

/// <summary>Readers of run folders, and <c>tessera info</c> on everything that it reads.</summary>
internal sealed class RunSubjects
{
    private const int Side = 16;

    private static readonly string[] Logs = ["metrics.csv", "series.csv", "eval.csv"];

    private readonly string _folder;
    private readonly ImageSet _train = Images(0, 12), _test = Images(SyntheticShapes.FirstTestNumber, 6);
    private readonly string _trained;

    /// <summary>Trains a run, of which each subject gets a copy.</summary>
    /// <param name="folder">The folder of all subjects.</param>
    public RunSubjects(string folder)
    {
        _folder = folder;
        _trained = Train();
    }

    /// <summary>All of them.</summary>
    public IEnumerable<Subject> All() => [.. Configs(), .. Resumed(), .. OfTheProgram()];

    private IEnumerable<Subject> Configs()
    {
        yield return OnRun("config", 40, ["config.json"], run =>
        {
            using TrainedModel trained = TrainedModel.Open(run);
            trained.Run!.Checkpoints();
        });
        string prior = Path.Combine(_folder, "config-of-prior");
        string features = Path.Combine(_folder, "config-of-classifier");
        PriorRun.Create(prior, PriorOptions.Default with
        {
            Data = "shapes",
            TokenizerHash = new string('0', 64),
            Model = new CodePriorOptions { Classes = ["cat", "dog"] },
        });
        ClassifierRun.Create(features, ClassifierOptions.Default with
        {
            Data = "shapes",
            Model = new ClassifierSizes { Width = 2, Classes = ["cat", "dog"] },
        });
        yield return Config("config-of-prior", prior, run => PriorRun.Open(run));
        yield return Config("config-of-classifier", features, run => ClassifierRun.Open(run));
    }

    private static Subject Config(string name, string run, Action<string> open) => new(
        name, 20, [new Sample("config.json", File.ReadAllBytes(Path.Combine(run, "config.json")))],
        path => open(Path.GetDirectoryName(path)!));

    private IEnumerable<Subject> Resumed()
    {
        yield return OnRun(
            "checkpoint", 20,
            ["checkpoints/20/state.json", "checkpoints/20/model.safetensors", "checkpoints/20/optimizer.safetensors"],
            Resume, isChanged: true);
        yield return OnRun("logs-resumed", 20, Logs, Resume, isChanged: true);
        yield return OnRun("logs-read", 40, Logs, ReadLogs);
        yield return OnRun("logs-watched", 40, Logs, run =>
        {
            foreach (string log in Logs.Select(name => Path.Combine(run, name)))
            {
                CsvTail.LastRow(log);
                var table = new GrowingTable(() => log);
                table.Refresh();
                table.Refresh();
            }
        });
        yield return OnRun("skipped", 10, ["skipped.txt"], run => TokenizerRun.Open(run).ReadSkipped());
    }

    private void Resume(string path)
    {
        using var learner = new TokenizerLearner(TokenizerRun.Open(path), _train, _test);
        using var trainer = new Trainer(learner);
    }

    // Each log by itself, so that damage of one hides no reader of another.
    private static void ReadLogs(string path)
    {
        TokenizerRun run = TokenizerRun.Open(path);
        InputException? damage = null;
        foreach (Action read in (Action[])
        [
            () => TrainingSeries.Read(run.SeriesPath), () => TrainingMetrics.Read(run.MetricsPath),
            () => run.LastEvaluation(), () => _ = run.Evaluations("recon_error").Count(),
        ])
        {
            try
            {
                read();
            }
            catch (InputException e)
            {
                damage = e;
            }
        }
        if (damage is not null) throw damage;
    }

    private IEnumerable<Subject> OfTheProgram()
    {
        yield return OnRun(
            "program-info", 10,
            ["config.json", "model.safetensors", "eval.csv"], run => Program("info", run));
        yield return OnRun(
            "program-info-checkpoint", 5, ["checkpoints/20/state.json", "checkpoints/20/model.safetensors"],
            run => Program("info", Path.Combine(run, "checkpoints", "20")));
        yield return OnRun(
            "program-info-file", 5, ["model.safetensors"],
            run => Program("info", Path.Combine(run, "model.safetensors")));
    }

    /// <summary>Runs the program in this process: it reads, or it says in one line what is wrong.</summary>
    private static void Program(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = TesseraProgram.Run(arguments, output, error);
        string text = error.ToString();
        if (code == 0) return;
        if (code != TesseraProgram.WrongInput || text.TrimEnd('\r', '\n').Contains('\n', StringComparison.Ordinal))
            throw new InvalidOperationException($"exit code {code}: {text}");
        throw new InputException(text.TrimEnd());
    }

    /// <summary>A run of 20 updates with two checkpoints, of which files are damaged and put back each time.</summary>
    /// <param name="name">The name of the subject.</param>
    /// <param name="weight">Its part of all files.</param>
    /// <param name="files">The files that are damaged.</param>
    /// <param name="read">Reads the run.</param>
    /// <param name="isChanged">Whether reading changes the run, so that all of it is put back.</param>
    private Subject OnRun(string name, int weight, string[] files, Action<string> read, bool isChanged = false)
    {
        string run = Path.Combine(_folder, name, "run");
        foreach (string file in Directory.GetFiles(_trained, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(run, Path.GetRelativePath(_trained, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        IEnumerable<string> kept = isChanged
            ? Directory.GetFiles(run, "*", SearchOption.AllDirectories)
            : files.Select(file => Path.Combine(run, file));
        (string Path, byte[] Bytes)[] before = [.. kept.Select(path => (path, File.ReadAllBytes(path)))];
        return new Subject(
            name, weight,
            [.. files.Select(file => new Sample($"run/{file}", File.ReadAllBytes(Path.Combine(run, file))))],
            _ => read(run))
        {
            Restore = () =>
            {
                foreach ((string path, byte[] bytes) in before)
                {
                    Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                    File.WriteAllBytes(path, bytes);
                }
            },
        };
    }

    private string Train()
    {
        string run = Path.Combine(_folder, "made", "run");
        TrainingOptions options = Preset.Default.Options with
        {
            Model = ModelSubjects.Tiny,
            Size = Side,
            Batch = 4,
            Budget = TrainingBudget.OfUpdates(20),
            LearningRateShape = LearningRateShape.Constant,
            WarmUp = 0,
            EvalEvery = 10,
            CheckpointEvery = 10,
        };
        using var learner = new TokenizerLearner(TokenizerRun.Create(run, options), _train, _test);
        using var trainer = new Trainer(learner);
        trainer.Run();
        File.WriteAllText(Path.Combine(run, "skipped.txt"), "a.png\nb\\nc.png\n");
        return run;
    }

    private static ImageSet Images(long first, int count) => new(
        "few", Side, Side, 3,
        [.. Enumerable.Range(0, count).Select(i => SyntheticShapes.Image(first + i, Side).Pixels)],
        [.. Enumerable.Range(0, count).Select(i => i % 2)], ["cube", "sphere"]);
}
