using Tessera.Data;
using Tessera.Runs;
using Tessera.Tensors;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Training;

namespace Tessera.Mpi.Tests;

/// <summary>Ranks start from the same, stay the same, and stop together.</summary>
public sealed class AgreementTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Ranks_with_other_images_are_told_apart()
    {
        ImageSet other = SyntheticShapes.Load(Split.Train, size: 16, trainCount: 63, testCount: 1);
        string message = Failure(3, (ranks, run) => Train(ranks, run, ranks.Rank == 1 ? other : SmallRun.Train));
        Assert.Contains("rank 1 differs from rank 0 in its training images: 63 of", message, StringComparison.Ordinal);
        Assert.EndsWith("start all processes with the same", message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_ranks_that_differ_are_named()
    {
        string message = Failure(4, (ranks, run) => Train(
            ranks, ranks.Rank < 2 ? run : TokenizerRun.Join(run.Path, run.Options with { LearningRate = 0.5f }),
            SmallRun.Train));
        Assert.Contains("ranks 2, 3 differ from rank 0 in its options", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rank_whose_weights_drift_is_named_at_the_next_checkpoint()
    {
        string message = Failure(3, (ranks, run) => Train(ranks, run, SmallRun.Train, (learner, update) =>
        {
            if (ranks.Rank != 2 || update != 5) return;
            Tensor weights = learner.Model.Parameters().First().Tensor;
            float[] values = weights.ToArray();
            values[0] += 1e-3f;
            weights.CopyFrom(values);
        }));
        Assert.Contains("the weights of rank 2 are no longer those of rank 0", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stop_of_one_rank_stops_all_after_the_same_update_and_any_number_goes_on()
    {
        TokenizerRun run = TokenizerRun.Create(_folder["run"], SmallRun.Options);
        long[] updates = ThreadRanks.Run(3, ranks =>
        {
            using var stop = new CancellationTokenSource();
            using var device = new CpuDevice(threads: 1);
            using var learner = new TokenizerLearner(run, SmallRun.Train, SmallRun.Test, device, ranks);
            using var trainer = new Trainer(learner);
            var progress = new Reports(report =>
            {
                if (ranks.Rank == 1 && report.Update == 7) stop.Cancel();
            });
            Assert.Throws<OperationCanceledException>(() => trainer.Run(progress, stop.Token));
            return trainer.Update;
        });
        Assert.Equal([7, 7, 7], updates);
        Assert.Equal(7, run.LatestCheckpoint()!.Update);
        JointRun rest = JointRun.Continue(run, 4);
        Assert.All(rest.Weights, weights => Assert.Equal(rest.Weights[0], weights));
        Assert.Equal(24, rest.Series.Length);
    }

    [Fact]
    public void A_run_of_minutes_ends_on_all_ranks_at_once()
    {
        TrainingOptions options = SmallRun.Options with { Budget = TrainingBudget.OfMinutes(0.01) };
        JointRun run = JointRun.Train(options, 3, isUneven: true);
        Assert.All(run.Weights, weights => Assert.Equal(run.Weights[0], weights));
    }

    [Fact]
    public void A_batch_smaller_than_the_ranks_is_refused()
    {
        string message = Failure(
            3, (ranks, run) => Train(ranks, run, SmallRun.Train), SmallRun.Options with { Batch = 2 });
        Assert.Equal("Batch must be at least 3, an image for each process, not 2", message);
    }

    private string Failure(int size, Action<ThreadRanks, TokenizerRun> train, TrainingOptions? options = null)
    {
        TokenizerRun run = TokenizerRun.Create(_folder["run"], options ?? SmallRun.Options);
        AggregateException error = Assert.Throws<AggregateException>(() => ThreadRanks.Run(size, ranks =>
        {
            train(ranks, run);
            return true;
        }));
        return Assert.IsType<InputException>(error.InnerException).Message;
    }

    private static void Train(
        ThreadRanks ranks, TokenizerRun run, ImageSet images, Action<TokenizerLearner, long>? afterUpdate = null)
    {
        using var device = new CpuDevice(threads: 1);
        using var learner = new TokenizerLearner(run, images, SmallRun.Test, device, ranks);
        using var trainer = new Trainer(learner);
        trainer.Run(Reports.OfUpdates(report => afterUpdate?.Invoke(learner, report.Update)));
    }
}
