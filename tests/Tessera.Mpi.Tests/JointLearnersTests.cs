using System.Globalization;
using Tessera.Data;
using Tessera.Features;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Runs;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Distributed;
using Tessera.Tensors.Random;

namespace Tessera.Mpi.Tests;

/// <summary>The prior and the classifier, trained by several processes.</summary>
public sealed class JointLearnersTests : IDisposable
{
    private const int Updates = 8;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Ranks_encode_a_part_of_the_images_each_and_all_get_all_codes(int size)
    {
        CodeSet Encode(Collective? ranks, ImageSet images, bool stops = false)
        {
            using var device = new CpuDevice(threads: 1);
            using var model = new VqVae(SmallRun.Options.Model, seed: 3, device);
            return CodeSet.Encode(
                model, images, flips: true, ranks: ranks, cancellation: new CancellationToken(canceled: stops));
        }
        CodeSet one = Encode(null, SmallRun.Train);
        Assert.All(
            ThreadRanks.Run(size, ranks => Encode(ranks, SmallRun.Train)),
            set => Assert.Equal([one.Codes, one.Mirrored], (int[]?[])[set.Codes, set.Mirrored]));
        AggregateException error = Assert.Throws<AggregateException>(() => ThreadRanks.Run(
            size, ranks => Encode(ranks, ranks.Rank == 1 ? SmallRun.Test : SmallRun.Train)));
        Assert.Contains("rank 1 differs from rank 0 in its images", error.Message, StringComparison.Ordinal);
        // None waits for the one that was stopped.
        Assert.All(
            ThreadRanks.Run(size, ranks => Record.Exception(
                () => Encode(ranks, SmallRun.Train, stops: ranks.Rank == 1))),
            stopped => Assert.IsType<OperationCanceledException>(stopped));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_prior_with_dropout_has_the_losses_of_one_process(int size)
    {
        PriorOptions options = new()
        {
            Model = new CodePriorOptions
            {
                Codes = 16,
                Rows = 3,
                Columns = 3,
                Classes = ["a", "b"],
                Width = 8,
                Layers = 1,
                Heads = 2,
                Dropout = 0.2f,
            },
            TokenizerHash = new string('a', 64),
            Data = SyntheticShapes.Name,
            Size = 12,
            Budget = TrainingBudget.OfUpdates(Updates),
            Batch = 6,
            LearningRate = 3e-3f,
            Seed = 7,
            ClipNorm = 1,
            EvalEvery = Updates,
        };
        CodeSet train = Codes("train", 40), test = Codes("test", 9);
        AssertSame(size, (name, ranks) =>
        {
            PriorRun run = ranks.Rank == 0
                ? PriorRun.Create(_folder[name], options)
                : PriorRun.Join(_folder[name], options);
            using var device = new CpuDevice(threads: 1);
            using var learner = new PriorLearner(run, train, test, pixelsPerCode: 4, device, ranks);
            if (learner.Share is { } share) share.PieceBytes = 1000;
            using var trainer = new Trainer(learner);
            trainer.Run();
            return JointRun.BytesOf(learner);
        });
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_classifier_has_the_losses_of_one_process(int size)
    {
        ClassifierOptions options = new()
        {
            Model = new ClassifierSizes { Width = 8, Convolutions = 1, Classes = [.. SmallRun.Train.ClassNames] },
            Data = SyntheticShapes.Name,
            Size = 16,
            Budget = TrainingBudget.OfUpdates(Updates),
            Batch = 7,
            LearningRate = 3e-3f,
            Seed = 7,
            EvalEvery = Updates,
        };
        AssertSame(size, (name, ranks) =>
        {
            ClassifierRun run = ranks.Rank == 0
                ? ClassifierRun.Create(_folder[name], options)
                : ClassifierRun.Join(_folder[name], options);
            using var device = new CpuDevice(threads: 1);
            using var learner = new ClassifierLearner(run, SmallRun.Train, SmallRun.Test, device, ranks);
            if (learner.Share is { } share) share.PieceBytes = 1000;
            using var trainer = new Trainer(learner);
            trainer.Run();
            return JointRun.BytesOf(learner);
        });
    }

    private void AssertSame(int size, Func<string, ThreadRanks, string> train)
    {
        ThreadRanks.Run(1, ranks => train("one", ranks));
        string[] weights = ThreadRanks.Run(size, ranks => train("all", ranks));
        Assert.All(weights, other => Assert.Equal(weights[0], other));
        (double[] one, double[] all) = (Numbers("one", "series.csv"), Numbers("all", "series.csv"));
        Assert.Equal(2 * Updates, all.Length);
        for (int i = 0; i < one.Length; i++)
            Assert.True(
                Math.Abs(one[i] - all[i]) <= 1e-4 * one[i],
                $"update {one[i / 2 * 2]} lost {all[i]}, in one process {one[i]}");
        foreach ((double expected, double actual) in Numbers("one", "eval.csv").Zip(Numbers("all", "eval.csv")))
            Assert.Equal(expected, actual, 1e-4 * expected);
    }

    private double[] Numbers(string run, string file) =>
    [
        .. File.ReadLines(_folder[run, file]).Skip(1).SelectMany(line => line.Split(','))
            .Select(field => double.Parse(field, CultureInfo.InvariantCulture)),
    ];

    private static CodeSet Codes(string name, int images)
    {
        var random = new CounterRandom(seed: 5, stream: (ulong)images);
        int[] codes = [.. Enumerable.Range(0, images * 9).Select(i => random.Below((ulong)i, 16))];
        int[] labels = [.. Enumerable.Range(0, images).Select(i => i % 2)];
        return new CodeSet(name, codes, 9, labels, [.. codes.Reverse()]);
    }
}
