using Tessera.Priors;

namespace Tessera.Tests.Priors;

public sealed class PriorEvaluatorTests
{
    private static readonly CodePriorOptions Options = SmallPrior.Options;

    /// <summary>Rounding of float32 logits and their logarithm: a few units in the last place of a nat.</summary>
    private const double Tolerance = 2e-6;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nats_are_the_log_softmax_of_the_logits(bool classes)
    {
        using CodePrior prior = SmallPrior.Create();
        CodeSet set = SmallPrior.Set(Options, images: 7);
        float[] nats = SmallPrior.Nats(prior, set, classes);
        Assert.Equal(set.Codes.Length, nats.Length);
        int[] inputs = [.. set.Codes.Chunk(6).SelectMany(
            (codes, i) => (int[])[Options.FirstInput(classes ? set.Labels[i] : null), .. codes[..^1]])];
        float[][] logits = [.. SmallPrior.Logits(prior, inputs).Chunk(Options.Codes)];
        for (int i = 0; i < nats.Length; i++)
        {
            double expected = -Math.Log(SmallPrior.Softmax(logits[i].Select(logit => (double)logit))[set.Codes[i]]);
            Assert.Equal(expected, nats[i], Tolerance);
        }
    }

    /// <summary>Batches of 682 images.</summary>
    [Fact]
    public void The_nats_of_an_image_do_not_depend_on_the_others()
    {
        using CodePrior prior = SmallPrior.Create();
        CodeSet set = SmallPrior.Set(Options, images: 700);
        float[] nats = SmallPrior.Nats(prior, set);
        foreach (int image in (int[])[0, 681, 682, 699])
        {
            var alone = new CodeSet("one", set.Codes[(image * 6)..(image * 6 + 6)], 6, [set.Labels[image]]);
            Assert.Equal(nats[(image * 6)..(image * 6 + 6)], SmallPrior.Nats(prior, alone));
        }
    }

    [Fact]
    public void An_evaluation_has_the_means_of_all_codes_and_of_each_cell()
    {
        using CodePrior prior = SmallPrior.Create();
        CodeSet test = SmallPrior.Set(Options, images: 9), train = SmallPrior.Set(Options, images: 2100, seed: 2);
        PriorEvaluation evaluation = PriorEvaluator.Evaluate(
            prior, test, train, pixelsPerCode: 4, TestContext.Current.CancellationToken);
        float[] nats = SmallPrior.Nats(prior, test);
        Assert.Equal(9, evaluation.Images);
        Assert.Equal(nats.Average(value => (double)value), evaluation.Nats, 1e-12);
        Assert.Equal(evaluation.Nats / Math.Log(2) / 16, evaluation.BitsPerPixel, 1e-12);
        Assert.Equal(6, evaluation.CellNats.Count);
        for (int cell = 0; cell < 6; cell++)
            Assert.Equal(
                nats.Where((_, i) => i % 6 == cell).Average(value => (double)value), evaluation.CellNats[cell], 1e-12);
        Assert.Equal(
            SmallPrior.Nats(prior, train.Spread(2000)).Average(value => (double)value), evaluation.TrainNats, 1e-12);
    }

    [Fact]
    public void Codes_that_do_not_fit_are_refused()
    {
        using CodePrior prior = SmallPrior.Create();
        Assert.Contains("takes images of 2 x 3 codes", Refused(
            SmallPrior.Set(Options with { Columns = 2 }, images: 3)), StringComparison.Ordinal);
        Assert.Contains("holds no images", Refused(new CodeSet("codes", [], 6, [])), StringComparison.Ordinal);
        Assert.Contains(
            "the code 5, but the prior's codes are 0 to 4", Refused(new CodeSet("codes", [0, 0, 5, 0, 0, 0], 6, [0])),
            StringComparison.Ordinal);
        Assert.Contains(
            "the code -1", Refused(new CodeSet("codes", new int[6], 6, [0], [0, 0, 0, -1, 0, 0])),
            StringComparison.Ordinal);
        Assert.Contains(
            "other classes than the prior's: cat, dog", Refused(new CodeSet("codes", new int[6], 6, [2])),
            StringComparison.Ordinal);

        string Refused(CodeSet set) => Assert.Throws<InputException>(() => SmallPrior.Nats(prior, set)).Message;
    }

    [Fact]
    public void It_can_be_cancelled()
    {
        using CodePrior prior = SmallPrior.Create();
        Assert.Throws<OperationCanceledException>(() => PriorEvaluator.Nats(
            prior, SmallPrior.Set(Options, images: 2), cancellation: new CancellationToken(canceled: true)));
    }
}
