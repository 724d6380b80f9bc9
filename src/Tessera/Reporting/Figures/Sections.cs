using Tessera.Reporting.Measurements;

namespace Tessera.Reporting.Figures;

/// <summary>The sections of the page, in order, with their figures.</summary>
internal static class Sections
{
    public static IReadOnlyList<Section> Of(ReportData data) =>
    [
        new("results", "Results", [Tables.Results(data)]),
        new("losses", "Training",
        [
            LossFigure.Make(data), .. Present(RecipeFigure.Make(data.Metrics, data.MetricsAbsence)),
        ]),
        new("reconstruction", "Reconstructions",
        [
            ReconstructionFigure.OfSplit(data), .. Present(ReconstructionFigure.OfTraining(data)),
            .. QualityFigures.Make(data),
        ]),
        new("latent-space", "Latents", [.. LatentFigures.Make(data), InfluenceFigure.Make(data)]),
        new("codebook", "Codebook", [UseFigure.Make(data), AtlasFigure.Make(data), EmbeddingFigure.Make(data)]),
        .. OfPrior(data),
        new("options", "Options", [Tables.Options(data)]),
    ];

    private static IEnumerable<Section> OfPrior(ReportData data) => data.Prior is { } prior
        ? [new Section("prior", "Prior", PriorFigures.Make(data, prior))]
        : [];

    private static IEnumerable<Figure> Present(Figure? figure) => figure is null ? [] : [figure];
}
