using System.Globalization;
using Tessera.Priors;
using Tessera.Runs;
using Tessera.Tensors.Optim;
using Tessera.Tests.Training;

namespace Tessera.Tests.Priors;

public sealed class PriorLearnerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The codes of shapes are not uniform: 2.77 nats at the start, far less after 80 updates.</summary>
    [Theory]
    [InlineData(OptimizerKind.Adam, 1e-2f)]
    [InlineData(OptimizerKind.Muon, 1e-2f)]
    public void The_loss_falls_within_a_few_dozen_updates(OptimizerKind optimizer, float learningRate)
    {
        PriorOptions options = SmallPriorRun.Options with
        {
            Budget = TrainingBudget.OfUpdates(80),
            Optimizer = optimizer,
            LearningRate = learningRate,
        };
        PriorEvaluation evaluation = SmallPriorRun.Finish(PriorRun.Create(_folder["run"], options));
        double[] nats = [.. File.ReadLines(_folder["run", "series.csv"]).Skip(1).Select(
            row => double.Parse(row.Split(',')[1], CultureInfo.InvariantCulture))];
        Assert.Equal(80, nats.Length);
        Assert.Equal(Math.Log(16), nats[0], 0.05);
        Assert.True(nats[^10..].Average() < 0.85 * nats[0], $"the loss fell to {nats[^10..].Average()} only");
        Assert.InRange(evaluation.Nats, 0.5, 0.9 * Math.Log(16));
    }

    [Fact]
    public void A_run_writes_its_columns_and_cells()
    {
        PriorEvaluation evaluation = SmallPriorRun.Finish(PriorRun.Create(_folder["run"], SmallPriorRun.Options));
        Assert.Equal("update,nats", File.ReadLines(_folder["run", "series.csv"]).First());
        string[] rows = File.ReadAllLines(_folder["run", "eval.csv"]);
        Assert.EndsWith("nats,bits_per_pixel,train_nats", rows[0], StringComparison.Ordinal);
        Assert.Equal(["12", "24"], rows[1..].Select(row => row.Split(',')[0]));

        PriorRun run = PriorRun.Open(_folder["run"]);
        Assert.Equal(evaluation.Nats, run.Evaluations("nats").Last().Value, 1e-9);
        double[][] cells = [.. File.ReadLines(run.CellsPath).Select(row => row.Split(',').Select(
            field => double.Parse(field, CultureInfo.InvariantCulture)).ToArray())];
        Assert.Equal([4, 4, 4, 4], cells.Select(row => row.Length));
        Assert.Equal(evaluation.Nats, cells.SelectMany(row => row).Average(), 1e-4);
        (CodePrior prior, string hash) = PriorFile.Read(run.ModelPath);
        using (prior)
        {
            Assert.Equal(run.Options.Model, prior.Options);
            Assert.Equal(run.Options.TokenizerHash, hash);
        }
    }

    [Theory]
    [InlineData(0f, OptimizerKind.Adam, 7)]
    [InlineData(0.3f, OptimizerKind.Adam, 12)]
    [InlineData(0.3f, OptimizerKind.Muon, 10)]
    [InlineData(0f, OptimizerKind.Muon, 23)]
    public void A_run_interrupted_and_resumed_writes_the_same_bytes(
        float dropout, OptimizerKind optimizer, long interruptedAt)
    {
        PriorOptions options = Options(dropout, optimizer);
        SmallPriorRun.Finish(PriorRun.Create(_folder["whole"], options));
        using (var stop = new CancellationTokenSource())
        {
            var progress = new Reports(report => { if (report.Update == interruptedAt) stop.Cancel(); });
            Assert.Throws<OperationCanceledException>(
                () => SmallPriorRun.Finish(PriorRun.Create(_folder["parts"], options), progress, stop.Token));
        }
        PriorRun run = PriorRun.Open(_folder["parts"]);
        Assert.Equal(interruptedAt, run.LatestCheckpoint()!.Update);
        SmallPriorRun.Finish(run);
        Assert.Equal(SmallPriorRun.Files(_folder["whole"], 24), SmallPriorRun.Files(_folder["parts"], 24));
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.3f)]
    public void One_two_and_three_threads_write_the_same_bytes(float dropout)
    {
        for (int threads = 1; threads <= 3; threads++)
        {
            PriorOptions options = Options(dropout, OptimizerKind.Muon) with { Threads = threads };
            SmallPriorRun.Finish(PriorRun.Create(_folder[$"run{threads}"], options));
        }
        Dictionary<string, string> one = SmallPriorRun.Files(_folder["run1"], 24);
        Assert.Equal(one, SmallPriorRun.Files(_folder["run2"], 24));
        Assert.Equal(one, SmallPriorRun.Files(_folder["run3"], 24));
    }

    /// <summary>An evaluation is without dropout, in the learner as for a model of a file.</summary>
    [Fact]
    public void Dropout_changes_the_training_but_no_evaluation()
    {
        SmallPriorRun.Finish(PriorRun.Create(_folder["without"], Options(0, OptimizerKind.Adam)));
        PriorEvaluation evaluation =
            SmallPriorRun.Finish(PriorRun.Create(_folder["with"], Options(0.5f, OptimizerKind.Adam)));
        Assert.NotEqual(
            File.ReadAllText(_folder["without", "series.csv"]), File.ReadAllText(_folder["with", "series.csv"]));
        (CodePrior prior, _) = PriorFile.Read(_folder["with", "model.safetensors"]);
        using (prior)
            Assert.Equal(
                evaluation.CellNats,
                PriorEvaluator.Evaluate(
                    prior, SmallPriorRun.Test, SmallPriorRun.Train, 4, TestContext.Current.CancellationToken).CellNats);
    }

    [Fact]
    public void Options_are_read_back_from_the_folder()
    {
        PriorOptions options = SmallPriorRun.Options with
        {
            DataDir = "data",
            Flips = false,
            UsesClasses = false,
            ClassDropout = 0.25f,
            Optimizer = OptimizerKind.Muon,
            LearningRateShape = LearningRateShape.Cosine,
            Model = SmallPriorRun.Options.Model with { Dropout = 0.1f, Classes = ["a b", "ü\"", "c,d"] },
        };
        PriorRun created = PriorRun.Create(_folder["run"], options);
        PriorRun opened = PriorRun.Open(_folder["run"]);
        Assert.Equal(options, opened.Options);
        Assert.Equal(created.Path, opened.Path);
        Assert.DoesNotContain("\"length\"", File.ReadAllText(_folder["run", "config.json"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_resumed_run_can_change_what_its_result_does_not_depend_on()
    {
        PriorRun run = PriorRun.Create(_folder["run"], SmallPriorRun.Options);
        PriorOptions changed = SmallPriorRun.Options with
        {
            Budget = TrainingBudget.OfUpdates(30),
            Threads = 1,
            DataDir = "elsewhere",
            EvalEvery = 5,
            CheckpointEvery = 5,
        };
        Assert.Equal(changed, run.WithOptions(changed).Options);
        Assert.Equal(changed, PriorRun.Open(_folder["run"]).Options);
    }

    public static TheoryData<PriorOptions> Refusals =>
    [
        SmallPriorRun.Options with { Seed = 8 },
        SmallPriorRun.Options with { Flips = false },
        SmallPriorRun.Options with { ClassDropout = 0.5f },
        SmallPriorRun.Options with { TokenizerHash = new string('b', 64) },
        SmallPriorRun.Options with { Data = "photos" },
        SmallPriorRun.Options with { Model = SmallPriorRun.Options.Model with { Dropout = 0.1f } },
        SmallPriorRun.Options with { Model = SmallPriorRun.Options.Model with { Classes = ["cube"] } },
    ];

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_resumed_run_keeps_all_else(PriorOptions options)
    {
        PriorRun run = PriorRun.Create(_folder["run"], SmallPriorRun.Options);
        InputException e = Assert.Throws<InputException>(() => run.WithOptions(options));
        Assert.Contains("a resumed run can change only its budget, device", e.Message, StringComparison.Ordinal);
        Assert.Equal(SmallPriorRun.Options, PriorRun.Open(_folder["run"]).Options);
    }

    public static TheoryData<PriorOptions, string> BadOptions => new()
    {
        { SmallPriorRun.Options with { ClassDropout = 1.5f }, "ClassDropout" },
        { SmallPriorRun.Options with { TokenizerHash = "abc" }, "TokenizerHash" },
        { SmallPriorRun.Options with { Batch = 0 }, "Batch" },
        { SmallPriorRun.Options with { Model = SmallPriorRun.Options.Model with { Heads = 5 } }, "Heads" },
    };

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Options_out_of_range_are_refused_and_make_no_folder(PriorOptions options, string name)
    {
        Assert.Equal(
            name, Assert.Throws<InputException>(() => PriorRun.Create(_folder["run"], options)).Option);
        Assert.False(Directory.Exists(_folder["run"]), "the folder was made");
    }

    [Theory]
    [InlineData("{ \"version\": \"1\", \"options\": null }")]
    [InlineData("{ \"version\": \"1\", \"options\": { \"model\": null } }")]
    [InlineData("{ \"version\": \"1\", \"options\": { \"model\": { \"hidden\": 128 } } }")]
    [InlineData("{ \"version\": ")]
    public void A_damaged_config_is_named(string content)
    {
        string run = PriorRun.Create(_folder["run"], SmallPriorRun.Options).Path;
        File.WriteAllText(Path.Combine(run, "config.json"), content);
        InputException e = Assert.Throws<InputException>(() => PriorRun.Open(run));
        Assert.Contains("config.json is damaged", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void The_default_options_are_valid() => PriorOptions.Default.Validate();

    [Fact]
    public void Codes_that_do_not_fit_the_model_are_refused()
    {
        PriorRun run = PriorRun.Create(_folder["run"], SmallPriorRun.Options);
        CodeSet other = SmallPrior.Set(SmallPrior.Options, images: 8);
        Assert.Throws<InputException>(() => new PriorLearner(run, other, SmallPriorRun.Test, pixelsPerCode: 4));
        Assert.Throws<InputException>(() => new PriorLearner(run, SmallPriorRun.Train, other, pixelsPerCode: 4));
    }

    private static PriorOptions Options(float dropout, OptimizerKind optimizer) => SmallPriorRun.Options with
    {
        Optimizer = optimizer,
        Model = SmallPriorRun.Options.Model with { Dropout = dropout },
    };
}
