using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Tests.Priors;

public sealed class CodeSetTests
{
    private static readonly ImageSet Images = SmallPrior.Images;

    [Fact]
    public void Codes_are_those_of_the_tokenizer_and_mirrored_codes_those_of_mirrored_images()
    {
        using VqVae model = SmallPrior.Tokenizer();
        var done = new List<int>();
        CodeSet set = SmallPrior.Encode(model, Images, flips: true, done);
        Assert.Equal(SmallPrior.CodesOf(model, Images.First(30)), set.Codes);
        Assert.Equal(SmallPrior.CodesOf(model, [.. Images.First(30).Select(Mirrored)]), set.Mirrored);
        Assert.NotEqual(set.Codes, set.Mirrored);
        Assert.Equal((6, 30), (set.Length, set.Count));
        Assert.Equal(Enumerable.Range(0, 30).Select(i => i % 10), set.Labels);
        Assert.Equal([30, 60], done);
        Assert.Null(SmallPrior.Encode(model, Images, flips: false).Mirrored);
    }

    /// <summary>Batches of 64 images of 32 x 32: the second is not full.</summary>
    [Fact]
    public void The_last_batch_may_be_smaller()
    {
        ImageSet images = SyntheticShapes.Load(Split.Train, trainCount: 70, testCount: 1);
        using VqVae model = SmallPrior.Tokenizer();
        var done = new List<int>();
        CodeSet set = SmallPrior.Encode(model, images, flips: true, done);
        Assert.Equal(SmallPrior.CodesOf(model, images.First(70)), set.Codes);
        Assert.Equal(SmallPrior.CodesOf(model, [.. images.First(70).Select(Mirrored)]), set.Mirrored);
        Assert.Equal([64, 70, 134, 140], done);
    }

    [Fact]
    public void Encoding_can_be_cancelled_and_refuses_images_that_do_not_fit()
    {
        using VqVae model = SmallPrior.Tokenizer();
        Assert.Throws<OperationCanceledException>(
            () => CodeSet.Encode(model, Images, flips: false, cancellation: new CancellationToken(canceled: true)));
        Assert.Throws<InputException>(() => SmallPrior.Encode(model, Images.ToChannels(1), flips: false));
    }

    [Fact]
    public void Images_spread_over_a_set_keep_their_codes_and_classes()
    {
        CodeSet set = SmallPrior.Set(SmallPrior.Options, images: 4), some = set.Spread(2);
        Assert.Equal([.. set.Codes[..6], .. set.Codes[12..18]], some.Codes);
        Assert.Equal([set.Labels[0], set.Labels[2]], some.Labels);
        Assert.Equal(set.Codes, set.Spread(9).Codes);
    }

    [Fact]
    public void Lengths_that_do_not_agree_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new CodeSet("codes", new int[5], 3, [0, 1]));
        Assert.Throws<ArgumentException>(() => new CodeSet("codes", new int[6], 3, [0, 1], new int[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeSet("codes", [], 0, []));
    }

    [Fact]
    public void Batches_follow_the_sampler_and_shift_the_codes_by_one()
    {
        CodeSet set = SmallPrior.Set(SmallPrior.Options, images: 10);
        PriorOptions options = Options(classDropout: 0);
        var sampler = new BatchSampler(10, options.Seed);
        int[] numbers = new int[4];
        foreach ((long update, int[] inputs, int[] targets) in Load(set, options, [0, 1, 2, 7, 1]))
        {
            sampler.Fill(update, numbers);
            Assert.Equal(numbers.SelectMany(number => Of(set.Codes, number)), targets);
            Assert.Equal(
                numbers.SelectMany(number => (int[])[5 + set.Labels[number], .. Of(set.Codes, number)[..^1]]), inputs);
        }
    }

    [Fact]
    public void About_half_of_the_images_are_mirrored_each_by_its_own_draw()
    {
        CodeSet set = SmallPrior.Set(SmallPrior.Options, images: 10, mirrored: true);
        PriorOptions options = Options(classDropout: 0);
        var sampler = new BatchSampler(10, options.Seed);
        int[] numbers = new int[4];
        int mirrored = 0;
        foreach ((long update, _, int[] targets) in Load(set, options, [.. Enumerable.Range(0, 200)]))
        {
            sampler.Fill(update, numbers);
            for (int i = 0; i < 4; i++)
            {
                int[] found = Of(targets, i);
                if (found.SequenceEqual(Of(set.Mirrored!, numbers[i]))) mirrored++;
                else Assert.Equal(Of(set.Codes, numbers[i]), found);
            }
        }
        // Of 800 draws with probability 1/2, 4 standard deviations about 400.
        Assert.InRange(mirrored, 343, 457);
    }

    [Theory]
    [InlineData(0f, 0, 0)]
    [InlineData(0.25f, 151, 249)]
    [InlineData(1f, 800, 800)]
    public void A_part_of_the_images_has_no_class(float classDropout, int least, int most)
    {
        CodeSet set = SmallPrior.Set(SmallPrior.Options, images: 10);
        IEnumerable<int> firsts = Load(set, Options(classDropout), [.. Enumerable.Range(0, 200)])
            .SelectMany(batch => batch.Inputs.Where((_, i) => i % 6 == 0));
        Assert.InRange(firsts.Count(first => first == SmallPrior.Options.AnyClass), least, most);
    }

    [Fact]
    public void Without_classes_every_image_is_of_any()
    {
        CodePriorOptions model = SmallPrior.Options with { Classes = [] };
        PriorOptions options = Options(classDropout: 0) with { Model = model };
        int[] inputs = Load(SmallPrior.Set(SmallPrior.Options, images: 10), options, [0]).Single().Inputs;
        Assert.All(inputs.Where((_, i) => i % 6 == 0), first => Assert.Equal(5, first));
    }

    private static PriorOptions Options(float classDropout) =>
        new() { Model = SmallPrior.Options, Batch = 4, Seed = 9, ClassDropout = classDropout };

    private static int[] Of(int[] codes, int image) => codes[(image * 6)..(image * 6 + 6)];

    private static IEnumerable<(long Update, int[] Inputs, int[] Targets)> Load(
        CodeSet set, PriorOptions options, int[] updates)
    {
        using var block = new UpdateBlock(Device.Default);
        using var batches = new CodeBatches(set, options, block);
        using var tape = new Tape(Device.Default, recording: false);
        foreach (int update in updates)
        {
            batches.Prepare(update);
            block.Upload();
            (Indices inputs, Indices targets) = batches.Load(tape);
            yield return (update, inputs.ToArray(), targets.ToArray());
            tape.Reset();
        }
    }

    private static Image Mirrored(Image image) => new(
        image.Width, image.Height, image.Channels,
        [
            .. image.Pixels.Chunk(image.Width * image.Channels)
                .SelectMany(row => row.Chunk(image.Channels).Reverse().SelectMany(pixel => pixel)),
        ]);
}
