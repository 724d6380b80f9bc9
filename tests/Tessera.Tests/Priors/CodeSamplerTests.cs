using Tessera.Priors;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tests.Priors;

public sealed class CodeSamplerTests
{
    private static readonly CodePriorOptions Options = SmallPrior.Options;
    private static readonly int Length = Options.Length;

    /// <summary>More than one batch of the sampler, with and without guidance.</summary>
    [Theory]
    [InlineData(0f)]
    [InlineData(1.5f)]
    public void A_sample_depends_on_its_number_and_class_alone(float guidance)
    {
        var options = new SamplingOptions { Seed = 7, Guidance = guidance, TopP = 0.9f };
        int?[] labels = [.. Enumerable.Range(0, 150).Select(i => (i % 3) switch { 0 => 0, 1 => 1, _ => (int?)null })];
        using CodePrior prior = SmallPrior.Create();
        using var sampler = new CodeSampler(prior);
        int[][] all = [.. sampler.Draw(labels, options).Chunk(Length)];
        Assert.True(all.Select(codes => string.Join(' ', codes)).Distinct().Count() > 100, "samples are repeated");
        foreach (int number in (int[])[0, 1, 63, 64, 127, 128, 149])
            Assert.Equal(all[number], sampler.Draw([labels[number]], options, firstNumber: number));
        Assert.Equal(
            all[8..16].SelectMany(codes => codes), sampler.Draw(labels[8..16], options, firstNumber: 8));
        Assert.NotEqual(all[0], sampler.Draw([1], options));
    }

    [Fact]
    public void The_threads_change_no_code()
    {
        var options = new SamplingOptions { Seed = 2, Guidance = 1 };
        int[][] found = [.. Enumerable.Range(1, 3).Select(threads =>
        {
            using var device = new CpuDevice(threads);
            using CodePrior prior = SmallPrior.Create(device: device);
            using var sampler = new CodeSampler(prior);
            return sampler.Draw([0, 1, null, 1, 0], options);
        })];
        Assert.Equal(found[0], found[1]);
        Assert.Equal(found[0], found[2]);
    }

    [Fact]
    public void Without_a_class_guidance_changes_nothing()
    {
        using CodePrior prior = SmallPrior.Create();
        using var sampler = new CodeSampler(prior);
        int[] expected = sampler.Draw(new int?[20], new SamplingOptions());
        Assert.Equal(expected, sampler.Draw(new int?[20], new SamplingOptions { Guidance = 2 }));
        int?[] dogs = [.. Enumerable.Repeat<int?>(1, 20)];
        Assert.NotEqual(
            sampler.Draw(dogs, new SamplingOptions()), sampler.Draw(dogs, new SamplingOptions { Guidance = 2 }));
    }

    [Fact]
    public void Another_seed_draws_other_codes()
    {
        using CodePrior prior = SmallPrior.Create();
        using var sampler = new CodeSampler(prior);
        Assert.NotEqual(
            sampler.Draw(new int?[9], new SamplingOptions { Seed = 1 }),
            sampler.Draw(new int?[9], new SamplingOptions { Seed = 2 }));
    }

    /// <summary>Given codes stay; what is drawn depends on them and on the random number of its position.</summary>
    [Fact]
    public void Given_codes_stay()
    {
        var options = new SamplingOptions { Seed = 5 };
        using CodePrior prior = SmallPrior.Create();
        using var sampler = new CodeSampler(prior);
        int[] drawn = sampler.Draw([0, 1], options);
        Assert.Equal(drawn, sampler.Draw([0, 1], options, drawn));

        int[] start = [.. drawn.Select((code, i) => i % Length < 3 ? code : CodeSampler.Open)];
        Assert.Equal(drawn, sampler.Draw([0, 1], options, start));

        int[] others = [.. drawn.Select((code, i) => i % Length is 1 or 4 ? (code + 1) % 5 : CodeSampler.Open)];
        int[] found = sampler.Draw([0, 1], options, others);
        for (int i = 0; i < found.Length; i++)
        {
            if (others[i] != CodeSampler.Open) Assert.Equal(others[i], found[i]);
            // The position before the first given code sees nothing of it.
            if (i % Length == 0) Assert.Equal(drawn[i], found[i]);
        }
    }

    [Fact]
    public void The_top_1_is_the_most_likely_code_of_every_position()
    {
        using CodePrior prior = SmallPrior.Create();
        using var sampler = new CodeSampler(prior);
        int[] codes = sampler.Draw([1], new SamplingOptions { TopK = 1, Seed = 3 });
        int[] inputs = [Options.FirstInput(1), .. codes[..^1]];
        Assert.Equal(
            SmallPrior.Logits(prior, inputs).Chunk(Options.Codes).Select(row => Array.IndexOf(row, row.Max())), codes);
        Assert.Equal(codes, sampler.Draw([1], new SamplingOptions { TopP = 1e-6f, Seed = 4 }));
    }

