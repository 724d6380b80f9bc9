using Tessera.Tensors;
using Tessera.Tensors.Distributed;

namespace Tessera.Mpi.Tests;

/// <summary>What a collective does, on threads.</summary>
public class CollectiveTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_sum_is_added_in_the_order_of_the_ranks(int size)
    {
        foreach (int length in (int[])[1, 2, 1000, 10_007])
        {
            float[] Values(int rank) =>
                [.. Enumerable.Range(0, length).Select(i => MathF.Sin(i + 1) * MathF.Pow(10, (i + rank) % 7))];
            float[][] sums = ThreadRanks.Run(
                size, ranks =>
                {
                    float[] values = Values(ranks.Rank);
                    ranks.Sum<float>(values);
                    return values;
                }, isUneven: true);
            float[] expected = Values(0);
            for (int rank = 1; rank < size; rank++)
                expected = [.. expected.Zip(Values(rank), (sum, value) => sum + value)];
            Assert.All(sums, sum => Assert.Equal(expected, sum));
        }
    }

    /// <summary>Those of several pieces too, begun in the step or at its end, and of a length that P does not divide.
    /// </summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Gradients_are_summed_in_pieces_in_the_order_of_the_ranks(int size)
    {
        const int Count = 7, Steps = 3;
        float[] Values(int rank, int i, int step) =>
            [.. Enumerable.Range(0, 100 * i + 1).Select(j => MathF.Sin(step + j + 1) * MathF.Pow(10, (j + rank) % 7))];
        float[][][] results = ThreadRanks.Run(
            size, ranks =>
            {
                var share = new BatchShare(ranks, whole: size) { PieceBytes = 1000 };
                Tensor[] weights =
                    [.. Enumerable.Range(0, Count).Select(i => Tensor.Zeros([100 * i + 1]).AsParameter())];
                for (int step = 0; step < Steps; step++)
                {
                    for (int i = Count - 1; i >= 0; i--)
                    {
                        weights[i].ClearGradient();
                        weights[i].AddGradient(Tensor.From(Values(ranks.Rank, i, step), weights[i].Shape));
                        share.SumFinal(i > 1 ? [weights[i]] : []);
                    }
                    share.SumAll(weights.Select(weight => weight.Gradient!));
                }
                return weights.Select(weight => weight.Gradient!.ToArray()).ToArray();
            }, isUneven: true);
        for (int i = 0; i < Count; i++)
        {
            float[] expected = Values(0, i, Steps - 1);
            for (int rank = 1; rank < size; rank++)
                expected = [.. expected.Zip(Values(rank, i, Steps - 1), (sum, value) => sum + value)];
            Assert.All(results, gradients => Assert.Equal(expected, gradients[i]));
        }
    }

    [Fact]
    public void A_step_that_is_not_ended_is_told_of_and_can_be_abandoned()
    {
        float[][] sums = ThreadRanks.Run(
            2, ranks =>
            {
                var share = new BatchShare(ranks, whole: 2) { PieceBytes = 8 };
                Tensor weight = Tensor.Zeros([4]).AsParameter();
                weight.AddGradient(Tensor.From([1, 2, 3, 4], [4]));
                share.SumLater(() => Assert.Fail("what belongs to an abandoned step was done"), Tensor.Zeros([1]));
                share.SumFinal([weight]);
                var error = Assert.Throws<InvalidOperationException>(() => share.SumFinal([weight]));
                Assert.Contains("ends with SumAll or Abandon", error.Message, StringComparison.Ordinal);
                share.Abandon();
                weight.ClearGradient();
                weight.AddGradient(Tensor.From([5, 6, 7, 8], [4]));
                share.SumFinal([weight]);
                share.SumAll([weight.Gradient!]);
                return weight.Gradient!.ToArray();
            }, isUneven: true);
        Assert.All(sums, sum => Assert.Equal([10, 12, 14, 16], sum));
    }

    /// <summary>64 MiB are the most that a message brings.</summary>
    [Fact]
    public void What_is_too_much_for_a_message_is_gathered_in_rounds()
    {
        int[] counts = [12 << 20, 5, 0];
        int[][] all = ThreadRanks.Run(3, ranks =>
        {
            int[] own = [.. Enumerable.Range(0, counts[ranks.Rank]).Select(i => ranks.Rank * 1_000_000_000 + i)];
            int[] gathered = new int[counts.Sum()];
            ranks.Gather(own, gathered, counts);
            return gathered;
        });
        int[] expected = [.. Enumerable.Range(0, counts[0]), .. Enumerable.Range(1_000_000_000, 5)];
        Assert.All(all, gathered => Assert.True(gathered.AsSpan().SequenceEqual(expected), "the values differ"));
    }

    [Fact]
    public void Shares_are_even_and_cover_everything()
    {
        foreach (int whole in (int[])[0, 1, 7, 8, 9])
        {
            (int First, int Count)[] shares = ThreadRanks.Run(4, ranks => ranks.ShareOf(whole, ranks.Rank));
            Assert.Equal(whole, shares.Sum(share => share.Count));
            Assert.True(shares.Max(share => share.Count) - shares.Min(share => share.Count) <= 1, $"{whole} is uneven");
            Assert.Equal(0, shares[0].First);
            for (int rank = 1; rank < 4; rank++)
                Assert.Equal(shares[rank - 1].First + shares[rank - 1].Count, shares[rank].First);
        }
    }

    /// <summary>Seven images over three ranks: 3, 2 and 2.</summary>
    [Fact]
    public void A_share_of_a_batch_sums_what_waits_and_gathers_rows_in_the_order_of_the_batch()
    {
        float[] batch = [.. Enumerable.Range(0, 14).Select(i => (float)i)];
        (float[] Rows, float Weight, float Count)[] results = ThreadRanks.Run(3, ranks =>
        {
            var share = new BatchShare(ranks, whole: 7);
            float[] part = batch[(2 * share.First)..(2 * (share.First + share.Count))];
            using Tensor own = Tensor.From(part, [share.Count, 2]), weight = Tensor.From([share.Weight], [1]);
            using Tensor count = Tensor.From([share.Count], [1]);
            float told = 0;
            share.SumLater(() => told = count.ToArray()[0], count);
            share.SumAll([weight]);
            using Tensor rows = share.GatherRows(own);
            return (rows.ToArray(), weight.ToArray()[0], told);
        });
        Assert.All(results, result => Assert.Equal(batch, result.Rows));
        Assert.All(results, result => Assert.Equal(1, result.Weight, 1e-6f));
        Assert.All(results, result => Assert.Equal(7, result.Count));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchShare(Collective.Lone, whole: 0));
    }

    [Fact]
    public void Texts_and_values_are_gathered_and_broadcast()
    {
        string[] texts = ThreadRanks.Run(3, ranks => string.Join('|', ranks.Gather(new string('ä', ranks.Rank))));
        Assert.All(texts, text => Assert.Equal("|ä|ää", text));
        double[][] values = ThreadRanks.Run(3, ranks =>
        {
            double[] own = [ranks.Rank, ranks.Rank + 0.5];
            ranks.Broadcast<double>(own);
            return own;
        });
        Assert.All(values, value => Assert.Equal([0, 0.5], value));
        int[][] all = ThreadRanks.Run(3, ranks =>
        {
            int[] gathered = new int[3];
            ranks.Gather(Enumerable.Repeat(ranks.Rank, ranks.Rank).ToArray(), gathered, [0, 1, 2]);
            return gathered;
        });
        Assert.All(all, gathered => Assert.Equal([1, 2, 2], gathered));
    }

    [Fact]
    public void Any_is_told_to_all()
    {
        Assert.All(ThreadRanks.Run(3, ranks => ranks.Any(ranks.Rank == 2)), Assert.True);
        Assert.All(ThreadRanks.Run(3, ranks => ranks.Any(false)), Assert.False);
    }

    /// <summary>Each rank sends 2 (P - 1) / P times the bytes of a large sum, in two messages.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void What_is_sent_is_counted(int size)
    {
        const int Length = 100_000;
        CollectiveTraffic[] traffic = ThreadRanks.Run(size, ranks =>
        {
            using Tensor many = Tensor.Zeros([Length]);
            new BatchShare(ranks, whole: size).Sum(many);
            return ranks.Traffic;
        });
        Assert.All(traffic, one => Assert.Equal((2, 2 * (size - 1) * Length * 4 / size), (one.Messages, one.Bytes)));
        Assert.All(traffic, one => Assert.True(one.Time > TimeSpan.Zero, "no time was counted"));
    }

    [Fact]
    public void A_lone_process_sends_nothing()
    {
        Collective lone = Collective.Lone;
        float[] values = [1, 2];
        lone.Sum<float>(values);
        lone.Broadcast<float>(values);
        lone.Wait();
        Assert.Equal([1f, 2f], values);
        Assert.Equal((0, 1), (lone.Rank, lone.Size));
        Assert.Equal(default, lone.Traffic);
        Assert.Equal(["text"], lone.Gather("text"));
        Assert.True(lone.Any(true));
    }

    [Fact]
    public void Counts_that_do_not_fit_are_refused() =>
        Assert.Throws<ArgumentException>(() => Collective.Lone.Gather<int>([1, 2], new int[2], [1]));

    [Theory]
    [InlineData("OMPI_COMM_WORLD_SIZE", "4", true)]
    [InlineData("OMPI_COMM_WORLD_SIZE", "1", false)]
    [InlineData("PMI_SIZE", "2", true)]
    [InlineData("PMI_SIZE", "x", false)]
    [InlineData("PMIX_RANK", "0", true)]
    [InlineData("SLURM_STEP_NUM_TASKS", "4", false)]
    [InlineData("PATH", "/usr/bin", false)]
    public void The_environment_tells_whether_there_are_others(string variable, string value, bool isUnder) =>
        Assert.Equal(isUnder, MpiCollective.IsUnder(name => name == variable ? value : null));

    [Theory]
    [InlineData("1", false)]
    [InlineData("4", true)]
    public void A_shell_of_srun_is_alone(string tasks, bool isUnder) =>
        Assert.Equal(isUnder, MpiCollective.IsUnder(
            name => name switch { "PMIX_RANK" => "0", "SLURM_STEP_NUM_TASKS" => tasks, _ => null }));
}
