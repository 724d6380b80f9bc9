using System.Collections.Concurrent;
using Tessera.Quantization;
using Tessera.Runs;
using Tessera.Training;

namespace Tessera.Tests.Training;

public sealed class RunFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Options_come_back_as_they_were_written()
    {
        TrainingOptions options = SmallRun.Options with
        {
            Data = "a folder, \"quoted\"",
            DataDir = "ä",
            Threads = null,
            Seed = ulong.MaxValue,
            LearningRate = 1e-7f,
            Model = SmallRun.Options.Model with
            {
                Quantizer =
                    new EmaVectorQuantizerOptions { AveragesStart = EmaStart.Codebook, Decay = 0.1, Revival = 0.3 },
            },
        };
        TokenizerRun.Create(_folder["run"], options);
        Assert.Equal(options, TokenizerRun.Open(_folder["run"]).Options);
    }

    [Fact]
    public void The_former_name_of_a_start_is_read_and_a_budget_of_images_keeps_its_name()
    {
        TrainingOptions options = SmallRun.Options with
        {
            Budget = TrainingBudget.OfImages(12),
            Model = SmallRun.Options.Model with { Quantizer = new EmaVectorQuantizerOptions() },
        };
        TokenizerRun.Create(_folder["run"], options);
        string config = File.ReadAllText(_folder["run", "config.json"]);
        Assert.Contains("\"pictures\": 12", config, StringComparison.Ordinal);
        string former = config.Replace(
            "\"averagesStart\": \"Reference\"", "\"averagesStart\": \"Seed\"", StringComparison.Ordinal);
        Assert.NotEqual(config, former);
        File.WriteAllText(_folder["run", "config.json"], former);
        Assert.Equal(options, TokenizerRun.Open(_folder["run"]).Options);
    }

    /// <summary>The options as they were written before a run could name its device.</summary>
    [Fact]
    public void A_config_without_a_device_is_read()
    {
        const string Config = """
            {
              "version": "0.1.0",
              "options": {
                "model": {
                  "channels": 3, "hidden": 10, "residualHidden": 3, "residualLayers": 1, "codes": 20, "codeDim": 5,
                  "lookupDim": 0,
                  "quantizer": {
                    "type": "ema", "averagesStart": "Seed", "keepSmoothing": true, "decay": 0.9, "decayRamp": false,
                    "revival": 0, "commitment": 0.25, "gradient": "StraightThrough", "start": "Random"
                  }
                },
                "data": "shapes", "dataDir": null, "size": 16,
                "budget": { "pictures": 144 },
                "batch": 6, "optimizer": "Adam", "learningRate": 0.002, "warmUp": 0, "learningRateShape": "Constant",
                "clipNorm": 0, "weightDecay": 0, "averageDecay": 0, "flips": false, "seed": 7, "threads": 2,
                "checkpointEvery": 10, "evalEvery": 12, "init": null, "initKey": null
              }
            }
            """;
        _folder.Write("run/config.json", System.Text.Encoding.UTF8.GetBytes(Config));
        TrainingOptions options = SmallRun.Options with
        {
            Budget = TrainingBudget.OfImages(144),
            Model = SmallRun.Options.Model with { Quantizer = new EmaVectorQuantizerOptions { Decay = 0.9 } },
        };
        Assert.Equal("auto", options.Device);
        Assert.Equal(options, TokenizerRun.Open(_folder["run"]).Options);
    }

    public static TheoryData<string, Func<TrainingOptions, TrainingOptions>> Fixed() => new()
    {
        { "batch", options => options with { Batch = 7 } },
        { "seed", options => options with { Seed = 8 } },
        { "model", options => options with { Model = options.Model with { Codes = 21 } } },
        { "rate", options => options with { LearningRate = 1e-3f } },
        { "data", options => options with { Data = "cifar10" } },
        { "flips", options => options with { Flips = true } },
        { "optimizer", options => options with { Optimizer = OptimizerKind.Muon } },
        { "init", options => options with { Init = "other" } },
    };

    [Theory]
    [MemberData(nameof(Fixed))]
    public void A_run_cannot_change_what_its_result_so_far_depends_on(
        string name, Func<TrainingOptions, TrainingOptions> change)
    {
        TokenizerRun run = TokenizerRun.Create(_folder[name], SmallRun.Options);
        string message = Message(() => run.WithOptions(change(run.Options)));
        Assert.EndsWith(
            "a resumed run can change only its budget, device, precision, threads, data folder, cache, and how often it "
            + "is saved and evaluated",
            message, StringComparison.Ordinal);
        Assert.Equal(SmallRun.Options, TokenizerRun.Open(_folder[name]).Options);
    }

    [Fact]
    public void A_run_can_change_how_it_computes_and_is_saved_and_its_budget_at_a_constant_rate()
    {
        TokenizerRun run = TokenizerRun.Create(_folder["run"], SmallRun.Options);
        TrainingOptions changed = SmallRun.Options with
        {
            Threads = 1,
            Device = "cpu",
            Budget = TrainingBudget.OfImages(600),
            CheckpointEvery = 3,
            EvalEvery = 4,
            DataDir = "elsewhere",
        };
        Assert.Equal(changed, run.WithOptions(changed).Options);
        Assert.Equal(changed, TokenizerRun.Open(_folder["run"]).Options);
        Assert.StartsWith(
            "Threads must be", Message(() => run.WithOptions(changed with { Threads = 0 })), StringComparison.Ordinal);
    }

    [Fact]
    public void A_budget_over_which_the_rate_falls_cannot_change()
    {
        TrainingOptions options =
            SmallRun.Options with { LearningRateShape = Tensors.Optim.LearningRateShape.Cosine };
        TokenizerRun run = TokenizerRun.Create(_folder["run"], options);
        InputException e = Assert.Throws<InputException>(
            () => run.WithOptions(options with { Budget = TrainingBudget.OfUpdates(25) }));
        Assert.Equal("Init", e.Option);
        Assert.Contains("falls to 0 over its 24 updates", e.Message, StringComparison.Ordinal);
        Assert.Equal(3, run.WithOptions(options with { EvalEvery = 3 }).Options.EvalEvery);
    }

    [Fact]
    public void A_budget_cannot_be_less_than_what_is_done()
    {
        using (SmallTrainer trainer = SmallRun.Start(_folder["run"], SmallRun.Options))
        {
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }
        TokenizerRun run = TokenizerRun.Open(_folder["run"]);
        Assert.Contains(
            "has made 24 updates already",
            Message(() => run.WithOptions(run.Options with { Budget = TrainingBudget.OfUpdates(23) })),
            StringComparison.Ordinal);
        run.WithOptions(run.Options with { Budget = TrainingBudget.OfUpdates(25) });
    }

    [Fact]
    public void A_folder_that_holds_anything_is_never_overwritten()
    {
        _folder.Write("run/notes.txt", [1]);
        InputException e = Assert.Throws<InputException>(() => TokenizerRun.Create(_folder["run"], SmallRun.Options));
        Assert.Equal("path", e.Option);
        Assert.Equal(["notes.txt"], Directory.GetFileSystemEntries(_folder["run"]).Select(Path.GetFileName));
    }

    [Fact]
    public void Leftovers_of_a_run_killed_at_its_start_do_not_count()
    {
        _folder.Write("run/.tessera-0123.tmp-999999999", [1]);
        _folder.Write("run/.lock", []);
        using (SmallTrainer trainer = SmallRun.Start(_folder["run"], SmallRun.Options))
        {
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }
        Assert.DoesNotContain(TemporaryFolder.NamesIn(_folder["run"]), name => name.StartsWith('.'));
    }

    [Fact]
    public void Only_one_of_many_concurrent_runs_gets_the_folder()
    {
        var winners = new ConcurrentBag<ulong>();
        Thread[] threads = [.. Enumerable.Range(0, 16).Select(i => new Thread(() =>
        {
            try
            {
                TokenizerRun.Create(_folder["run"], SmallRun.Options with { Seed = (ulong)i });
                winners.Add((ulong)i);
            }
            catch (InputException)
            {
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.Equal([TokenizerRun.Open(_folder["run"]).Options.Seed], winners);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"version\": \"0\"}")]
    [InlineData("{\"version\": \"0\", \"options\": {\"batch\": \"many\"}}")]
    [InlineData("{\"version\": \"0\", \"options\": {\"batch\": 3, \"what\": 1}}")]
    public void A_damaged_config_is_named(string json)
    {
        _folder.Write("run/config.json", System.Text.Encoding.UTF8.GetBytes(json));
        InputException e = Assert.Throws<InputException>(() => TokenizerRun.Open(_folder["run"]));
        Assert.Contains("config.json", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void The_message_says_what_a_folder_is_missing()
    {
        Directory.CreateDirectory(_folder["empty"]);
        Assert.Contains("no config.json", Message(() => TokenizerRun.Open(_folder["empty"])), StringComparison.Ordinal);
        Assert.Contains(
            "there is no run folder", Message(() => TokenizerRun.Open(_folder["none"])), StringComparison.Ordinal);
        Assert.Contains("neither", Message(() => TrainedModel.Open(_folder["empty"])), StringComparison.Ordinal);
        Assert.Contains("there is no run", Message(() => TrainedModel.Open(_folder["none"])), StringComparison.Ordinal);
        TokenizerRun.Create(_folder["young"], SmallRun.Options);
        Assert.Contains("no model yet", Message(() => TrainedModel.Open(_folder["young"])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_a_checkpoint_and_a_model_file_all_open()
    {
        using (SmallTrainer trainer = SmallRun.Start(_folder["run"], SmallRun.Options))
        {
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }
        TrainedModel run = TrainedModel.Open(_folder["run"]);
        TrainedModel checkpoint = TrainedModel.Open(_folder["run", "checkpoints", "20"]);
        TrainedModel file = TrainedModel.Open(_folder["run", "model.safetensors"]);
        Assert.Equal((24, 20, null), (run.Update, checkpoint.Update, file.Update));
        Assert.Equal(SmallRun.Options, run.Options);
        Assert.Equal(SmallRun.Options, checkpoint.Options);
        Assert.Null(file.Options);
        Assert.Equal(SmallRun.Train.Variance(), file.DataVariance);
    }

    [Theory]
    [InlineData("state.json")]
    [InlineData("model.safetensors")]
    [InlineData("optimizer.safetensors")]
    public void A_checkpoint_with_a_missing_or_truncated_file_is_refused(string name)
    {
        using (SmallTrainer trainer = SmallRun.Start(_folder["run"], SmallRun.Options))
        {
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }
        string path = _folder["run", "checkpoints", "24", name];
        byte[] whole = File.ReadAllBytes(path);
        File.WriteAllBytes(path, whole[..(whole.Length / 2)]);
        Assert.Contains(name, Message(() => SmallRun.Resume(_folder["run"])), StringComparison.Ordinal);
        File.Delete(path);
        Assert.Contains(name, Message(() => SmallRun.Resume(_folder["run"])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"seed\": 7", "\"seed\": 8", "seed 8")]
    [InlineData("\"pictures\": 144", "\"pictures\": 145", "145 images")]
    public void A_checkpoint_of_another_run_is_refused(string own, string other, string expected)
    {
        using (SmallTrainer trainer = SmallRun.Start(_folder["run"], SmallRun.Options))
        {
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }
        string path = _folder["run", "checkpoints", "24", "state.json"], state = File.ReadAllText(path);
        Assert.Contains(own, state, StringComparison.Ordinal);
        File.WriteAllText(path, state.Replace(own, other, StringComparison.Ordinal));
        Assert.Contains(expected, Message(() => SmallRun.Resume(_folder["run"])), StringComparison.Ordinal);
    }

    private static string Message(Action action) => Assert.Throws<InputException>(action).Message;
}
