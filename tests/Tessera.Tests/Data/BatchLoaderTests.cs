using Tessera.Data;

namespace Tessera.Tests.Data;

public class BatchLoaderTests
{
    private const ulong Seed = 5;

    private static readonly ImageSet Images = SyntheticShapes.Load(Split.Train, size: 8, trainCount: 10, testCount: 1);

    /// <summary>Batch sizes that divide an epoch, span two epochs, and exceed the set.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(4)]
    [InlineData(10)]
    [InlineData(23)]
    public void Batches_equal_a_direct_conversion(int batch)
    {
        using var loader = new BatchLoader(Images, batch, Seed);
        for (long update = 0; update < 30; update++) AssertBatch(loader, update, batch);
    }

    [Fact]
    public void A_batch_depends_on_the_update_alone()
    {
        using var loader = new BatchLoader(Images, batch: 4, Seed);
        foreach (long update in (long[])[17, 18, 3, 3, 0, 1, 29]) AssertBatch(loader, update, 4);
    }

    /// <summary>About half of the images are mirrored, each by its own draw, and equally for the same seed.</summary>
    [Fact]
    public void Flips_mirror_about_half_of_the_images_left_to_right()
    {
        const int Batch = 4, Updates = 50;
        using var plain = new BatchLoader(Images, Batch, Seed);
        using var flipped = new BatchLoader(Images, Batch, Seed, flips: true);
        using var again = new BatchLoader(Images, Batch, Seed, flips: true);
        int size = Images.Width, channels = Images.Channels, mirrored = 0;
        for (long update = 0; update < Updates; update++)
        {
            float[][] straight = [.. plain.Load(update).ToArray().Chunk(size * size * channels)];
            float[] loaded = flipped.Load(update).ToArray();
            Assert.Equal(loaded, again.Load(update).ToArray());
            foreach ((float[] expected, float[] actual) in straight.Zip(loaded.Chunk(size * size * channels)))
            {
                float[] mirror =
                [
                    .. expected.Chunk(size * channels)
                        .SelectMany(row => row.Chunk(channels).Reverse().SelectMany(pixel => pixel)),
                ];
                bool isMirrored = mirror.SequenceEqual(actual);
                Assert.True(
                    isMirrored || expected.SequenceEqual(actual),
                    $"update {update}: an image is neither itself nor its mirror image");
                if (isMirrored) mirrored++;
            }
        }
        Assert.InRange(mirrored, Batch * Updates * 0.35, Batch * Updates * 0.65);
    }

    [Fact]
    public void Which_images_are_flipped_depends_on_the_seed_and_the_position_alone()
    {
        using var wide = new BatchLoader(Images, batch: 6, Seed, flips: true);
        // Copies: a batch is valid until the next call, and a collection expression evaluates all its parts before it
        // copies.
        float[] expected = [.. wide.Load(0).ToArray(), .. wide.Load(1).ToArray()];
        using var narrow = new BatchLoader(Images, batch: 3, Seed, flips: true);
        float[][] found = [.. new long[] { 3, 1, 0, 2 }.Select(update => narrow.Load(update).ToArray())];
        Assert.Equal(expected, (float[])[.. found[2], .. found[1], .. found[3], .. found[0]]);
    }

    [Fact]
    public void The_loader_can_be_disposed_at_any_time()
    {
        new BatchLoader(Images, batch: 4, Seed).Dispose();
        for (int round = 0; round < 100; round++)
        {
            var loader = new BatchLoader(Images, batch: 4, Seed);
            loader.Load(0);
            loader.Dispose();
            loader.Dispose();
            Assert.Throws<ObjectDisposedException>(() => Discard(loader, 1));
        }
    }

    /// <summary>
    /// Update 2^61 with 4 images begins at position 2^63; the overflow occurs while the batch before it is used.
    /// </summary>
    [Fact]
    public void A_background_failure_is_thrown_when_its_batch_is_loaded()
    {
        const long last = (1L << 61) - 1;
        using var loader = new BatchLoader(Images, batch: 4, Seed);
        AssertBatch(loader, last, 4);
        Assert.Throws<OverflowException>(() => Discard(loader, last + 1));
        Assert.Throws<OverflowException>(() => Discard(loader, last + 1));
        AssertBatch(loader, 7, 4);

        loader.Load(last);
        AssertBatch(loader, 8, 4);
        loader.Load(last);
    }

    [Fact]
    public void Invalid_arguments_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchLoader(Images, batch: 0, Seed));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new BatchLoader(new ImageSet("none", 8, 8, 3, [], [], ["none"]), batch: 4, Seed));
        using var loader = new BatchLoader(Images, batch: 4, Seed);
        Assert.Throws<ArgumentOutOfRangeException>(() => Discard(loader, -1));
    }

    private static void AssertBatch(BatchLoader loader, long update, int batch)
    {
        int[] indices = new int[batch];
        new BatchSampler(Images.Count, Seed).Fill(update, indices);
        float[] expected =
        [
            .. indices.SelectMany(index => Images.Pixels(index).ToArray()).Select(value => value / 255f - 0.5f),
        ];
        Assert.True(loader.Load(update).SequenceEqual(expected), $"The batch of update {update} differs.");
    }

    private static void Discard(BatchLoader loader, long update) => loader.Load(update);
}
