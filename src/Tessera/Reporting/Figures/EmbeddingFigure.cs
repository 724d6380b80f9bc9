using System.Globalization;
using Tessera.Inspection;
using Tessera.Models;
using Tessera.Reporting.Measurements;
using Tessera.Reporting.Plots;

namespace Tessera.Reporting.Figures;

/// <summary>The reference notebook's "View Embedding": the codebook projected to two dimensions.</summary>
internal static class EmbeddingFigure
{
    private const string Id = "embedding", Title = "The embedding";
    private const double LargestRadius = 10, SmallestRadius = 2.5, UnusedRadius = 2;

    public static Figure Make(ReportData data)
    {
        CodebookEmbedding embedding = data.Embedding;
        int codes = data.Atlas.Order.Count;
        if (embedding.Umap is not { } umap)
            return Figure.Absent(
                Id, Title, $"UMAP needs at least {CodebookEmbedding.FewestCodes} codes; this codebook has {codes}.");
        string shares = string.Join(
            " and ", embedding.PcaVariance.Select(share => share.ToString("0%", CultureInfo.InvariantCulture)));
        return new Figure(
            Id, Title,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The {codes:#,0} code vectors projected to two dimensions, a point for each code. Left: UMAP "
                + $"({CodebookEmbedding.Options.Neighbors} neighbours, minimum distance 0.1, cosine distance), which "
                + $"keeps neighbours together; distances between separate groups mean little. Right: the first two "
                + $"principal components ({shares} of the variance). The area of a point grows with the use of its "
                + $"code; its colour is the mean colour that the code decodes to. Rings are codes that are never used. "
                + $"In a trained codebook, codes of similar colours lie together."),
            [
                new PlotPart(Plot(data, "embedding-umap", "UMAP", "UMAP 1", "UMAP 2", umap)),
                new PlotPart(Plot(
                    data, "embedding-pca", "PCA", "principal component 1", "principal component 2", embedding.Pca)),
            ]);
    }

    /// <summary>A code's number; where several levels have codebooks, in its level's.</summary>
    private static string NameOf(ReportData data, int code)
    {
        VqVaeOptions model = data.Subject.Trained.Model.Options;
        return model.Cell.Codebooks == 1
            ? $"code {code}"
            : $"{model.Cell.NameOf(code / model.Codes)}, code {code % model.Codes}";
    }

    private static Plot Plot(ReportData data, string id, string title, string x, string y, double[] plane)
    {
        CodeAtlas atlas = data.Atlas;
        long[] counts = data.Measurement.Usage.Counts.ToArray();
        double most = Math.Max(counts.Max(), 1);
        // Rings are drawn first, then large points before small ones, so that small points stay visible.
        ScatterPoint[] points =
        [
            .. atlas.Order.Select((code, i) => new ScatterPoint(
                plane[2 * i], plane[2 * i + 1],
                counts[code] == 0
                    ? UnusedRadius
                    : Math.Max(LargestRadius * Math.Sqrt(counts[code] / most), SmallestRadius),
                counts[code] == 0 ? null : atlas.Colors[i],
                string.Create(CultureInfo.InvariantCulture, $"{NameOf(data, code)}: {counts[code]:#,0} uses")))
            .OrderBy(point => point.Color is not null),
        ];
        double left = points.Min(point => point.X), right = points.Max(point => point.X);
        double bottom = points.Min(point => point.Y), top = points.Max(point => point.Y);
        // Both axes span the same range in a square frame, so that distances are equal in all directions.
        double span = Math.Max(right - left, top - bottom);
        return new Plot(
            id, title,
            $"A scatter plot of {points.Length} codes; "
            + $"{points.Count(point => point.Color is null)} of them are never used and drawn as rings.",
            Axis.Bare(x, left, right, span), Axis.Bare(y, bottom, top, span), [new Scatter(points)])
        { Width = 480, Height = 536 };
    }
}
