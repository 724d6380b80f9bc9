using System.Globalization;
using Tessera.Data;
using Tessera.Reporting.Measurements;
using Tessera.Reporting.Plots;

namespace Tessera.Reporting.Figures;

/// <summary>The reference notebook's "View Reconstructions": originals, reconstructions and their difference.</summary>
internal static class ReconstructionFigure
{
    // The colour scale ends at this quantile of the errors, so that a few large ones do not darken the rest.
    private const double ShownShare = 0.995;

    /// <summary>The figure of images of the measured split.</summary>
    public static Figure OfSplit(ReportData data) => Make(
        data, data.Images, "reconstructions",
        data.Subject.Split == Split.Test ? "Test images" : $"Images of {data.Images.Name}",
        $"{data.Images.Originals.Count} images, spread evenly over {data.Images.Name}, "
        + "and their reconstructions.");

    /// <summary>The figure of training images; null if there are none to compare with.</summary>
    public static Figure? OfTraining(ReportData data) => data.TrainingImages is { } sample
        ? Make(
            data, sample, "training", "Training images",
            $"The same for {sample.Originals.Count} images of {sample.Name}, on which the model was trained. If "
            + "these look clearly better than those above, the model has memorized its training images "
            + "(overfitting).")
        : null;

    private static Figure Make(ReportData data, ImageSample sample, string id, string title, string lead)
    {
        double brightest = Brightest(data);
        float[][] errors = sample.AbsoluteErrors();
        int width = sample.Originals[0].Width, height = sample.Originals[0].Height;
        string mean = errors.Average(error => error.Average()).ToString("0.000", CultureInfo.InvariantCulture);
        string shown = ShownShare.ToString("0.0%", CultureInfo.InvariantCulture);
        return new Figure(
            id, title,
            $"{lead} The error is the absolute difference of pixels in 0..1, averaged over the channels; its mean over "
            + $"these images is {mean}. Bright means a large error. The colours end at the {shown} quantile of the "
            + "errors, and all error maps share one scale.",
            [
                Grids.Of(
                    $"{id}-originals.png", "originals", $"{sample.Originals.Count} images of {sample.Name}.",
                    sample.Originals),
                Grids.Of(
                    $"{id}-decoded.png", "reconstructions", "The same images, reconstructed by the model.",
                    sample.Reconstructions),
                Grids.Of(
                    $"{id}-errors.png", "absolute error",
                    $"Heat maps of the absolute errors of the reconstructions, mean {mean}.",
                    [.. errors.Select(error => HeatColors.Map(error, width, height, brightest))])
                with
                { Scale = ColorScale.Of($"{id}-scale", "absolute error", brightest) },
            ]);
    }

    private static double Brightest(ReportData data)
    {
        IEnumerable<float[]> all = data.Images.AbsoluteErrors().Concat(data.TrainingImages?.AbsoluteErrors() ?? []);
        float[] errors = [.. all.SelectMany(error => error).Order()];
        return Math.Max(errors[(int)(ShownShare * (errors.Length - 1))], 1 / 255.0);
    }
}
