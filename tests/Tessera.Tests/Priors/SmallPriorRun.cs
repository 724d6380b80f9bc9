using Tessera.Data;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Runs;
using Tessera.Tensors.Devices;
using Tessera.Tests.Samples;
using Tessera.Tests.Training;

namespace Tessera.Tests.Priors;

/// <summary>A run of a prior so small that dozens of updates take a fraction of a second.</summary>
internal static class SmallPriorRun
{
    public const int PixelsPerCode = 4;

    static SmallPriorRun()
    {
        using VqVae model = StartedModel.Create(
            StartedModel.Options with { Codes = 16 }, SmallRun.Train.First(10));
        Train = CodeSet.Encode(model, SmallRun.Train, flips: true);
        Test = CodeSet.Encode(model, SmallRun.Test, flips: false);
    }

    /// <summary>The codes of 64 images of shapes, 4 x 4 each, and of their mirror images.</summary>
    public static CodeSet Train { get; }

    /// <summary>The codes of 9 other images.</summary>
    public static CodeSet Test { get; }

    public static PriorOptions Options { get; } = new()
    {
        Model = new CodePriorOptions
        {
            Codes = 16,
            Rows = 4,
            Columns = 4,
            Classes = [.. SyntheticShapes.ClassNames],
            Width = 16,
            Layers = 1,
            Heads = 2,
        },
        TokenizerHash = new string('a', 64),
        Data = SyntheticShapes.Name,
        Size = 16,
        Budget = TrainingBudget.OfUpdates(24),
        Batch = 6,
        LearningRate = 3e-3f,
        Seed = 7,
        Threads = 2,
        ClipNorm = 1,
        WeightDecay = 0.01f,
        CheckpointEvery = 10,
        EvalEvery = 12,
    };

    public static PriorLearner Learner(PriorRun run, Device? device = null) =>
        new(run, Train, Test, PixelsPerCode, device);

    /// <summary>Trains a new run, or the rest of an existing one, and returns its last evaluation.</summary>
    public static PriorEvaluation Finish(
        PriorRun run, IProgress<RunProgress>? progress = null, CancellationToken? cancellation = null,
        Device? device = null)
    {
        using PriorLearner learner = Learner(run, device);
        using var trainer = new Trainer(learner);
        trainer.Run(progress, cancellation ?? TestContext.Current.CancellationToken);
        return learner.Evaluation!;
    }

    /// <summary>The bytes of the files of a run that do not depend on the clock, by name.</summary>
    public static Dictionary<string, string> Files(string path, long update)
    {
        Dictionary<string, string> files = SmallRun.Files(path, update);
        files.Add("cells.csv", File.ReadAllText(Path.Combine(path, "cells.csv")));
        return files;
    }
}
