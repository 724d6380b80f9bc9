using Tessera.Analysis;
using Tessera.Data;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;

namespace Tessera.Training;

/// <summary>Evaluates a model on images, without training it.</summary>
public static class Evaluator
{
    /// <summary>Measures the reconstruction quality and the code use over a whole set.</summary>
    /// <param name="model">The model.</param>
    /// <param name="images">
    /// The set: the model's channels, height and width multiples of <see cref="VqVaeOptions.PixelsPerCode"/>.
    /// </param>
    /// <param name="split">The split that the set is, copied to the result.</param>
    /// <param name="dataVariance">The variance of the training images; null if unknown.</param>
    /// <param name="progress">Receives the number of images done, after each batch.</param>
    /// <param name="cancellation">Cancels the evaluation between batches.</param>
    /// <exception cref="InputException">The set is empty or does not fit the model.</exception>
    /// <exception cref="OperationCanceledException">The evaluation was cancelled.</exception>
    public static Evaluation Evaluate(
        VqVae model, ImageSet images, Split split, double? dataVariance,
        IProgress<int>? progress = null, CancellationToken cancellation = default) =>
        Measure(model, images, split, dataVariance, progress, cancellation).Evaluation;

    /// <summary>As <see cref="Evaluate"/>, with the PSNR of each image and the count of each code.</summary>
    internal static Measurement Measure(
        VqVae model, ImageSet images, Split split, double? dataVariance,
        IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        CheckFit(model.Options, images);
        int length = images.Width * images.Height * images.Channels;
        int batch = Math.Min(ImageFit.BatchFor(images.Width, images.Height), images.Count);
        float[] originals = new float[batch * length], reconstructions = new float[batch * length];
        double[] squaredErrors = new double[images.Count];
        double[] psnr = new double[images.Count], ssim = new double[images.Count];
        var usage = new CodeUsage(model.Options.Codes, model.Options.Cell);
        using var pass = new RepeatedPass<Tensor, (Storage<int> Codes, Storage<float> Images)>(
            model.Device, shape => Tensor.Zeros(shape, model.Device), (tape, x) =>
            {
                VqVaeOutput output = model.Forward(x.On(tape));
                return (output.Quantized.Codes.Storage, output.Reconstruction.Storage);
            });
        for (int first = 0; first < images.Count; first += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(batch, images.Count - first);
            for (int i = 0; i < count; i++)
            {
                PixelValues.FromBytes(images.Pixels(first + i), originals.AsSpan(i * length, length));
            }
            pass.Run(
                [count, images.Height, images.Width, images.Channels],
                x => x.CopyFrom(originals.AsSpan(0, count * length)),
                output =>
                {
                    int[] codes = new int[output.Codes.Length];
                    model.Device.Download(output.Codes, codes);
                    usage.Add(codes);
                    model.Device.Download(output.Images, reconstructions.AsSpan(0, count * length));
                });

            int start = first;
            Parallel.For(0, count, i =>
            {
                Span<float> original = originals.AsSpan(i * length, length);
                Span<float> reconstruction = reconstructions.AsSpan(i * length, length);
                squaredErrors[start + i] = ImageMetrics.Mse(original, reconstruction);
                PixelValues.ToUnitRange(original);
                PixelValues.ToUnitRange(reconstruction);
                psnr[start + i] = ImageMetrics.Psnr(original, reconstruction);
                ssim[start + i] = ImageMetrics.Ssim(
                    original, reconstruction, images.Height, images.Width, images.Channels);
            });
            progress?.Report(first + count);
        }
        double mse = squaredErrors.Average();
        var evaluation = new Evaluation(
            split, images.Count, dataVariance > 0 ? mse / dataVariance : null, mse, psnr.Average(), ssim.Average(),
            usage.Perplexity, usage.Used, model.Options.Codes * usage.Levels)
        {
            Joint = usage.Levels > 1 && usage.JointUsed is { } used
                ? new CodeUse(usage.JointPerplexity!.Value, used)
                : null,
            Levels = usage.Levels == 1
                ? []
                : [.. Enumerable.Range(0, usage.Levels).Select(
                    level => new CodeUse(usage.PerplexityOf(level), usage.UsedOf(level))
                    {
                        Name = model.Options.Cell.NameOf(level),
                    })],
        };
        return new Measurement(evaluation, psnr, usage);
    }

    /// <summary>Checks that a set is not empty and that its batches fit a model.</summary>
    /// <param name="model">The model's options.</param>
    /// <param name="images">The set.</param>
    /// <param name="batch">Images of a batch.</param>
    /// <param name="training">Whether the model is trained on them.</param>
    /// <exception cref="InputException">The set is empty or does not fit; the message says why.</exception>
    public static void CheckFit(VqVaeOptions model, ImageSet images, int batch = 1, bool training = false)
    {
        if (images.Count == 0)
            throw new InputException($"{images.Name} holds no images; add some, or choose another set");
        ImageFit.Check(model, images.Width, images.Height, images.Channels, batch, training);
    }
}

/// <summary>An evaluation with its details.</summary>
/// <param name="Evaluation">The results over the whole set.</param>
/// <param name="Psnr">The PSNR of each image in dB, in the order of the set.</param>
/// <param name="Usage">How often each code was chosen.</param>
internal sealed record Measurement(Evaluation Evaluation, double[] Psnr, CodeUsage Usage);
