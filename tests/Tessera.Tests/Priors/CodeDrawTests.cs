using Tessera.Priors;

namespace Tessera.Tests.Priors;

/// <summary>
/// Draws with evenly spread numbers in place of random ones: each code is drawn as often as its probability says, to
/// one draw.
/// </summary>
public sealed class CodeDrawTests
{
    private const int Draws = 4000;

    private static readonly float[] Logits = [0.3f, -1, 2, 0.5f, 1.25f];

    [Theory]
    [InlineData(1f)]
    [InlineData(0.5f)]
    [InlineData(3f)]
    public void Draws_follow_the_softmax_of_the_logits_over_the_temperature(float temperature) => AssertDrawn(
        SmallPrior.Softmax(Logits.Select(logit => (double)logit / temperature)),
        Logits, new SamplingOptions { Temperature = temperature });

    [Fact]
    public void Guidance_moves_the_logits_away_from_those_without_the_class()
    {
        float[] unguided = [1, 0.5f, -0.25f, 0, 0.75f];
        AssertDrawn(
            SmallPrior.Softmax(Logits.Zip(unguided, (c, u) => u + 2.5 * (c - (double)u))), Logits,
            new SamplingOptions { Guidance = 1.5f }, unguided);
    }

    [Fact]
    public void The_lower_of_equally_likely_codes_is_among_the_top_k() =>
        AssertDrawn([0, 0.5, 0.5, 0, 0], [1, 3, 3, 3, 0], new SamplingOptions { TopK = 2 });

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 1)]
    [InlineData(4, 4)]
    [InlineData(5, 5)]
    [InlineData(99, 5)]
    public void Top_k_keeps_the_most_likely_and_0_all(int topK, int kept) =>
        AssertDrawn(Kept(kept), Logits, new SamplingOptions { TopK = topK });

    // The probabilities of the nucleus: 0.5, 0.3, 0.15, 0.05.
    [Theory]
    [InlineData(1e-6f, 1)]
    [InlineData(0.49f, 1)]
    [InlineData(0.51f, 2)]
    [InlineData(0.79f, 2)]
    [InlineData(0.81f, 3)]
    [InlineData(0.96f, 4)]
    [InlineData(1f, 4)]
    public void The_nucleus_is_the_fewest_codes_with_the_probability(float topP, int kept)
    {
        double[] likely = [0.3, 0.05, 0.5, 0.15];
        AssertDrawn(Kept(likely, kept), Log(likely), new SamplingOptions { TopP = topP });
    }

    /// <summary>Of three kept codes with 0.95 together, 0.8 of that needs two.</summary>
    [Fact]
    public void The_nucleus_is_of_the_top_k()
    {
        double[] likely = [0.3, 0.05, 0.5, 0.15];
        AssertDrawn(Kept(likely, 2), Log(likely), new SamplingOptions { TopK = 3, TopP = 0.8f });
    }

    [Fact]
    public void The_lower_of_equally_likely_codes_is_in_the_nucleus() =>
        AssertDrawn([0.5, 0.5, 0, 0], [1, 1, 1, 1], new SamplingOptions { TopP = 0.4f });

    [Fact]
    public void The_largest_random_number_draws_the_last_likely_code()
    {
        float largest = 1 - 1f / (1 << 24);
        Assert.Equal(4, new CodeDraw(5, new SamplingOptions()).Draw(Logits, [], largest));
        Assert.Equal(2, new CodeDraw(4, new SamplingOptions { TopK = 2 }).Draw([5, 1, 4, 0], [], largest));
        Assert.Equal(0, new CodeDraw(4, new SamplingOptions()).Draw([200, -200, -200, -200], [], largest));
    }

    private static double[] Kept(int kept) => Kept(SmallPrior.Softmax(Logits.Select(logit => (double)logit)), kept);

    private static double[] Kept(double[] likely, int kept)
    {
        double[] most = [.. likely.OrderDescending().Take(kept)];
        return [.. likely.Select(value => value >= most[^1] ? value / most.Sum() : 0)];
    }

    private static float[] Log(double[] likely) => [.. likely.Select(value => (float)Math.Log(value))];

    private static void AssertDrawn(
        double[] expected, float[] logits, SamplingOptions options, float[]? unguided = null)
    {
        var draw = new CodeDraw(logits.Length, options);
        int[] counts = new int[logits.Length];
        for (int i = 0; i < Draws; i++) counts[draw.Draw(logits, unguided, (i + 0.5f) / Draws)]++;
        for (int k = 0; k < counts.Length; k++)
        {
            Assert.True(
                Math.Abs(counts[k] - expected[k] * Draws) <= (expected[k] == 0 ? 0 : 1.5),
                $"code {k} was drawn {counts[k]} times of {Draws}, not {expected[k] * Draws:0.0}");
        }
    }
}
