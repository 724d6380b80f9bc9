using System.Globalization;
using System.Text.Json.Nodes;
using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Runs;
using Tessera.Tensors;
using Tessera.Tests.Quantization;
using Tessera.Training;

namespace Tessera.Tests.Training;

public sealed class TrainerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0f)]
    [InlineData(0.9f)]
    public void One_two_and_three_threads_write_the_same_bytes(float decay)
    {
        TrainingOptions options = SmallRun.Options with
        {
            Model = SmallRun.Options.Model with { Quantizer = QuantizerOf.Decay(decay) },
        };
        foreach (int threads in new[] { 1, 2, 3 })
        {
            using SmallTrainer trainer = SmallRun.Start(_folder[$"run{threads}"], options with { Threads = threads });
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }
        Dictionary<string, string> one = SmallRun.Files(_folder["run1"], 24);
        Assert.Equal(one, SmallRun.Files(_folder["run2"], 24));
        Assert.Equal(one, SmallRun.Files(_folder["run3"], 24));
    }

    [Theory]
    [InlineData(0f, 1)]
    [InlineData(0.9f, 7)]
    [InlineData(0.9f, 10)]
    [InlineData(0.9f, 12)]
    [InlineData(0f, 23)]
    public void A_run_interrupted_and_resumed_writes_the_same_bytes(float decay, long interruptedAt)
    {
        TrainingOptions options = SmallRun.Options with
        {
            Model = SmallRun.Options.Model with { Quantizer = QuantizerOf.Decay(decay) },
        };
        using (SmallTrainer whole = SmallRun.Start(_folder["whole"], options))
        {
            whole.Run(cancellation: TestContext.Current.CancellationToken);
        }
        using (var stop = new CancellationTokenSource())
        using (SmallTrainer first = SmallRun.Start(_folder["parts"], options))
        {
            var progress = new Reports(report =>
            {
                if (report.Update == interruptedAt) stop.Cancel();
            });
            Assert.Throws<OperationCanceledException>(() => first.Run(progress, stop.Token));
            Assert.Equal(interruptedAt, TokenizerRun.Open(_folder["parts"]).LatestCheckpoint()!.Update);
        }
        using (SmallTrainer second = SmallRun.Resume(_folder["parts"]))
        {
            Assert.Equal(interruptedAt, second.Update);
            second.Run(cancellation: TestContext.Current.CancellationToken);
        }
        Assert.Equal(SmallRun.Files(_folder["whole"], 24), SmallRun.Files(_folder["parts"], 24));
        Assert.Equal(MetricsWithoutClock(_folder["whole"]), MetricsWithoutClock(_folder["parts"]));
    }

    /// <summary>A checkpoint of an older version names the sums of the window one by one.</summary>
    [Fact]
    public void A_run_resumes_from_a_state_in_the_former_form_and_its_next_row_is_right()
    {
        using (SmallTrainer whole = SmallRun.Start(_folder["whole"], SmallRun.Options))
        {
            whole.Run(cancellation: TestContext.Current.CancellationToken);
        }
        using (var stop = new CancellationTokenSource())
        using (SmallTrainer first = SmallRun.Start(_folder["parts"], SmallRun.Options))
        {
            var progress = new Reports(report => { if (report.Update == 7) stop.Cancel(); });
            Assert.Throws<OperationCanceledException>(() => first.Run(progress, stop.Token));
        }
        string path = _folder["parts", "checkpoints", "7", "state.json"];
        JsonNode state = JsonNode.Parse(File.ReadAllText(path))!;
        JsonNode sums = state["window"]!["sums"]!;
        Assert.Equal(7, (int)state["window"]!["updates"]!);
        state["window"] = new JsonObject
        {
            ["updates"] = 7,
            ["reconErrorSum"] = (double)sums["recon_error"]!,
            ["perplexitySum"] = (double)sums["perplexity"]!,
            ["vqLossSum"] = (double)sums["vq_loss"]!,
            ["revived"] = (long)(double)sums["revived"]!,
        };
        File.WriteAllText(path, state.ToJsonString());

        using (SmallTrainer second = SmallRun.Resume(_folder["parts"]))
        {
            Assert.Equal(7, second.Update);
            second.Run(cancellation: TestContext.Current.CancellationToken);
        }
        Assert.Equal(SmallRun.Files(_folder["whole"], 24), SmallRun.Files(_folder["parts"], 24));
        string[] metrics = MetricsWithoutClock(_folder["parts"]);
        Assert.StartsWith("24,", metrics[1], StringComparison.Ordinal);
        Assert.Equal(MetricsWithoutClock(_folder["whole"]), metrics);
    }

    [Theory]
    [InlineData("{\"updates\": 7, \"sums\": {\"recon_error\": \"much\"}}")]
    [InlineData("{\"updates\": 7, \"errors\": 3}")]
    [InlineData("{\"updates\": 7.5}")]
    [InlineData("7")]
    [InlineData("null")]
    public void A_damaged_window_is_named(string window)
    {
        using (SmallTrainer trainer = SmallRun.Start(_folder["run"], SmallRun.Options))
        {
            trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }
        string path = _folder["run", "checkpoints", "24", "state.json"];
        JsonNode state = JsonNode.Parse(File.ReadAllText(path))!;
        state["window"] = JsonNode.Parse(window);
        File.WriteAllText(path, state.ToJsonString());
        InputException e = Assert.Throws<InputException>(() => SmallRun.Resume(_folder["run"]));
        Assert.Contains("state.json is damaged", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_killed_between_checkpoints_resumes_from_the_last_one_and_writes_the_same_bytes()
    {
        using (SmallTrainer whole = SmallRun.Start(_folder["whole"], SmallRun.Options))
        {
            whole.Run(cancellation: TestContext.Current.CancellationToken);
        }
        using (SmallTrainer killed = SmallRun.Start(_folder["killed"], SmallRun.Options))
        {
            var progress = new Reports(report =>
            {
                if (report.Update == 17) throw new IOException("killed");
            });
            Assert.Throws<IOException>(() => killed.Run(progress, TestContext.Current.CancellationToken));
        }
        // A killed process can leave a partly written checkpoint.
        Directory.CreateDirectory(_folder["killed", "checkpoints", ".tessera-0123.tmp-999999999"]);

        using (SmallTrainer resumed = SmallRun.Resume(_folder["killed"]))
        {
            Assert.Equal(10, resumed.Update);
            resumed.Run(cancellation: TestContext.Current.CancellationToken);
        }
        Assert.Equal(SmallRun.Files(_folder["whole"], 24), SmallRun.Files(_folder["killed"], 24));
        Assert.Equal(["10", "20", "24"], Names(_folder["killed", "checkpoints"]));
    }

    [Fact]
    public void The_last_three_checkpoints_are_kept()
    {
        using SmallTrainer trainer = SmallRun.Start(_folder["run"], SmallRun.Options with { CheckpointEvery = 5 });
        trainer.Run(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(["15", "20", "24"], Names(_folder["run", "checkpoints"]));
    }

    /// <summary>All options of a recipe together: on one thread, and on two threads with an interruption.</summary>
    [Theory]
    [InlineData("ema", 0)]
    [InlineData("cosine", 0)]
    [InlineData("simvq", 0)]
    [InlineData("gradient", 3)]
    [InlineData("ema", 3)]
    [InlineData("ema", 0, OptimizerKind.Muon)]
    [InlineData("gradient", 0, OptimizerKind.Muon)]
    [InlineData("fsq", 0)]
    [InlineData("lfq", 0)]
    [InlineData("bsq", 0)]
    [InlineData("gumbel", 0)]
    [InlineData("ema", 0, OptimizerKind.Adam, 3)]
    [InlineData("fsq", 0, OptimizerKind.Muon, 2)]
    [InlineData("gumbel", 0, OptimizerKind.Adam, 1, 5)]
    [InlineData("ema", 0, OptimizerKind.Adam, 2, 1, true)]
    [InlineData("ema", 0, OptimizerKind.Adam, 1, 1, false, true)]
    public void A_run_with_every_option_is_the_same_interrupted_or_not_and_on_any_number_of_threads(
        string kind, int lookupDim, OptimizerKind optimizer = OptimizerKind.Adam, int depth = 1, int groups = 1,
        bool shared = false, bool top = false)
    {
        QuantizerOptions quantizer = SmallRun.WithAll(QuantizerOptions.Find(kind));
        bool drops = depth > 1 && !shared;
        if (drops) quantizer = SmallRun.WithoutKeptSmoothing(quantizer);
        TrainingOptions options = SmallRun.Options with
        {
            // Muon trains convolutions with at least 16 channels.
            Model = SmallRun.Options.Model with
            {
                Quantizer = quantizer,
                LookupDim = lookupDim,
                Codes = SmallRun.CodesFor(quantizer),
                Cell = new()
                {
                    Depth = depth,
                    Groups = groups,
                    SharedCodebook = shared,
                    LevelDropout = drops ? 0.5f : 0,
                    Top = top,
                },
                Hidden = optimizer == OptimizerKind.Muon ? 32 : SmallRun.Options.Model.Hidden,
            },
            Optimizer = optimizer,
            WarmUp = 5,
            LearningRateShape = Tensors.Optim.LearningRateShape.Cosine,
            Flips = true,
            ClipNorm = 0.5f,
            WeightDecay = 0.01f,
            AverageDecay = 0.9,
        };
        using (SmallTrainer whole = SmallRun.Start(_folder["whole"], options with { Threads = 1 }))
        {
            whole.Run(cancellation: TestContext.Current.CancellationToken);
        }
        using (SmallTrainer first = SmallRun.Start(_folder["stopped"], options))
        {
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(
                () => first.Run(new Reports(report => { if (report.Update == 13) stop.Cancel(); }), stop.Token));
        }
        using (SmallTrainer second = SmallRun.Resume(_folder["stopped"]))
        {
            second.Run(cancellation: TestContext.Current.CancellationToken);
        }
        Assert.Equal(SmallRun.Files(_folder["whole"], 24), SmallRun.Files(_folder["stopped"], 24));
    }

    /// <summary>
    /// The evaluated model, the newest weights and the checkpoint hold the average, not the trained weights.
    /// </summary>
    [Fact]
    public void An_averaged_run_evaluates_and_writes_the_average()
    {
        using SmallTrainer trainer = SmallRun.Start(_folder["run"], SmallRun.Options with { AverageDecay = 0.9 });
        Evaluation evaluation = trainer.Run(cancellation: TestContext.Current.CancellationToken);
        using SmallTrainer plain = SmallRun.Start(_folder["plain"], SmallRun.Options);
        plain.Run(cancellation: TestContext.Current.CancellationToken);

        foreach (string path in new[] { _folder["run"], _folder["run", "checkpoints", "24"] })
        {
            TrainedModel written = TrainedModel.Open(path);
            Assert.Equal(evaluation.ReconError, Evaluator.Evaluate(
                written.Model, SmallRun.Test, Split.Test, trainer.DataVariance,
                cancellation: TestContext.Current.CancellationToken).ReconError);
        }
        Dictionary<string, float[]> averaged = Weights(trainer.Model), trained = Weights(plain.Model);
        Assert.All(averaged, entry => Assert.Equal(
            entry.Key.Contains("_vq_vae", StringComparison.Ordinal), entry.Value.SequenceEqual(trained[entry.Key])));

        static Dictionary<string, float[]> Weights(VqVae model) =>
            model.State().ToDictionary(entry => entry.Name, entry => entry.Tensor.ToArray());
    }

    /// <summary>K-means starts the codes among the encoder's vectors, and revived codes are logged.</summary>
    [Fact]
    public void Upkeep_starts_the_codebook_among_the_vectors_and_revives_codes_until_most_of_the_run_is_done()
    {
        TrainingOptions options = SmallRun.Options with
        {
            Model = SmallRun.Options.Model with
            {
                Quantizer = new EmaVectorQuantizerOptions
                {
                    Start = CodebookStart.KMeans,
                    Revival = 1,
                    Decay = 0.9,
                    KeepSmoothing = false,
                },
            },
            Budget = TrainingBudget.OfUpdates(200),
        };
        List<double> revived = [], used = [];
        using SmallTrainer trainer = SmallRun.Start(_folder["run"], options);
        trainer.Run(Reports.OfUpdates(report =>
        {
            revived.Add(report.Window.Sum("revived"));
            used.Add(report.Window.Last("codes_used"));
        }), TestContext.Current.CancellationToken);
        Assert.True(used[0] > 10, $"The first batch uses {used[0]} of 20 codes that were started among its vectors.");
        Assert.Equal(0, revived[9]);
        Assert.True(revived[10] > 0, "No code was moved at update 10, although some are below an even share.");
        Assert.True(revived[180] > revived[179], "No code was moved at update 180 of 200, before 95% were done.");
        Assert.Equal(revived[180], revived[199]);
        Assert.Equal($"{revived[199]}", File.ReadLines(_folder["run", "metrics.csv"]).Last().Split(',')[5]);
    }

    [Fact]
    public void Metrics_have_a_row_every_100_updates_with_the_means_since_the_last()
    {
        var errors = new List<double>();
        double last = 0;
        using SmallTrainer trainer = SmallRun.Start(
            _folder["run"],
            SmallRun.Options with { Budget = TrainingBudget.OfUpdates(130), CheckpointEvery = 1000, EvalEvery = 1000 });
        trainer.Run(Reports.OfUpdates(report =>
        {
            errors.Add(report.Window.Sum("recon_error") - last);
            last = report.IsMetricsRow ? 0 : report.Window.Sum("recon_error");
        }), TestContext.Current.CancellationToken);

        string[][] rows = [.. File.ReadLines(_folder["run", "metrics.csv"]).Select(line => line.Split(','))];
        Assert.Equal(
            [
                "update", "recon_error", "perplexity", "vq_loss", "learning_rate", "revived", "images_per_second",
                "seconds",
            ],
            rows[0]);
        Assert.Equal(["100", "130"], rows[1..].Select(row => row[0]));
        Assert.Equal(errors.Take(100).Average(), Number(rows[1][1]), 1e-9);
        Assert.Equal(errors.Skip(100).Average(), Number(rows[2][1]), 1e-9);
    }

    [Fact]
    public void Training_learns()
    {
        TrainingOptions options = SmallRun.Options with
        {
            Model = new VqVaeOptions
            {
                Hidden = 32,
                ResidualHidden = 8,
                Codes = 32,
                CodeDim = 8,
                Quantizer = new EmaVectorQuantizerOptions { AveragesStart = EmaStart.Codebook },
            },
            Budget = TrainingBudget.OfUpdates(250),
            Batch = 16,
        };
        using SmallTrainer trainer = SmallRun.Start(_folder["run"], options);
        Evaluation untrained = Evaluator.Evaluate(
            trainer.Model, SmallRun.Test, Split.Test, trainer.DataVariance,
            cancellation: TestContext.Current.CancellationToken);
        Evaluation trained = trainer.Run(cancellation: TestContext.Current.CancellationToken);
        Assert.True(
            trained.ReconError < 0.6 * untrained.ReconError,
            $"recon_error went from {untrained.ReconError} to {trained.ReconError}, not below 60%.");
        Assert.True(trained.CodesUsed > 1, "The codebook collapsed to one code.");
    }

    [Fact]
    public void A_batch_whose_tensors_would_be_too_large_is_refused()
    {
        // The first layer's output for an image of 64 x 64 has 32 x 32 x 32 = 2^15 numbers, times 2^16 images.
        TrainingOptions options = SmallRun.Options with
        {
            Model = SmallRun.Options.Model with { Hidden = 64 },
            Size = 64,
            Batch = 65536,
        };
        ImageSet images = SyntheticShapes.Load(Split.Train, size: 64, trainCount: 2, testCount: 1);
        TokenizerRun run = TokenizerRun.Create(_folder["run"], options);
        var e = Assert.Throws<InputException>(() => new TokenizerLearner(run, images, images));
        Assert.Contains("smaller batch", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_trainer_at_a_time_works_in_a_run_folder()
    {
        using (SmallTrainer first = SmallRun.Start(_folder["run"], SmallRun.Options))
        {
            InputException e = Assert.Throws<InputException>(() => SmallRun.Resume(_folder["run"]));
            Assert.Contains("another process", e.Message, StringComparison.Ordinal);
            first.Run(cancellation: TestContext.Current.CancellationToken);
        }
        Assert.False(File.Exists(_folder["run", ".lock"]));
        // The lock file of a killed process does not lock the folder.
        File.WriteAllBytes(_folder["run", ".lock"], []);
        using SmallTrainer next = SmallRun.Resume(_folder["run"]);
        Assert.Equal(24, next.Update);
    }

    [Fact]
    public void A_trainer_that_fails_to_start_releases_the_folder()
    {
        string weights = _folder["later.safetensors"];
        TokenizerRun run = TokenizerRun.Create(_folder["run"], SmallRun.Options with { Init = weights });
        Assert.Throws<InputException>(() => new SmallTrainer(run));
        ModelFile.Write(weights, new VqVae(SmallRun.Options.Model), dataVariance: null);
        using var next = new SmallTrainer(run);
    }

    [Fact]
    public void A_run_whose_folder_is_removed_stops_and_does_not_recreate_it()
    {
        using SmallTrainer trainer = SmallRun.Start(_folder["run"], SmallRun.Options with { EvalEvery = 1000 });
        var remove = new Reports(report =>
        {
            if (report.Update == 5) File.Delete(_folder["run", "config.json"]);
        });
        InputException e = Assert.Throws<InputException>(
            () => trainer.Run(remove, TestContext.Current.CancellationToken));
        Assert.Contains("moved or removed", e.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["run", "checkpoints"]));
    }

    [Fact]
    public void A_run_with_the_largest_number_of_updates_reports_the_remaining_time()
    {
        using var stop = new CancellationTokenSource();
        using SmallTrainer trainer = SmallRun.Start(
            _folder["run"], SmallRun.Options with { Budget = TrainingBudget.OfUpdates(long.MaxValue) });
        TimeSpan left = default;
        var progress = new Reports(report =>
        {
            left = report.Remaining;
            if (report.Update == 2) stop.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => trainer.Run(progress, stop.Token));
        Assert.True(left > TimeSpan.FromDays(365), $"{left} left of {long.MaxValue} updates.");
    }

    [Fact]
    public void After_the_first_updates_an_update_allocates_almost_nothing()
    {
        // Only this thread is measured, because it allocates all buffers.
        long at10 = 0, at90 = 0;
        using SmallTrainer trainer = SmallRun.Start(
            _folder["run"],
            SmallRun.Options with
            {
                Budget = TrainingBudget.OfUpdates(95),
                Batch = 32,
                CheckpointEvery = 1000,
                EvalEvery = 1000,
            });
        trainer.Run(new Reports(report =>
        {
            if (report.Update == 10) at10 = GC.GetAllocatedBytesForCurrentThread();
            if (report.Update == 90) at90 = GC.GetAllocatedBytesForCurrentThread();
        }), TestContext.Current.CancellationToken);
        long perUpdate = (at90 - at10) / 80;
        // The activations and gradients of an update take over 1.5 MB; only closures and small arrays may be allocated.
        Assert.True(perUpdate < 100_000, $"An update allocates {perUpdate} bytes.");
    }

    [Fact]
    public void A_run_starts_from_the_weights_of_another()
    {
        using (SmallTrainer first = SmallRun.Start(_folder["first"], SmallRun.Options))
        {
            first.Run(cancellation: TestContext.Current.CancellationToken);
        }
        using SmallTrainer second = SmallRun.Start(
            _folder["second"], SmallRun.Options with { Init = _folder["first"], Seed = 8 });
        TrainedModel trained = TrainedModel.Open(_folder["first"]);
        Assert.Equal(
            trained.Model.State().Select(entry => entry.Tensor.ToArray()),
            second.Model.State().Select(entry => entry.Tensor.ToArray()));
    }

    [Fact]
    public void An_average_starts_from_the_weights_that_the_run_starts_from()
    {
        using (SmallTrainer first = SmallRun.Start(_folder["first"], SmallRun.Options))
        {
            first.Run(cancellation: TestContext.Current.CancellationToken);
        }
        TrainingOptions still = SmallRun.Options with
        {
            Init = _folder["first"],
            Seed = 8,
            Budget = TrainingBudget.OfUpdates(1),
            LearningRate = 1e-12f,
            AverageDecay = 0.9,
        };
        using SmallTrainer second = SmallRun.Start(_folder["second"], still);
        second.Run(cancellation: TestContext.Current.CancellationToken);
        foreach (((string name, Tensor expected), (_, Tensor found)) in
            TrainedModel.Open(_folder["first"]).Model.Parameters().Zip(second.Model.Parameters()))
        {
            float furthest = expected.ToArray().Zip(found.ToArray(), (x, y) => Math.Abs(x - y)).Max();
            Assert.True(furthest < 1e-6f, $"{name} is {furthest} away from where the run started.");
        }
    }

    /// <summary>
    /// An update keeps the decay's share of a running size, 0.9; the first update of a ramp keeps only 2/11.
    /// </summary>
    [Fact]
    public void The_decay_ramp_does_not_apply_to_running_averages_loaded_with_Init()
    {
        using (SmallTrainer first = SmallRun.Start(_folder["first"], SmallRun.Options))
        {
            first.Run(cancellation: TestContext.Current.CancellationToken);
        }
        var quantizer = (EmaVectorQuantizerOptions)SmallRun.Options.Model.Quantizer;
        using SmallTrainer second = SmallRun.Start(_folder["second"], SmallRun.Options with
        {
            Model = SmallRun.Options.Model with
            {
                Quantizer = quantizer with { DecayRamp = true, KeepSmoothing = false },
            },
            Init = _folder["first"],
            Budget = TrainingBudget.OfUpdates(1),
        });
        float[] before = Sizes(second.Model);
        second.Run(cancellation: TestContext.Current.CancellationToken);
        Assert.All(Sizes(second.Model).Zip(before), size => Assert.True(
            size.First >= 0.89 * size.Second,
            $"the running size of a code fell from {size.Second} to {size.First} in one update"));

        static float[] Sizes(VqVae model) => ((EmaVectorQuantizer)model.Quantizer).ClusterSizes.ToArray();
    }

    [Fact]
    public void Resuming_a_finished_run_evaluates_it_again()
    {
        Evaluation first;
        using (SmallTrainer trainer = SmallRun.Start(_folder["run"], SmallRun.Options))
        {
            first = trainer.Run(cancellation: TestContext.Current.CancellationToken);
        }
        using SmallTrainer again = SmallRun.Resume(_folder["run"]);
        Assert.Equal(first, again.Run(cancellation: TestContext.Current.CancellationToken));
        Assert.Equal(3, File.ReadLines(_folder["run", "eval.csv"]).Count());
    }

    [Fact]
    public void Images_of_a_single_colour_and_images_that_do_not_fit_are_refused()
    {
        var grey = new ImageSet("grey", 16, 16, 3, [Image.Black(16, 16, 3).Pixels], [0], ["none"]);
        var odd = new ImageSet("odd", 14, 16, 3, [SyntheticShapes.Image(0, 16).Pixels[..(14 * 16 * 3)]], [0], ["none"]);
        AssertRefused(grey, "same single colour");
        AssertRefused(odd, "multiples of 4");
        AssertRefused(SmallRun.Train.ToChannels(1), "3 channels");
        AssertRefused(new ImageSet("none", 16, 16, 3, [], [], ["none"]), "no images");
    }

    private void AssertRefused(ImageSet images, string expected)
    {
        TokenizerRun run = TokenizerRun.Create(_folder[images.Name + images.Channels], SmallRun.Options);
        InputException e = Assert.Throws<InputException>(() => new TokenizerLearner(run, images, images));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    private static string[] MetricsWithoutClock(string run) =>
        [.. File.ReadLines(Path.Combine(run, "metrics.csv")).Select(line => string.Join(',', line.Split(',')[..4]))];

    private static string[] Names(string folder) =>
        [
            .. Directory.GetDirectories(folder).Select(path => Path.GetFileName(path))
                .OrderBy(name => name.Length).ThenBy(name => name),
        ];

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
