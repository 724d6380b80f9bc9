using Tessera.Analysis;
using Tessera.Data;
using Tessera.Models;
using Tessera.Tensors.Autograd;

namespace Tessera.Priors;

/// <summary>Scores images, to find the odd ones in a data set.</summary>
/// <example><code>
/// using var sampler = ImageSampler.Open("runs/cifar");
/// ImageSource images = ImageFolder.Open("photos", Split.All, 32);
/// ImageScore[] scores = ImageScorer.Score(sampler.Tokenizer.Model, sampler.Prior, images);
/// string oddest = images.NameOf(Array.IndexOf(scores, scores.MaxBy(score => score.Nats)));
/// </code></example>
public static class ImageScorer
{
    /// <summary>Scores each image; the score of an image does not depend on the others.</summary>
    /// <param name="model">The tokenizer.</param>
    /// <param name="prior">The prior over its codes, on the same device.</param>
    /// <param name="images">Images of the prior's size, read batch by batch.</param>
    /// <param name="labels">
    /// The class of each image, an index into the prior's classes, or null for any; null for any throughout.
    /// </param>
    /// <param name="progress">Receives the number of images done, after each batch.</param>
    /// <param name="cancellation">Stops it between batches.</param>
    /// <returns>The scores, in the order of the images.</returns>
    /// <exception cref="InputException">
    /// The images do not fit the models, the models do not fit each other, or an image cannot be read.
    /// </exception>
    /// <exception cref="ArgumentException">The labels are not as many as the images, or no classes.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static ImageScore[] Score(
        VqVae model, CodePrior prior, ImageSource images, IReadOnlyList<int?>? labels = null,
        IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        labels ??= new int?[images.Count];
        Check(model, prior.Options, images, labels);
        int batch = ImageFit.BatchFor(images.Width, images.Height);
        var scores = new ImageScore[images.Count];
        using var tape = new Tape(model.Device, recording: false);
        for (int first = 0; first < images.Count; first += batch)
        {
            int count = Math.Min(batch, images.Count - first);
            byte[][] pixels = images.Read(first, count, cancellation: cancellation);
            (int[] codes, double[] mse, double[] psnr) = Reconstruct(model, tape, images, pixels);
            int?[] classes = [.. labels.Skip(first).Take(count)];
            float[] nats = PriorEvaluator.Nats(prior, codes, classes, cancellation);
            int length = prior.Options.Length;
            for (int i = 0; i < count; i++)
            {
                double mean = nats.Skip(i * length).Take(length).Average(value => (double)value);
                scores[first + i] = new ImageScore(mean, mse[i], psnr[i]);
            }
            progress?.Report(first + count);
        }
        return scores;
    }

    private static void Check(
        VqVae model, CodePriorOptions prior, ImageSource images, IReadOnlyList<int?> labels)
    {
        int cell = model.Options.PixelsPerCode;
        ImageSampler.CheckCodes(model, prior);
        ImageFit.Check(model.Options, images.Width, images.Height, images.Channels);
        if ((images.Height, images.Width) != (prior.Rows * cell, prior.Columns * cell))
            throw new InputException(
                $"the prior is of images of {prior.Rows * cell}x{prior.Columns * cell}; these are "
                + $"{images.Height}x{images.Width}")
            { Option = "Size", Value = $"{prior.Rows * cell}x{prior.Columns * cell}" };
        if (labels.Count != images.Count)
            throw new ArgumentException($"{labels.Count} labels are not one for each of {images.Count} images");
        if (labels.Any(label => label is { } number && (number < 0 || number >= prior.Classes.Count)))
            throw new ArgumentException("the prior has no such class", nameof(labels));
    }

    /// <summary>The codes of a batch, and the errors of its reconstructions.</summary>
    private static (int[] Codes, double[] Mse, double[] Psnr) Reconstruct(
        VqVae model, Tape tape, ImageSource images, byte[][] pixels)
    {
        int count = pixels.Length, length = images.Width * images.Height * images.Channels;
        float[] originals = new float[count * length];
        for (int i = 0; i < count; i++) PixelValues.FromBytes(pixels[i], originals.AsSpan(i * length, length));
        VqVaeOutput output = model.Forward(
            tape.Input(originals, [count, images.Height, images.Width, images.Channels]));
        int[] codes = output.Quantized.Codes.ToArray();
        float[] reconstructions = output.Reconstruction.ToArray();
        tape.Reset();
        double[] mse = new double[count], psnr = new double[count];
        Parallel.For(0, count, i =>
        {
            Span<float> original = originals.AsSpan(i * length, length);
            Span<float> reconstruction = reconstructions.AsSpan(i * length, length);
            mse[i] = ImageMetrics.Mse(original, reconstruction);
            PixelValues.ToUnitRange(original);
            PixelValues.ToUnitRange(reconstruction);
            psnr[i] = ImageMetrics.Psnr(original, reconstruction);
        });
        return (codes, mse, psnr);
    }
}
