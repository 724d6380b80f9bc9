using System.Numerics.Tensors;
using Tessera.Models;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Distributed;
using Tessera.Tensors.Ops;
using Tensor = Tessera.Tensors.Tensor;

namespace Tessera.Priors;

/// <summary>Computes how well a prior predicts the codes of images.</summary>
public static class PriorEvaluator
{
    // 64 images of 64 codes.
    private const int CodesPerBatch = 64 * 64;

    // Enough to see overfitting, and a fifth of the time that the test images of CIFAR-10 take.
    private const int MostTrainImages = 2000;

    /// <summary>The nats of each code of each image: <c>-ln p(code | class, codes before)</c>.</summary>
    /// <param name="prior">The prior.</param>
    /// <param name="set">The codes.</param>
    /// <param name="classes">Whether the images' classes are given to the prior, if it has classes.</param>
    /// <param name="cancellation">Stops it between batches.</param>
    /// <returns><c>[images, length]</c>.</returns>
    /// <exception cref="InputException">The codes do not fit the prior.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static float[] Nats(
        CodePrior prior, CodeSet set, bool classes = true, CancellationToken cancellation = default) =>
        Nats(prior, set, Collective.Lone, classes, cancellation);

    /// <summary>The same, for which each rank computes its share of the images.</summary>
    private static float[] Nats(
        CodePrior prior, CodeSet set, Collective ranks, bool classes, CancellationToken cancellation)
    {
        CheckFit(prior.Options, set, classes);
        bool given = classes && prior.Options.Classes.Count > 0;
        (int first, int count) = ranks.ShareOf(set.Count, ranks.Rank);
        float[] own = Nats(
            prior, set.Codes[(first * set.Length)..((first + count) * set.Length)],
            [.. set.Labels.Skip(first).Take(count).Select(label => given ? label : (int?)null)], cancellation);
        if (ranks.Size == 1) return own;
        float[] all = new float[set.Codes.Length];
        IEnumerable<int> counts =
            Enumerable.Range(0, ranks.Size).Select(rank => ranks.ShareOf(set.Count, rank).Count * set.Length);
        ranks.Gather<float>(own, all, [.. counts]);
        return all;
    }

    /// <summary>The same of codes that fit the prior, with the class of each image; null for any.</summary>
    internal static float[] Nats(
        CodePrior prior, int[] codes, IReadOnlyList<int?> labels, CancellationToken cancellation)
    {
        CodePriorOptions options = prior.Options;
        int length = options.Length, batch = BatchFor(options);
        float[] nats = new float[codes.Length];
        using var pass = new RepeatedPass<Sequences, Storage<float>>(
            prior.Device, shape => new Sequences(Zeros(shape, prior.Inputs), Zeros(shape, options.Codes)),
            (tape, given) =>
            {
                Tensor losses = tape.Allocate(given.Targets.Shape);
                prior.Forward(given.Inputs.On(tape)).CrossEntropy(given.Targets.On(tape), losses);
                return losses.Storage;
            });
        for (int first = 0; first < labels.Count; first += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(batch, labels.Count - first);
            int start = first * length;
            Memory<int> targets = codes.AsMemory(start, count * length);
            int[] inputs = new int[targets.Length];
            for (int i = 0; i < count; i++)
            {
                inputs[i * length] = options.FirstInput(labels[first + i]);
                targets.Span.Slice(i * length, length - 1).CopyTo(inputs.AsSpan(i * length + 1));
            }
            pass.Run(
                [count, length],
                given =>
                {
                    given.Inputs.CopyFrom(inputs);
                    given.Targets.CopyFrom(targets.Span);
                },
                losses => prior.Device.Download(losses, nats.AsSpan(start, targets.Length)));
        }
        return nats;

        Indices Zeros(Shape shape, int limit) => Indices.From(new int[shape.Length], shape, limit, prior.Device);
    }

    /// <summary>The probability of each code at one place of an image, given the codes before it.</summary>
    /// <param name="prior">The prior.</param>
    /// <param name="codes">The codes of an image of the prior's size; those from the place on do not count.</param>
    /// <param name="place">The place in the sequence.</param>
    /// <param name="label">The class; null for any.</param>
    internal static double[] ProbabilitiesAt(CodePrior prior, ReadOnlySpan<int> codes, int place, int? label)
    {
        CodePriorOptions options = prior.Options;
        int[] inputs = new int[options.Length];
        inputs[0] = options.FirstInput(label);
        codes[..place].CopyTo(inputs.AsSpan(1));
        using var tape = new Tape(prior.Device, recording: false);
        float[] logits = prior.Forward(tape.Indices(inputs, [1, options.Length], prior.Inputs)).ToArray();
        return Probabilities(logits.AsSpan(place * options.Codes, options.Codes));
    }

    /// <summary>The softmax of logits.</summary>
    internal static double[] Probabilities(ReadOnlySpan<float> logits)
    {
        double[] result = new double[logits.Length];
        double largest = TensorPrimitives.Max(logits);
        for (int i = 0; i < result.Length; i++) result[i] = Math.Exp(logits[i] - largest);
        double sum = TensorPrimitives.Sum<double>(result);
        for (int i = 0; i < result.Length; i++) result[i] /= sum;
        return result;
    }

    /// <summary>Images of a batch: fewer where their logits or inner numbers would take over 256 MB.</summary>
    private static int BatchFor(CodePriorOptions options)
    {
        const int MostNumbers = 1 << 26;
        int codes = Math.Min(CodesPerBatch, MostNumbers / options.WidestRow);
        return Math.Max(1, codes / options.Length);
    }

    /// <summary>Evaluates a prior on held-out images and on 2000 training images, spread over their set.</summary>
    /// <param name="prior">The prior.</param>
    /// <param name="test">The codes of the held-out images.</param>
    /// <param name="train">The codes of the training images.</param>
    /// <param name="pixelsPerCode">Pixels of a cell in each direction.</param>
    /// <param name="cancellation">Stops it between batches.</param>
    /// <exception cref="InputException">The codes do not fit the prior.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static PriorEvaluation Evaluate(
        CodePrior prior, CodeSet test, CodeSet train, int pixelsPerCode, CancellationToken cancellation = default) =>
        Evaluate(prior, test, train, pixelsPerCode, Collective.Lone, cancellation);

    /// <summary>The same, for which each rank computes its share of the images.</summary>
    internal static PriorEvaluation Evaluate(
        CodePrior prior, CodeSet test, CodeSet train, int pixelsPerCode, Collective ranks,
        CancellationToken cancellation)
    {
        float[] nats = Nats(prior, test, ranks, classes: true, cancellation);
        float[] trainNats = Nats(prior, train.Spread(MostTrainImages), ranks, classes: true, cancellation);
        double mean = Mean(nats);
        int perCell = prior.Options.CodesPerCell;
        double[] cells = new double[prior.Options.Cells];
        for (int i = 0; i < nats.Length; i++) cells[i / perCell % cells.Length] += (double)nats[i] / test.Count;
        double bitsPerPixel = perCell * mean / Math.Log(2) / (pixelsPerCode * (double)pixelsPerCode);
        return new PriorEvaluation(test.Count, mean, bitsPerPixel, Mean(trainNats), cells);
    }

    /// <summary>Checks that codes fit a prior.</summary>
    /// <exception cref="InputException">They do not; the message says why.</exception>
    internal static void CheckFit(CodePriorOptions prior, CodeSet set, bool classes = true)
    {
        if (set.Count == 0)
            throw new InputException($"{set.Name} holds no images; add some, or choose another set");
        if (set.Length != prior.Length)
            throw new InputException(
                $"the prior takes images of {prior.Rows} x {prior.Columns} codes; those of {set.Name} have "
                + $"{set.Length} codes");
        foreach (int[] codes in (int[][])[set.Codes, set.Mirrored ?? []])
        {
            if (codes.AsSpan().IndexOfAnyExceptInRange(0, prior.Codes - 1) is >= 0 and var place)
                throw new InputException(
                    $"{set.Name} has the code {codes[place]}, but the prior's codes are 0 to {prior.Codes - 1}");
        }
        if (classes && prior.Classes.Count > 0 && set.Labels.Any(label => label < 0 || label >= prior.Classes.Count))
            throw new InputException(
                $"{set.Name} has images of other classes than the prior's: {string.Join(", ", prior.Classes)}");
    }

    private sealed record Sequences(Indices Inputs, Indices Targets) : IDisposable
    {
        public void Dispose()
        {
            Inputs.Dispose();
            Targets.Dispose();
        }
    }

    private static double Mean(float[] values) => values.Average(value => (double)value);
}
