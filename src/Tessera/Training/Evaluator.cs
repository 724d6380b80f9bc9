using Tessera.Data;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tensors.Distributed;

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
    /// <param name="depth">
    /// The first levels of a residual quantizer (of each group, if there are several) that images are decoded from, 1 to
    /// <see cref="CellOptions.Depth"/>; null for all. The use of the others is not counted.
    /// </param>
    /// <param name="progress">Receives the number of images done, after each batch.</param>
    /// <param name="cancellation">Cancels the evaluation between batches.</param>
    /// <exception cref="InputException">
    /// The set is empty or does not fit the model, or the model has no such levels.
    /// </exception>
    /// <exception cref="OperationCanceledException">The evaluation was cancelled.</exception>
    public static Evaluation Evaluate(
        VqVae model, ImageSet images, Split split, double? dataVariance, int? depth = null,
        IProgress<int>? progress = null, CancellationToken cancellation = default) =>
        Measure(model, images, split, dataVariance, depth, progress, ranks: null, cancellation).Evaluation;

    /// <summary>
    /// As <see cref="Evaluate"/>, with the PSNR of each image and the count of each code; ranks measure together, each
    /// some of the batches.
    /// </summary>
    internal static Measurement Measure(
        VqVae model, ImageSet images, Split split, double? dataVariance, int? depth = null,
        IProgress<int>? progress = null, Collective? ranks = null, CancellationToken cancellation = default)
    {
        CheckFit(model.Options, images);
        CellOptions cell = model.Options.Cell;
        if (depth is { } levels)
        {
            cell.CheckFirstLevels(levels);
            cell = cell with { Depth = levels };
        }
        ranks ??= Collective.Lone;
        int batch = Math.Min(ImageFit.BatchFor(images.Width, images.Height), images.Count);
        var results = new ImageErrors(images.Count);
        var usage = new CodeUsage(model.Options.Codes, cell);
        using var pass = new EvaluationPass(model, images, batch, depth);
        int[] counts = new int[ranks.Size];
        for (int round = 0; round < images.Count; round += ranks.Size * batch)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int rank = 0; rank < counts.Length; rank++)
                counts[rank] = Math.Clamp(images.Count - round - rank * batch, 0, batch);
            int count = counts[ranks.Rank];
            if (count > 0) pass.Run(round + ranks.Rank * batch, count, results);
            ReadOnlySpan<int> codes = pass.Codes.AsSpan(0, count * pass.CodesPerImage);
            usage.Add(results.Share(ranks, round, counts, codes, pass.CodesPerImage));
            progress?.Report(round + counts.Sum());
        }
        double mse = results.Squared.Average();
        var evaluation = new Evaluation(
            split, images.Count, dataVariance > 0 ? mse / dataVariance : null, mse, results.Psnr.Average(),
            results.Ssim.Average(), usage.Perplexity, usage.Used, model.Options.Codes * usage.Levels)
        {
            Joint = usage.Levels > 1 && usage.JointUsed is { } used
                ? new CodeUse(usage.JointPerplexity!.Value, used)
                : null,
            Levels = usage.Levels == 1 ? [] : [.. UseOf(usage, model.Options.Cell, cell.Depth)],
        };
        return new Measurement(evaluation, results.Psnr, usage);
    }

    /// <summary>The use of each level; one of the first levels keeps the name that it has among all.</summary>
    private static IEnumerable<CodeUse> UseOf(CodeUsage usage, CellOptions cell, int depth) =>
        Enumerable.Range(0, usage.Levels).Select(
            level => new CodeUse(usage.PerplexityOf(level), usage.UsedOf(level))
            {
                Name = cell.NameOf(cell.CodebookOfFirst(level, depth)),
            });

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
