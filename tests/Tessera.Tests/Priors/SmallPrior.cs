using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Priors;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Random;
using Tessera.Tests.Samples;
using Tessera.Tokens;

namespace Tessera.Tests.Priors;

/// <summary>Priors and tokenizers so small that a test takes milliseconds.</summary>
internal static class SmallPrior
{
    /// <summary>2 x 3 cells, 5 codes, 2 classes.</summary>
    public static CodePriorOptions Options { get; } = new()
    {
        Codes = 5,
        Rows = 2,
        Columns = 3,
        Classes = ["cat", "dog"],
        Width = 16,
        Layers = 2,
        Heads = 2,
    };

    /// <summary>The images of a tokenizer with the prior's cells: 8 x 12 pixels.</summary>
    public static ImageSet Images { get; } =
        SyntheticShapes.Load(Split.Train, new ImageSize(8, 12), trainCount: 30, testCount: 1);

    /// <summary>A prior that differs clearly from position to position: initial weights are near 0.</summary>
    public static CodePrior Create(CodePriorOptions? options = null, Device? device = null, ulong seed = 3)
    {
        var prior = new CodePrior(options ?? Options, seed, device);
        ulong stream = 1;
        foreach ((string name, Tensor tensor) in prior.State())
        {
            float[] values = new float[tensor.Shape.Length];
            new CounterRandom(seed, stream++).FillUniform(values, -0.5f, 0.5f);
            if (name.Contains("norm", StringComparison.Ordinal) && name.EndsWith("weight", StringComparison.Ordinal))
                values = [.. values.Select(value => 1 + value)];
            tensor.CopyFrom(values);
        }
        return prior;
    }

    /// <summary>A tokenizer with 5 codes, all in use.</summary>
    public static VqVae Tokenizer(int codes = 5) => StartedModel.Create(
        StartedModel.Options with { Codes = codes }, Images.First(10));

    /// <summary>Random inputs of sequences, <c>[batch, length]</c>.</summary>
    public static int[] Inputs(CodePriorOptions options, int batch, ulong seed = 1)
    {
        var random = new CounterRandom(seed, 99);
        int[] inputs = [.. Enumerable.Range(0, batch * options.Length).Select(
            i => random.Below((ulong)i, options.Codes))];
        for (int i = 0; i < batch; i++)
            inputs[i * options.Length] = options.FirstInput(i % 3 < options.Classes.Count ? i % 3 : null);
        return inputs;
    }

    /// <summary>The logits of all positions, <c>[batch, length, codes]</c>.</summary>
    public static float[] Logits(CodePrior prior, int[] inputs)
    {
        using var tape = new Tape(prior.Device, recording: false);
        int length = prior.Options.Length;
        return prior.Forward(tape.Indices(inputs, [inputs.Length / length, length], prior.Inputs)).ToArray();
    }

    /// <summary>Random codes with classes in turn.</summary>
    public static CodeSet Set(CodePriorOptions options, int images, ulong seed = 1, bool mirrored = false)
    {
        return new CodeSet("codes", Draw(7), options.Length,
            [.. Enumerable.Range(0, images).Select(i => i % Math.Max(options.Classes.Count, 1))],
            mirrored ? Draw(8) : null);

        int[] Draw(ulong stream)
        {
            var random = new CounterRandom(seed, stream);
            return [.. Enumerable.Range(0, images * options.Length).Select(
                i => random.Below((ulong)i, options.Codes))];
        }
    }

    /// <summary>Samples, until the test is cancelled.</summary>
    public static int[] Draw(
        this CodeSampler sampler, int?[] labels, SamplingOptions options, int[]? given = null, long firstNumber = 0) =>
        sampler.Sample(
            labels, options, given, firstNumber, cancellation: TestContext.Current.CancellationToken);

    /// <summary>Codes of images, until the test is cancelled.</summary>
    public static int[] CodesOf(VqVae model, IReadOnlyList<Image> images)
    {
        using var tokenizer = new Tokenizer(model);
        return tokenizer.Encode(images, TestContext.Current.CancellationToken);
    }

    /// <summary>The set of codes of images, until the test is cancelled.</summary>
    public static CodeSet Encode(VqVae model, ImageSet images, bool flips, List<int>? done = null) => CodeSet.Encode(
        model, images, flips, new ImmediateProgress<int>(count => done?.Add(count)),
        cancellation: TestContext.Current.CancellationToken);

    /// <summary>The nats of each code, until the test is cancelled.</summary>
    public static float[] Nats(CodePrior prior, CodeSet set, bool classes = true) =>
        PriorEvaluator.Nats(prior, set, classes, TestContext.Current.CancellationToken);

    /// <summary>Drawn images, until the test is cancelled.</summary>
    public static byte[][] Pixels(
        this ImageSampler sampler, int count, string? className = null, SamplingOptions? options = null) =>
        PixelsOf(sampler.Sample(count, className, options, TestContext.Current.CancellationToken));

    /// <summary>The pixels of images.</summary>
    public static byte[][] PixelsOf(IEnumerable<Image> images) => [.. images.Select(image => image.Pixels)];

    /// <summary>Completions, until the test is cancelled.</summary>
    public static Image[] Completed(
        this ImageSampler sampler, Image image, bool[] keep, int?[] labels, SamplingOptions? options = null) =>
        sampler.Complete(image, keep, labels, options, cancellation: TestContext.Current.CancellationToken);

    /// <summary>Scores, until the test is cancelled.</summary>
    public static ImageScore[] Score(
        VqVae model, CodePrior prior, ImageSource images, int?[]? labels = null, List<int>? done = null) =>
        ImageScorer.Score(
            model, prior, images, labels, new ImmediateProgress<int>(count => done?.Add(count)),
            TestContext.Current.CancellationToken);

    /// <summary>The softmax in double precision.</summary>
    public static double[] Softmax(IEnumerable<double> logits)
    {
        double[] all = [.. logits];
        double largest = all.Max(), sum = all.Sum(logit => Math.Exp(logit - largest));
        return [.. all.Select(logit => Math.Exp(logit - largest) / sum)];
    }
}
