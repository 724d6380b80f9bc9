using System.Globalization;
using Tessera.Reporting.Measurements;
using Tessera.Reporting.Plots;

namespace Tessera.Reporting.Figures;

/// <summary>The seed's "View Embedding": the codes as points of a plane.</summary>
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
                Id, Title, $"UMAP lays out {CodebookEmbedding.FewestCodes} codes or more, each among its {CodebookEmbedding.Options.Neighbors} nearest; this codebook has {codes}.");
        string[] shares = [.. embedding.PcaVariance.Select(share => share.ToString("0%", CultureInfo.InvariantCulture))];
        return new Figure(
            Id, Title,
            $"The {codes.ToString("#,0", CultureInfo.InvariantCulture)} codes in the plane. Left: UMAP (neighbours {CodebookEmbedding.Options.Neighbors}, minimum distance 0.1, cosine), which keeps neighbours together; distances between islands mean little. Right: the first two principal components ({string.Join(" and ", shares)} of the variance). The area of a point grows with its code's use, its colour is the mean colour that the code decodes to; rings are codes that are never used. Codes of like colours lie together in a codebook that has learned.",
            [
                new PlotPart(Plot(data, "embedding-umap", "UMAP", "UMAP 1", "UMAP 2", umap)),
                new PlotPart(Plot(data, "embedding-pca", "PCA", "principal component 1", "principal component 2", embedding.Pca)),
            ]);
    }

    private static Plot Plot(ReportData data, string id, string title, string x, string y, double[] plane)
    {
        CodeAtlas atlas = data.Atlas;
        long[] counts = data.Measurement.Usage.Counts.ToArray();
        double most = Math.Max(counts.Max(), 1);
        // Rings lie below points, and large points below small ones.
        ScatterPoint[] points = [.. atlas.Order.Select((code, i) => new ScatterPoint(
            plane[2 * i], plane[2 * i + 1],
            counts[code] == 0 ? UnusedRadius : Math.Max(LargestRadius * Math.Sqrt(counts[code] / most), SmallestRadius),
            counts[code] == 0 ? null : atlas.Colors[i],
            string.Create(CultureInfo.InvariantCulture, $"code {code}: {counts[code]:#,0} uses"))).OrderBy(point => point.Color is not null)];
        double left = points.Min(point => point.X), right = points.Max(point => point.X);
        double bottom = points.Min(point => point.Y), top = points.Max(point => point.Y);
        // One scale for both axes of a square frame, so that a distance is the same in all directions.
        double span = Math.Max(right - left, top - bottom);
        return new Plot(
            id, title,
            $"A scatter of {points.Length} codes, {points.Count(point => point.Color is null)} of them rings that are never used.",
            Axis.Bare(x, left, right, span), Axis.Bare(y, bottom, top, span), [new Scatter(points)])
        { Width = 480, Height = 536 };
    }
}