    /// <summary>
    /// The chi-square statistic of 25 pairs of codes, with 24 degrees of freedom: below 51.2 in 999 of 1000 samples.
    /// The seed is fixed.
    /// </summary>
    [Theory]
    [InlineData(1f, 0f)]
    [InlineData(0.7f, 0f)]
    [InlineData(1f, 1f)]
    public void Pairs_of_codes_are_as_frequent_as_the_prior_says(float temperature, float guidance)
    {
        const int Samples = 20_000;
        CodePriorOptions sizes = Options with { Rows = 1, Columns = 2, Layers = 1 };
        using CodePrior prior = SmallPrior.Create(sizes);
        using var sampler = new CodeSampler(prior);
        var options = new SamplingOptions { Seed = 11, Temperature = temperature, Guidance = guidance };
        int?[] labels = [.. Enumerable.Repeat<int?>(1, Samples)];
        int[] counts = new int[25];
        foreach (int[] pair in sampler.Draw(labels, options).Chunk(2)) counts[pair[0] * 5 + pair[1]]++;

        double chiSquare = 0;
        for (int first = 0; first < 5; first++)
        {
            double[][] rows = [.. Rows(prior, options, first)];
            for (int second = 0; second < 5; second++)
            {
                double expected = rows[0][first] * rows[1][second] * Samples;
                Assert.True(expected > 5, $"the pair {first}, {second} is too rare for the statistic: {expected}");
                chiSquare += Math.Pow(counts[first * 5 + second] - expected, 2) / expected;
            }
        }
        Assert.InRange(chiSquare, 0, 51.2);
    }

    [Fact]
    public void Progress_rises_to_1()
    {
        using CodePrior prior = SmallPrior.Create();
        using var sampler = new CodeSampler(prior);
        var parts = new List<double>();
        sampler.Sample(
            new int?[200], new SamplingOptions(), progress: new ImmediateProgress<double>(parts.Add),
            cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(2 * Length, parts.Count);
        Assert.Equal(parts.Order(), parts);
        Assert.Equal(1, parts[^1]);
        Assert.Empty(sampler.Draw([], new SamplingOptions()));
    }

    [Fact]
    public void Drawing_can_be_cancelled_and_started_again()
    {
        using CodePrior prior = SmallPrior.Create();
        using var sampler = new CodeSampler(prior);
        int[] expected = sampler.Draw([0, 1], new SamplingOptions());
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => sampler.Sample(
            [0, 1], new SamplingOptions(), cancellation: stop.Token,
            progress: new ImmediateProgress<double>(part => { if (part > 0.4) stop.Cancel(); })));
        Assert.Equal(expected, sampler.Draw([0, 1], new SamplingOptions()));
    }

    public static TheoryData<SamplingOptions, string> BadOptions => new()
    {
        { new SamplingOptions { Guidance = -1 }, "Guidance" },
        { new SamplingOptions { Guidance = float.PositiveInfinity }, "Guidance" },
        { new SamplingOptions { Temperature = 0 }, "Temperature" },
        { new SamplingOptions { Temperature = float.NaN }, "Temperature" },
        { new SamplingOptions { TopP = 0 }, "TopP" },
        { new SamplingOptions { TopP = 1.1f }, "TopP" },
        { new SamplingOptions { TopK = -1 }, "TopK" },
    };

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Options_out_of_range_are_refused_by_name(SamplingOptions options, string name)
    {
        using CodePrior prior = SmallPrior.Create();
        using var sampler = new CodeSampler(prior);
        Assert.Equal(name, Assert.Throws<InputException>(() => sampler.Draw([null], options)).Option);
    }

    [Fact]
    public void Unknown_classes_and_codes_are_refused()
    {
        using CodePrior prior = SmallPrior.Create();
        using var sampler = new CodeSampler(prior);
        Assert.Contains("no class 2", Refused([2], []), StringComparison.Ordinal);
        Assert.Contains("no class -1", Refused([-1], []), StringComparison.Ordinal);
        Assert.Contains("no code 5", Refused([0], [5, -1, -1, -1, -1, -1]), StringComparison.Ordinal);
        Assert.Contains("no code -2", Refused([0], [0, -2, -1, -1, -1, -1]), StringComparison.Ordinal);
        Assert.Contains("5 given codes are not 1 samples of 6", Refused([0], new int[5]), StringComparison.Ordinal);
        Assert.Contains("7 given codes", Refused([0], new int[7]), StringComparison.Ordinal);

        string Refused(int?[] labels, int[] given) => Assert.Throws<ArgumentException>(
            () => sampler.Draw(labels, new SamplingOptions(), given)).Message;
    }

    /// <summary>The probabilities of both positions of class 1 after a first code.</summary>
    private static IEnumerable<double[]> Rows(CodePrior prior, SamplingOptions options, int first)
    {
        float[] with = SmallPrior.Logits(prior, [prior.Options.FirstInput(1), first]);
        float[] without = SmallPrior.Logits(prior, [prior.Options.FirstInput(null), first]);
        return with.Zip(without, (c, u) => (u + (1 + options.Guidance) * ((double)c - u)) / options.Temperature)
            .Chunk(5).Select(SmallPrior.Softmax);
    }
}
