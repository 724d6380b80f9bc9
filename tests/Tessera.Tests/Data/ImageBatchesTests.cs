using Tessera.Data;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tests.Data;

public class ImageBatchesTests
{
    private const ulong Seed = 5;

    private static readonly ImageSet Images = SyntheticShapes.Load(Split.Train, size: 8, trainCount: 10, testCount: 1);

    /// <summary>Batch sizes that divide an epoch, span two epochs, and exceed the set.</summary>
    public static TheoryData<int> Batches => [1, 5, 4, 10, 23];

    [Theory]
    [MemberData(nameof(Batches))]
    public void Batches_equal_a_direct_conversion(int batch)
    {
        using var batches = new ImageBatches(Images, batch, Seed);
        for (long update = 0; update < 30; update++) AssertBatch(batches, update, batch);
    }

    [Fact]
    public void A_batch_depends_on_the_update_alone()
    {
        using var batches = new ImageBatches(Images, batch: 4, Seed);
        foreach (long update in (long[])[17, 18, 3, 3, 0, 1, 29]) AssertBatch(batches, update, 4);
    }

    /// <summary>About half of the images are mirrored, each by its own draw, and equally for the same seed.</summary>
    [Fact]
    public void Flips_mirror_about_half_of_the_images_left_to_right()
    {
        const int Batch = 4, Updates = 50;
        using var plain = new ImageBatches(Images, Batch, Seed);
        using var flipped = new ImageBatches(Images, Batch, Seed, flips: true);
        using var again = new ImageBatches(Images, Batch, Seed, flips: true);
        int size = Images.Width, channels = Images.Channels, mirrored = 0;
        for (long update = 0; update < Updates; update++)
        {
            float[][] straight = [.. Load(plain, update).Chunk(size * size * channels)];
            float[] loaded = Load(flipped, update);
            Assert.Equal(loaded, Load(again, update));
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
        using var wide = new ImageBatches(Images, batch: 6, Seed, flips: true);
        float[] expected = [.. Load(wide, 0), .. Load(wide, 1)];
        using var narrow = new ImageBatches(Images, batch: 3, Seed, flips: true);
        float[][] found = [.. new long[] { 3, 1, 0, 2 }.Select(update => Load(narrow, update))];
        Assert.Equal(expected, (float[])[.. found[2], .. found[1], .. found[3], .. found[0]]);
    }

    /// <summary>Images that do not fit one block stay on the host, and each batch is uploaded.</summary>
    [Theory]
    [MemberData(nameof(Batches))]
    public void Images_in_several_blocks_give_the_same_bits_as_images_in_one(int batch)
    {
        ImageSet blocks = InBlocksOf(3);
        Assert.Null(blocks.Block);
        Assert.NotNull(Images.Block);
        foreach (bool flips in new[] { false, true })
        {
            using var resident = new ImageBatches(Images, batch, Seed, flips);
            using var streaming = new ImageBatches(blocks, batch, Seed, flips);
            foreach (long update in (long[])[0, 1, 2, 3, 4, 5, 6, 29, 3])
                Assert.Equal(Load(resident, update), Load(streaming, update));
        }
    }

    /// <summary>With resident images an update uploads numbers only; otherwise also the bytes of its images.</summary>
    [Theory]
    [InlineData(false, 1, 4 * 4)]
    [InlineData(true, 2, 4 * 4 + 4 * 8 * 8 * 3)]
    public void An_update_uploads_no_more_than_its_own_images(bool inBlocks, int uploads, int bytes)
    {
        using var device = new CountingDevice();
        using var batches = new ImageBatches(
            inBlocks ? InBlocksOf(3) : Images, batch: 4, Seed, flips: true, device: device);
        using var tape = new Tape(device, recording: false);
        (int Uploads, long Bytes) before = (device.Uploads, device.UploadedBytes);
        batches.Load(tape, update: 7);
        Assert.Equal((uploads, bytes), (device.Uploads - before.Uploads, device.UploadedBytes - before.Bytes));
        Assert.Equal(0, device.Downloads);
    }

    /// <summary>A batch belongs to its tape; the images belong to the batches, unless the set holds them.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Batches_can_be_disposed_at_any_time_and_the_set_stays(bool inBlocks)
    {
        ImageSet images = inBlocks ? InBlocksOf(3) : Images;
        new ImageBatches(images, batch: 4, Seed).Dispose();
        var batches = new ImageBatches(images, batch: 4, Seed);
        using var tape = new Tape(recording: false);
        Tensors.Tensor loaded = batches.Load(tape, update: 0);
        float[] values = loaded.ToArray();
        batches.Dispose();
        batches.Dispose();
        Assert.Equal(values, loaded.ToArray());
        Assert.Throws<ObjectDisposedException>(() => batches.Load(tape, update: 1));
        using var next = new ImageBatches(images, batch: 4, Seed);
        Assert.Equal(values, Load(next, 0));
    }

    [Fact]
    public void Batches_share_a_block_that_they_do_not_dispose()
    {
        using var block = new UpdateBlock(Device.Default);
        Number other = block.ReserveNumber();
        float[] alone, shared;
        using (var own = new ImageBatches(Images, batch: 4, Seed)) alone = Load(own, 3);
        using (var batches = new ImageBatches(Images, block, batch: 4, Seed))
        {
            using var tape = new Tape(recording: false);
            batches.Prepare(update: 3);
            block.Set(other, 1);
            block.Upload();
            shared = batches.Load(tape).ToArray();
        }
        Assert.Equal(alone, shared);
        block.Upload();
    }

    /// <summary>Update 2^61 with 4 images begins at position 2^63.</summary>
    [Fact]
    public void A_batch_beyond_the_last_position_is_refused_and_others_can_be_loaded_afterwards()
    {
        const long last = (1L << 61) - 1;
        using var batches = new ImageBatches(Images, batch: 4, Seed);
        AssertBatch(batches, last, 4);
        Assert.Throws<OverflowException>(() => Load(batches, last + 1));
        AssertBatch(batches, 7, 4);
        AssertBatch(batches, last, 4);
    }

    [Fact]
    public void Invalid_arguments_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageBatches(Images, batch: 0, Seed));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new ImageBatches(new ImageSet("none", 8, 8, 3, [], [], ["none"]), batch: 4, Seed));
        using var batches = new ImageBatches(Images, batch: 4, Seed);
        Assert.Throws<ArgumentOutOfRangeException>(() => Load(batches, -1));
    }

    /// <summary>The same images in blocks of a few, as a set of more than 2 GiB has them.</summary>
    private static ImageSet InBlocksOf(int count)
    {
        var images = new ImageSet(
            Images.Name, Images.Width, Images.Height, Images.Channels, new int[Images.Count], Images.ClassNames,
            blockLength: count * Images.Pixels(0).Length + 1);
        for (int i = 0; i < images.Count; i++) images.Set(i, Images.Pixels(i));
        return images;
    }

    private static void AssertBatch(ImageBatches batches, long update, int batch)
    {
        int[] indices = new int[batch];
        new BatchSampler(Images.Count, Seed).Fill(update, indices);
        float[] expected =
        [
            .. indices.SelectMany(index => Images.Pixels(index).ToArray()).Select(value => value / 255f - 0.5f),
        ];
        Assert.True(Load(batches, update).SequenceEqual(expected), $"The batch of update {update} differs.");
    }

    private static float[] Load(ImageBatches batches, long update)
    {
        using var tape = new Tape(recording: false);
        return batches.Load(tape, update).ToArray();
    }
}
