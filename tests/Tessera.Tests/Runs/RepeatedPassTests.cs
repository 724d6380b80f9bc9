using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Tests.Priors;
using Tessera.Tests.Samples;
using Tessera.Tokens;
using Tessera.Training;

namespace Tessera.Tests.Runs;

/// <summary>
/// A device may record evaluation, encoding, decoding and sampling too: each submits the same primitives on the same
/// storages every time, and uploads and downloads outside.
/// </summary>
public sealed class RepeatedPassTests
{
    private static readonly ImageSet Images =
        SyntheticShapes.Load(Split.Train, new ImageSize(32, 32), trainCount: 260, testCount: 1);

    /// <summary>Four full batches and a smaller one.</summary>
    [Fact]
    public void An_evaluation_repeats_its_batches()
    {
        using var device = new RecordingDevice { Records = _ => true };
        using var model = new VqVae(StartedModel.Options, device: device);
        Evaluator.Evaluate(
            model, Images, Split.Train, dataVariance: null, cancellation: TestContext.Current.CancellationToken);
        AssertRepeated(device, 4, 1);
    }

    [Fact]
    public void Codes_for_a_prior_are_found_in_equal_batches()
    {
        using var device = new RecordingDevice { Records = _ => true };
        using var model = new VqVae(StartedModel.Options, device: device);
        SmallPrior.Encode(model, Images, flips: true);
        AssertRepeated(device, 5, 5);
    }

    /// <summary>The one shape is computed again and again, until another comes.</summary>
    [Fact]
    public void Images_of_one_size_are_encoded_and_decoded_alike()
    {
        using var device = new RecordingDevice { Records = _ => true };
        using var model = new VqVae(StartedModel.Options, device: device);
        using var tokenizer = new Tokenizer(model);
        foreach (Image image in Images.First(3)) tokenizer.Reconstruct(image);
        tokenizer.Reconstruct(Image.Black(8, 8, 3));
        tokenizer.Reconstruct(Images.Image(0));
        AssertRepeated(device, 3, 3, 1, 1, 1, 1);
    }

    [Fact]
    public void A_prior_is_evaluated_in_equal_batches()
    {
        using var device = new RecordingDevice { Records = _ => true };
        using CodePrior prior = SmallPrior.Create(device: device);
        // Batches of 64 x 64 codes, of 6 in an image.
        SmallPrior.Nats(prior, SmallPrior.Set(prior.Options, 3 * (64 * 64 / 6) + 1));
        AssertRepeated(device, 3, 1);
    }

    [Fact]
    public void Each_position_of_samples_is_the_same_work_again()
    {
        using var device = new RecordingDevice { Records = _ => true };
        using CodePrior prior = SmallPrior.Create(device: device);
        using var sampler = new CodeSampler(prior);
        for (ulong seed = 0; seed < 3; seed++) sampler.Draw([0, 1], new SamplingOptions { Seed = seed });
        sampler.Draw([0], new SamplingOptions());
        AssertRepeated(device, 3, 3, 3, 3, 3, 3, 1, 1, 1, 1, 1, 1);
    }

    /// <summary>Asserts how often each piece of work was submitted, and that it enqueues the same.</summary>
    private static void AssertRepeated(RecordingDevice device, params int[] times)
    {
        IGrouping<Action, string[]>[] works =
        [
            .. device.Submitted.Zip(device.Primitives).GroupBy(run => run.First, run => run.Second),
        ];
        Assert.Equal(times, works.Select(work => work.Count()));
        foreach (string[][] runs in works.Select(work => work.ToArray()))
        {
            Assert.NotEmpty(runs[0]);
            Assert.DoesNotContain(runs[0], primitive => primitive.StartsWith("Upload(", StringComparison.Ordinal));
            Assert.DoesNotContain(runs[0], primitive => primitive.StartsWith("Download(", StringComparison.Ordinal));
            // The first run allocates.
            Assert.All(runs.Skip(2), run => Assert.Equal(runs[1], run));
        }
    }
}
