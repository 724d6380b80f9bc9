using System.Globalization;
using Tessera.Reporting.Measurements;

namespace Tessera.Reporting.Figures;

/// <summary>Samples of a prior beside the training images nearest to them: whether they are copies.</summary>
internal static class NeighbourFigure
{
    private const string Id = "prior-nearest", Title = "Samples and the nearest training images";

    public static Figure Make(ReportData data, PriorData prior)
    {
        if (prior.Neighbourhood is not { } found) return Figure.Absent(Id, Title, prior.ImagesAbsence);
        int codes = prior.Subject.Prior.Options.Length;
        return new Figure(
            Id, Title,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{found.Samples.Count} of the samples above (left), each beside the nearest of all "
                + $"{found.TrainingImages:#,0} training images and their mirror images: by codes (middle), the one of "
                + $"which the fewest of {codes} codes differ, and by pixels (right), the one with the lowest mean "
                + $"squared error (MSE, pixels in 0..1) between the sample and the training image itself. To judge "
                + $"them: of {found.TestImages} test images, which are no copies, {found.MedianCodes:0.#} codes differ "
                + $"from the nearest training image's, and the reconstruction's MSE to the nearest is "
                + $"{found.MedianMse:0.0000} (medians). A copy of a training image would differ in 0 codes, and in its "
                + $"pixels by no more than a reconstruction from its original, "
                + $"{data.Measurement.Evaluation.Mse:0.0000} on average."),
            [.. found.Samples.Select((sample, i) => Part(sample, i, codes))])
        { Columns = 3 };
    }

    private static ImagePart Part(SampleNeighbours sample, int i, int codes)
    {
        string differ = Text($"{sample.ByCodes.Distance:0} of {codes} codes differ");
        string mse = Text($"MSE {sample.ByPixels.Distance:0.0000}");
        return Grids.Of(
            $"prior-nearest-{i}.png",
            (sample.Class is { } name ? $"{name}: " : "")
            + $"{differ} ({Named(sample.ByCodes.Neighbour)}); {mse} ({Named(sample.ByPixels.Neighbour)})",
            $"Left: a sample. Middle: training {Named(sample.ByCodes.Neighbour)}, the nearest by codes: {differ}. "
            + $"Right: training {Named(sample.ByPixels.Neighbour)}, the nearest by pixels: {mse}.",
            [sample.Sample, sample.ByCodes.Image, sample.ByPixels.Image]);
    }

    private static string Named(Neighbour found) =>
        Text($"image {found.Number}{(found.IsMirrored ? ", mirrored" : "")}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
