using System.Globalization;
using Tessera.Runs;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Training;

namespace Tessera.Mpi.Tests;

/// <summary>A small run that several ranks train together, as threads.</summary>
/// <param name="Weights">The model's state on each rank, as bytes.</param>
/// <param name="Series">The recon_error and the perplexity of every update.</param>
/// <param name="Evaluations">The last evaluation on each rank.</param>
/// <param name="FirstEvaluation">The numbers of the first evaluation.</param>
/// <param name="Revived">The codes that were revived.</param>
internal sealed record JointRun(
    string[] Weights, float[][] Series, Evaluation[] Evaluations, float[] FirstEvaluation, double Revived)
{
    private const int PieceBytes = 1000;

    /// <summary>Trains a new run.</summary>
    public static JointRun Train(TrainingOptions options, int size, bool isUneven = false)
    {
        using var folder = new TemporaryFolder();
        return Continue(TokenizerRun.Create(folder["run"], options), size, isUneven);
    }

    /// <summary>Trains the rest of a run.</summary>
    public static JointRun Continue(TokenizerRun run, int size, bool isUneven = false)
    {
        (string Weights, Evaluation Evaluation)[] results = ThreadRanks.Run(
            size, ranks =>
            {
                using var device = new CpuDevice(threads: 1);
                using var learner = new TokenizerLearner(run, SmallRun.Train, SmallRun.Test, device, ranks);
                // Of a small model too some gradients are sent while others are computed.
                if (learner.Share is { } share) share.PieceBytes = PieceBytes;
                using var trainer = new Trainer(learner);
                trainer.Run();
                return (BytesOf(learner), learner.Evaluation!);
            }, isUneven);
        return new JointRun(
            [.. results.Select(result => result.Weights)], [.. Numbers(run.SeriesPath, skip: 1)],
            [.. results.Select(result => result.Evaluation)], Numbers(run.EvalPath, skip: 2).First(), ReadRevived(run));
    }

    /// <summary>The model's state as text.</summary>
    public static string BytesOf(Learner learner) => string.Join(
        '\n', learner.Model.State().Select(entry => $"{entry.Name} {Convert.ToHexString(
            System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(entry.Tensor.ToArray()))}"));

    /// <summary>The numbers of each row after the first columns.</summary>
    private static IEnumerable<float[]> Numbers(string path, int skip) =>
        File.ReadLines(path).Skip(1).Select(line => line.Split(',').Skip(skip)
            .Select(field => float.Parse(field, CultureInfo.InvariantCulture)).ToArray());

    private static double ReadRevived(TokenizerRun run)
    {
        string[][] rows = [.. File.ReadLines(run.MetricsPath).Select(line => line.Split(','))];
        int column = Array.IndexOf(rows[0], "revived");
        return rows.Skip(1).Sum(row => double.Parse(row[column], CultureInfo.InvariantCulture));
    }
}
