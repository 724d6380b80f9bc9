using Tessera.Data;
using Tessera.Tensors.Random;

namespace Tessera.Tests.Data;

public class BatchSamplerTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 5)]
    [InlineData(7, 3)]
    [InlineData(8, 4)]
    [InlineData(10, 25)]
    [InlineData(100, 33)]
    public void Every_epoch_draws_every_image_once(int count, int batch)
    {
        const int epochs = 4;
        int[] drawn = Draw(new BatchSampler(count, seed: 5), batch, updates: epochs * count / batch + 1);
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            int[] sorted = drawn[(epoch * count)..((epoch + 1) * count)];
            Array.Sort(sorted);
            Assert.Equal(Enumerable.Range(0, count), sorted);
        }
    }

    [Fact]
    public void An_epoch_is_the_permutation_of_its_stream()
    {
        int[] drawn = Draw(new BatchSampler(20, seed: 3), batch: 20, updates: 2);
        Assert.Equal(new CounterRandom(3, RandomStreams.Epochs).Permutation(20), drawn[..20]);
        Assert.Equal(new CounterRandom(3, RandomStreams.Epochs + 1).Permutation(20), drawn[20..]);
        Assert.NotEqual(drawn[..20], drawn[20..]);
    }

    [Fact]
    public void A_batch_depends_on_the_update_alone()
    {
        int[] expected = Draw(new BatchSampler(50, seed: 9), batch: 16, updates: 30);
        var sampler = new BatchSampler(50, seed: 9);
        int[] batch = new int[16];
        foreach (int update in (int[])[29, 3, 4, 4, 0, 17, 3])
        {
            sampler.Fill(update, batch);
            Assert.Equal(expected[(update * 16)..((update + 1) * 16)], batch);
        }
    }

    [Fact]
    public void Seeds_give_different_orders() =>
        Assert.NotEqual(Draw(new BatchSampler(50, 1), 50, 1), Draw(new BatchSampler(50, 2), 50, 1));

    [Fact]
    public void Updates_far_ahead_work()
    {
        int[] batch = new int[4];
        new BatchSampler(3, 1).Fill(1L << 60, batch);
        Assert.All(batch, index => Assert.InRange(index, 0, 2));
    }

    [Fact]
    public void Invalid_arguments_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchSampler(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchSampler(3, 1).Fill(-1, new int[2]));
    }

    private static int[] Draw(BatchSampler sampler, int batch, int updates)
    {
        int[] drawn = new int[batch * updates];
        for (int update = 0; update < updates; update++) sampler.Fill(update, drawn.AsSpan(update * batch, batch));
        return drawn;
    }
}
