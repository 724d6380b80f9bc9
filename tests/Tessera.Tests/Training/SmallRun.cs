using Tessera.Data;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Runs;
using Tessera.Tensors.Devices;
using Tessera.Training;

namespace Tessera.Tests.Training;

/// <summary>A run of a model so small that hundreds of updates take a second.</summary>
internal static class SmallRun
{
    public static TrainingOptions Options { get; } = new()
    {
        Model = new VqVaeOptions
        {
            Hidden = 10,
            ResidualHidden = 3,
            ResidualLayers = 1,
            Codes = 20,
            CodeDim = 5,
            Quantizer = new EmaVectorQuantizerOptions { Decay = 0.9f },
        },
        Size = 16,
        Budget = TrainingBudget.OfUpdates(24),
        Batch = 6,
        LearningRate = 2e-3f,
        Seed = 7,
        Threads = 2,
        CheckpointEvery = 10,
        EvalEvery = 12,
    };

    /// <summary>A quantizer with every option that adds work to an update.</summary>
    public static QuantizerOptions WithAll(QuantizerOptions quantizer) => quantizer switch
    {
        RunningAverageOptions averages => averages with
        {
            Start = CodebookStart.KMeans,
            Gradient = GradientEstimator.Rotation,
            Revival = 0.5,
            Decay = 0.8,
            DecayRamp = true,
            Entropy = 0.1f,
        },
        CodebookOptions codebook => codebook with
        {
            Start = CodebookStart.KMeans,
            Gradient = GradientEstimator.Rotation,
            Entropy = 0.1f,
            Orthogonality = 0.1f,
        },
        _ => quantizer,
    };

    /// <summary>Running averages that levels can leave out: smoothing does not change them.</summary>
    public static QuantizerOptions WithoutKeptSmoothing(QuantizerOptions quantizer) =>
        quantizer is EmaVectorQuantizerOptions averages ? averages with { KeepSmoothing = false } : quantizer;

    /// <summary>A number of codes that a quantizer can have: those without a codebook not every one.</summary>
    public static int CodesFor(QuantizerOptions quantizer) =>
        quantizer is CodebookOptions ? Options.Model.Codes : 16;

    /// <summary>64 images, so that some batches of 6 span two epochs.</summary>
    public static ImageSet Train { get; } = SyntheticShapes.Load(Split.Train, size: 16, trainCount: 64, testCount: 1);

    public static ImageSet Test { get; } = SyntheticShapes.Load(Split.Test, size: 16, trainCount: 1, testCount: 9);

    public static SmallTrainer Start(string path, TrainingOptions options, Device? device = null) =>
        new(TokenizerRun.Create(path, options), device);

    public static SmallTrainer Resume(string path) => new(TokenizerRun.Open(path));

    /// <summary>The bytes of the files of a run that do not depend on the clock, by name.</summary>
    public static Dictionary<string, string> Files(string path, long update) => new[]
        {
            "model.safetensors", "eval.csv", "series.csv", $"checkpoints/{update}/model.safetensors",
            $"checkpoints/{update}/optimizer.safetensors", $"checkpoints/{update}/state.json",
        }
        .ToDictionary(name => name, name => Convert.ToBase64String(File.ReadAllBytes(Path.Combine(path, name))));
}

/// <summary>A learner on the images of <see cref="SmallRun"/> and its trainer.</summary>
internal sealed class SmallTrainer : IDisposable
{
    private readonly TokenizerLearner _learner;
    private readonly Trainer _trainer;

    public SmallTrainer(TokenizerRun run, Device? device = null)
    {
        // What is counted on a device is an update: without snapshots, which are seldom.
        _learner = new TokenizerLearner(run, SmallRun.Train, SmallRun.Test, device) { TakesSnapshots = device is null };
        try
        {
            _trainer = new Trainer(_learner);
        }
        catch
        {
            _learner.Dispose();
            throw;
        }
    }

    public VqVae Model => _learner.Model;

    public double DataVariance => _learner.DataVariance;

    public long Update => _trainer.Update;

    public bool IsFinished => _trainer.IsFinished;

    /// <summary>Trains until the budget is spent, and returns the last evaluation.</summary>
    public Evaluation Run(IProgress<RunProgress>? progress = null, CancellationToken cancellation = default)
    {
        _trainer.Run(progress, cancellation);
        return _learner.Evaluation!;
    }

    public void Dispose()
    {
        _trainer.Dispose();
        _learner.Dispose();
    }
}

/// <summary>Calls the action on the reporting thread, unlike <see cref="Progress{T}"/>.</summary>
internal sealed class Reports(Action<RunProgress> report) : IProgress<RunProgress>
{
    /// <summary>Calls the action with the reports of updates alone, not of evaluations and checkpoints.</summary>
    public static Reports OfUpdates(Action<RunProgress> report) => new(progress =>
    {
        if (progress.Evaluation is null && progress.Checkpoint is null) report(progress);
    });

    public void Report(RunProgress value) => report(value);
}
