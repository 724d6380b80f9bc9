using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Training;

namespace Tessera.Tests.Priors;

public sealed class ImageScorerTests : IDisposable
{
    private static readonly ImageSet Images = SmallPrior.Images;

    private readonly VqVae _model = SmallPrior.Tokenizer();
    private readonly CodePrior _prior = SmallPrior.Create();

    public void Dispose()
    {
        _model.Dispose();
        _prior.Dispose();
    }

    [Fact]
    public void Nats_are_the_means_of_the_evaluator_s_and_errors_those_of_the_tokenizer_s()
    {
        var done = new List<int>();
        ImageScore[] scores = SmallPrior.Score(_model, _prior, Images.AsSource(), done: done);
        Assert.Equal([30], done);
        CodeSet codes = SmallPrior.Encode(_model, Images, flips: false);
        float[] nats = SmallPrior.Nats(_prior, codes, classes: false);
        Assert.Equal(
            nats.Chunk(6).Select(image => image.Average(value => (double)value)), scores.Select(score => score.Nats));
        Evaluation evaluation = Evaluator.Evaluate(
            _model, Images, Split.Train, dataVariance: null, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(evaluation.Mse, scores.Average(score => score.Mse), 1e-12);
        Assert.Equal(evaluation.Psnr, scores.Average(score => score.Psnr), 1e-9);
        Assert.True(scores.Distinct().Count() > 20, "the scores do not tell the images apart");
    }

    /// <summary>Batches of 682 images.</summary>
    [Fact]
    public void The_score_of_an_image_does_not_depend_on_the_others()
    {
        ImageSource many = SyntheticShapes.Open(Split.Train, new ImageSize(8, 12), trainCount: 700, testCount: 1);
        ImageScore[] scores = SmallPrior.Score(_model, _prior, many);
        foreach (int i in (int[])[0, 681, 682, 699])
        {
            ImageSet one = new("one", 12, 8, 3, [many.Read(i)], [0], ["any"]);
            Assert.Equal(scores[i], SmallPrior.Score(_model, _prior, one.AsSource()).Single());
        }
    }

    [Fact]
    public void The_classes_are_given_to_the_prior()
    {
        int?[] labels = [.. Enumerable.Range(0, 30).Select(i => i == 4 ? (int?)null : i % 2)];
        ImageScore[] with = SmallPrior.Score(_model, _prior, Images.AsSource(), labels);
        ImageScore[] without = SmallPrior.Score(_model, _prior, Images.AsSource());
        Assert.Equal(without[4], with[4]);
        Assert.NotEqual(without[5].Nats, with[5].Nats);
        Assert.Equal(without[5].Mse, with[5].Mse);
    }

    /// <summary>Noise is unlike shapes: a prior trained on shapes gives its codes more nats.</summary>
    [Fact]
    public void A_trained_prior_finds_the_image_that_is_no_shape()
    {
        using var folder = new TemporaryFolder();
        ImageSet shapes = Training.SmallRun.Train;
        using VqVae model = Samples.StartedModel.Create(
            Samples.StartedModel.Options with { Codes = 16 }, shapes.First(10));
        PriorOptions options = SmallPriorRun.Options with
        {
            LearningRate = 1e-2f,
            Budget = Tessera.Runs.TrainingBudget.OfUpdates(80),
        };
        PriorRun run = PriorRun.Create(folder["run"], options);
        SmallPriorRun.Finish(run);
        (CodePrior prior, _) = PriorFile.Read(run.ModelPath);
        using (prior)
        {
            byte[] noise = new byte[16 * 16 * 3];
            for (int i = 0; i < noise.Length; i++) noise[i] = (byte)(i / 3 * 2654435761 >> 13);
            ImageSet images = new(
                "mixed", 16, 16, 3, [.. Training.SmallRun.Test.First(9).Select(image => image.Pixels), noise],
                new int[10], ["any"]);
            ImageScore[] scores = SmallPrior.Score(model, prior, images.AsSource());
            Assert.Equal(scores[9].Nats, scores.Max(score => score.Nats));
            Assert.Equal(scores[9].Mse, scores.Max(score => score.Mse));
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        InputException e = Assert.Throws<InputException>(
            () => SmallPrior.Score(_model, _prior, Training.SmallRun.Test.AsSource()));
        Assert.Equal(("Size", "8x12"), (e.Option, e.Value));
        Assert.Contains("images of 8x12; these are 16x16", e.Message, StringComparison.Ordinal);
        using VqVae other = SmallPrior.Tokenizer(codes: 4);
        Assert.Throws<InputException>(() => SmallPrior.Score(other, _prior, Images.AsSource()));
        Assert.Throws<ArgumentException>(() => SmallPrior.Score(_model, _prior, Images.AsSource(), new int?[29]));
        Assert.Throws<ArgumentException>(
            () => SmallPrior.Score(_model, _prior, Images.AsSource(), [2, .. new int?[29]]));
        Assert.Throws<OperationCanceledException>(() => ImageScorer.Score(
            _model, _prior, Images.AsSource(), cancellation: new CancellationToken(canceled: true)));
    }
}
