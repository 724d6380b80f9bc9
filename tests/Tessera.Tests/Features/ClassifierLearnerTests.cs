using Tessera.Data;
using Tessera.Features;
using Tessera.Runs;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Optim;
using Tessera.Tests.Runs;
using Tessera.Tests.Training;

namespace Tessera.Tests.Features;

public sealed class ClassifierLearnerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_shapes_are_told_apart_and_the_run_is_a_feature_network()
    {
        ClassifierOptions options = SmallClassifier.Options with { Budget = TrainingBudget.OfUpdates(600) };
        ClassifierEvaluation evaluation = SmallClassifier.Finish(ClassifierRun.Create(_folder["run"], options));
        Assert.Equal(SmallRun.Test.Count, evaluation.Images);
        // Of ten classes, so chance is 0.1; on images that were seen, for the test set is tiny.
        Assert.InRange(SmallClassifier.Accuracy(_folder["run"], SmallRun.Train), 0.3, 1);
        Assert.Equal("update,nats", File.ReadLines(_folder["run", "series.csv"]).First());
        Assert.EndsWith("accuracy,nats", File.ReadLines(_folder["run", "eval.csv"]).First(), StringComparison.Ordinal);
        using FeatureNetwork network = FeatureFile.Read(_folder["run"]);
        Assert.Equal(options.Model.Layers, network.Layers);
    }

    [Theory]
    [InlineData(OptimizerKind.Adam, 7)]
    [InlineData(OptimizerKind.Muon, 10)]
    [InlineData(OptimizerKind.Muon, 23)]
    public void A_run_interrupted_and_resumed_writes_the_same_bytes(OptimizerKind optimizer, long interruptedAt)
    {
        ClassifierOptions options = SmallClassifier.Options with { Optimizer = optimizer };
        SmallClassifier.Finish(ClassifierRun.Create(_folder["whole"], options));
        using (var stop = new CancellationTokenSource())
        {
            var progress = new Reports(report => { if (report.Update == interruptedAt) stop.Cancel(); });
            Assert.Throws<OperationCanceledException>(
                () => SmallClassifier.Finish(ClassifierRun.Create(_folder["parts"], options), progress, stop.Token));
        }
        ClassifierRun run = ClassifierRun.Open(_folder["parts"]);
        Assert.Equal(interruptedAt, run.LatestCheckpoint()!.Update);
        SmallClassifier.Finish(run);
        Assert.Equal(SmallRun.Files(_folder["whole"], 24), SmallRun.Files(_folder["parts"], 24));
    }

    [Fact]
    public void One_two_and_three_threads_write_the_same_bytes()
    {
        for (int threads = 1; threads <= 3; threads++)
            SmallClassifier.Finish(ClassifierRun.Create(
                _folder[$"run{threads}"], SmallClassifier.Options with { Threads = threads }));
        Dictionary<string, string> one = SmallRun.Files(_folder["run1"], 24);
        Assert.Equal(one, SmallRun.Files(_folder["run2"], 24));
        Assert.Equal(one, SmallRun.Files(_folder["run3"], 24));
    }

    [Fact]
    public void An_update_uploads_one_block_and_downloads_nothing()
    {
        using var device = new CountingDevice();
        (int Uploads, int Downloads) before = default;
        SmallClassifier.Finish(
            ClassifierRun.Create(
                _folder["run"], SmallClassifier.Options with { EvalEvery = 1000, CheckpointEvery = 1000 }),
            Reports.OfUpdates(report =>
            {
                (int uploads, int downloads) = (device.Uploads - before.Uploads, device.Downloads - before.Downloads);
                before = (device.Uploads, device.Downloads);
                if (report.Update is 1 or 24) return;
                Assert.Equal((report.Update, 1, 0), (report.Update, uploads, downloads));
            }),
            device: device);
    }

    [Fact]
    public void Every_update_submits_the_same_primitives_on_the_same_storages()
    {
        using var device = new RecordingDevice();
        SmallClassifier.Finish(
            ClassifierRun.Create(
                _folder["run"],
                SmallClassifier.Options with { Budget = TrainingBudget.OfUpdates(8), EvalEvery = 1000 }),
            device: device);
        Assert.Contains(
            device.Primitives[1], primitive => primitive.StartsWith("AveragePool(", StringComparison.Ordinal));
        Assert.All(device.Primitives[2..], primitives => Assert.Equal(device.Primitives[1], primitives));
    }

    [Fact]
    public void Options_are_read_back_and_a_resumed_run_keeps_them()
    {
        ClassifierOptions options = SmallClassifier.Options with { DataDir = "data", Flips = false };
        ClassifierRun run = ClassifierRun.Create(_folder["run"], options);
        Assert.Equal(options, ClassifierRun.Open(_folder["run"]).Options);
        ClassifierOptions changed = options with { Threads = 1, DataDir = null, EvalEvery = 3 };
        Assert.Equal(changed, run.WithOptions(changed).Options);
        Assert.Contains(
            "a resumed run can change only its budget",
            Assert.Throws<InputException>(() => run.WithOptions(options with { Flips = true })).Message,
            StringComparison.Ordinal);
    }

    public static TheoryData<ClassifierOptions, string> BadOptions => new()
    {
        { SmallClassifier.Options with { Batch = 0 }, "Batch" },
        { SmallClassifier.Options with { Data = "" }, "Data" },
        { SmallClassifier.Options with { Model = SmallClassifier.Options.Model with { Width = 0 } }, "Width" },
        { SmallClassifier.Options with { Model = SmallClassifier.Options.Model with { Channels = 2 } }, "Channels" },
        {
            SmallClassifier.Options with { Model = SmallClassifier.Options.Model with { Classes = ["one"] } },
            "Classes"
        },
        {
            SmallClassifier.Options with { Model = SmallClassifier.Options.Model with { Convolutions = 17 } },
            "Convolutions"
        },
    };

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Options_out_of_range_are_refused_and_make_no_folder(ClassifierOptions options, string name)
    {
        Assert.Equal(name, Assert.Throws<InputException>(() => ClassifierRun.Create(_folder["run"], options)).Option);
        Assert.False(Directory.Exists(_folder["run"]), "the folder was made");
    }

    [Theory]
    [InlineData("{ \"version\": \"1\", \"options\": null }")]
    [InlineData("{ \"version\": \"1\", \"options\": { \"model\": null } }")]
    [InlineData("{ \"version\": \"1\", \"options\": { \"data\": \"shapes\", "
        + "\"model\": { \"channels\": 3, \"width\": 2, \"convolutions\": 2 } } }")]
    [InlineData("{ \"version\": ")]
    public void A_damaged_config_is_named(string content)
    {
        string run = ClassifierRun.Create(_folder["run"], SmallClassifier.Options).Path;
        File.WriteAllText(Path.Combine(run, "config.json"), content);
        InputException e = Assert.Throws<InputException>(() => ClassifierRun.Open(run));
        Assert.Contains("config.json is damaged", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_with_other_classes_are_refused()
    {
        ClassifierRun run = ClassifierRun.Create(
            _folder["run"], SmallClassifier.Options with { Model = new ClassifierSizes { Classes = ["a", "b"] } });
        Assert.Contains(
            "are not those of the classifier: a, b",
            Assert.Throws<InputException>(() => new ClassifierLearner(run, SmallRun.Train, SmallRun.Test)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_default_options_are_those_of_a_run_that_lacks_its_classes_only() => Assert.Equal(
        "Classes", Assert.Throws<InputException>(ClassifierOptions.Default.Validate).Option);

    [Fact]
    public void A_batch_without_an_image_of_each_kind_is_refused()
    {
        InputException e = Assert.Throws<InputException>((SmallClassifier.Options with { Batch = 2 }).Validate);
        Assert.Equal("Batch", e.Option);
        Assert.Contains("at least 3", e.Message, StringComparison.Ordinal);
        (SmallClassifier.Options with { Batch = 3 }).Validate();
    }
}

/// <summary>A classifier of the shapes so small that hundreds of updates take a second.</summary>
internal static class SmallClassifier
{
    public static ClassifierOptions Options { get; } = ClassifierOptions.Default with
    {
        Model = new ClassifierSizes { Width = 6, Convolutions = 1, Classes = [.. SmallRun.Train.ClassNames] },
        Size = 16,
        Batch = 8,
        Budget = TrainingBudget.OfUpdates(24),
        WarmUp = 5,
        LearningRateShape = LearningRateShape.Cosine,
        CheckpointEvery = 10,
        EvalEvery = 12,
        Threads = 2,
    };

    public static ClassifierEvaluation Finish(
        ClassifierRun run, IProgress<RunProgress>? progress = null, CancellationToken? stop = null,
        Device? device = null)
    {
        using var learner = new ClassifierLearner(run, SmallRun.Train, SmallRun.Test, device);
        using var trainer = new Trainer(learner);
        trainer.Run(progress, stop ?? TestContext.Current.CancellationToken);
        return learner.Evaluation!;
    }

    /// <summary>The accuracy of a finished run on other images.</summary>
    public static double Accuracy(string path, ImageSet images)
    {
        using var learner = new ClassifierLearner(ClassifierRun.Open(path), images, images);
        using var trainer = new Trainer(learner);
        trainer.Run(cancellation: TestContext.Current.CancellationToken);
        return learner.Evaluation!.Accuracy;
    }
}
