using Tessera.Data;
using Tessera.Models;
using Tessera.Quantization;
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

    /// <summary>64 images, so that some batches of 6 span two epochs.</summary>
    public static ImageSet Train { get; } = SyntheticShapes.Load(Split.Train, size: 16, trainCount: 64, testCount: 1);

    public static ImageSet Test { get; } = SyntheticShapes.Load(Split.Test, size: 16, trainCount: 1, testCount: 9);

    public static Trainer Start(string path, TrainingOptions options) =>
        new(RunFolder.Create(path, options), Train, Test);

    public static Trainer Resume(string path) => new(RunFolder.Open(path), Train, Test);

    /// <summary>The bytes of the files of a run that do not depend on the clock, by name.</summary>
    public static Dictionary<string, string> Files(string path, long update) => new[]
        {
            "model.safetensors", "eval.csv", "series.csv", $"checkpoints/{update}/model.safetensors",
            $"checkpoints/{update}/optimizer.safetensors", $"checkpoints/{update}/state.json",
        }
        .ToDictionary(name => name, name => Convert.ToBase64String(File.ReadAllBytes(Path.Combine(path, name))));
}

/// <summary>Calls the action on the reporting thread, unlike <see cref="Progress{T}"/>.</summary>
internal sealed class Reports(Action<TrainingProgress> report) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value) => report(value);
}
