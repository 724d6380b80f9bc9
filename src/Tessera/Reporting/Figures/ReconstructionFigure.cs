using System.Globalization;
using Tessera.Data;
using Tessera.Reporting.Measurements;
using Tessera.Reporting.Plots;

namespace Tessera.Reporting.Figures;

/// <summary>The seed's "View Reconstructions": originals, reconstructions and where they differ.</summary>
internal static class ReconstructionFigure
{
    // Errors above this share of all are drawn alike, so that a few pixels do not darken the rest.
    private const double ShownShare = 0.995;

    /// <summary>The figure of pictures that the model was not trained on.</summary>
    public static Figure OfSplit(ReportData data) => Make(
        data, data.Pictures, "reconstructions", data.Subject.Split == Split.Test ? "Validation pictures" : $"Pictures of {data.Pictures.Name}",
        $"{data.Pictures.Originals.Count} pictures, spread evenly over {data.Pictures.Name}.");

    /// <summary>The figure of training pictures; null where there are none to compare with.</summary>
    public static Figure? OfTraining(ReportData data) => data.TrainingPictures is { } sample
        ? Make(
            data, sample, "training", "Training pictures",
            $"The same for {sample.Originals.Count} pictures of {sample.Name}, which the model was trained on. Where these look clearly better than the ones above, it has learned its pictures by heart.")
        : null;

    private static Figure Make(ReportData data, PictureSample sample, string id, string title, string lead)
    {
        double brightest = Brightest(data);
        float[][] errors = sample.AbsoluteErrors();
        int width = sample.Originals[0].Width, height = sample.Originals[0].Height;
        string mean = errors.Average(error => error.Average()).ToString("0.000", CultureInfo.InvariantCulture);
        return new Figure(
            id, title,
            $"{lead} The error is the absolute difference, pixels in 0..1, mean over the channels: {mean} over all of these pictures. Its colours end where {ShownShare.ToString("0.0%", CultureInfo.InvariantCulture)} of the errors do, the same for every figure of errors.",
            [
                Grids.Of($"{id}-originals.png", "originals", $"{sample.Originals.Count} pictures of {sample.Name}.", sample.Originals),
                Grids.Of($"{id}-decoded.png", "reconstructions", "The same pictures as the model reconstructs them.", sample.Reconstructions),
                Grids.Of(
                    $"{id}-errors.png", "absolute error",
                    $"Heat maps of the reconstructions' absolute errors, mean {mean}.",
                    [.. errors.Select(error => HeatColors.Picture(error, width, height, brightest))])
                with
                { Scale = ColorScale.Of($"{id}-scale", "absolute error", brightest) },
            ]);
    }

    private static double Brightest(ReportData data)
    {
        IEnumerable<float[]> all = data.Pictures.AbsoluteErrors().Concat(data.TrainingPictures?.AbsoluteErrors() ?? []);
        float[] errors = [.. all.SelectMany(error => error).Order()];
        return Math.Max(errors[(int)(ShownShare * (errors.Length - 1))], 1 / 255.0);
    }
}
