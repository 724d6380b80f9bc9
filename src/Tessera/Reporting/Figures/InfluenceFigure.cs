using System.Globalization;
using Tessera.Inspection;
using Tessera.Reporting.Measurements;
using Tessera.Reporting.Plots;

namespace Tessera.Reporting.Figures;

/// <summary>How far one code reaches in the decoded image, as a map and by distance.</summary>
internal static class InfluenceFigure
{
    public static Figure Make(ReportData data)
    {
        InfluenceMap map = data.Influence;
        double half = map.RadiusOf(0.5), most = map.RadiusOf(0.9), brightest = Math.Max(map.Change.Max(), 1e-6);
        double edge = map.Side / 2.0, cell = map.Cell / 2.0;
        string radius = most.ToString("0.0", CultureInfo.InvariantCulture);
        Axis Offset(string label) => Axis.Exact(label, -edge, edge);
        var image = new Plot(
            "influence-map", "Mean change by offset",
            $"A map of the mean change of the pixels around a zeroed cell: {Ticks.ThreeDigits(brightest)} at most. "
            + $"90% of the total change lies within {radius} pixels.",
            Offset("pixels from the middle of the cell"), Offset("pixels"),
            [
                new Bitmap(HeatColors.Map(map.Change, map.Side, map.Side, brightest)),
                new Outline(-cell, cell, cell, -cell),
            ])
        { Width = 380, Height = 415, HasGrid = false };

        return new Figure(
            "influence", "How far one code reaches",
            string.Create(
                CultureInfo.InvariantCulture,
                $"A code stands for a cell of {map.Cell} x {map.Cell} pixels (outlined). The map "
                + $"shows how much the pixels around a cell change when its code vector is set to zero before "
                + $"decoding: the mean over {map.Samples:#,0} cells of {data.Images.Originals.Count} images. "
                + $"Positions outside an image do not count. Half of the total change lies within {half:0.0} pixels "
                + $"of the cell's middle, 90% within {radius}."),
            [
                new PlotPart(image)
                {
                    Scale = ColorScale.Of("influence-scale", "mean absolute change, pixels in 0..1", brightest),
                },
                new PlotPart(Share(map, half, most)),
            ]);
    }

    /// <summary>The plot of the share of the total change within each distance.</summary>
    private static Plot Share(InfluenceMap map, double half, double most)
    {
        int[] order = [.. Enumerable.Range(0, map.Change.Length).OrderBy(map.Distance)];
        double whole = Math.Max(map.Change.Sum(change => (double)change), double.Epsilon), sum = 0;
        double furthest = Math.Ceiling(map.Side / 2.0);
        double[] shares = new double[(int)furthest * 2 + 1];
        int next = 0;
        for (int i = 0; i < shares.Length; i++)
        {
            for (; next < order.Length && map.Distance(order[next]) <= i / 2.0; next++) sum += map.Change[order[next]];
            shares[i] = 100 * sum / whole;
        }
        return new Plot(
            "influence-share", "Change within a distance",
            "The share of the total change that lies within a distance of the cell's middle: "
            + $"half within {Ticks.ThreeDigits(half)} pixels, 90% within {Ticks.ThreeDigits(most)} pixels.",
            Axis.Exact("pixels from the middle of the cell", 0, furthest), Axis.Exact("% of the total change", 0, 100),
            [
                new Line(0, shares, "smooth") { Step = 0.5 },
                // The left line is drawn last, because its note may overlap the right line.
                new Rule(most, $"90%: {Pixels(most)} px", Vertical: true) { NoteLine = 11 },
                new Rule(half, $"half: {Pixels(half)} px", Vertical: true) { NoteLine = 9 },
            ])
        { Width = 380, Height = 415 };

        static string Pixels(double distance) => distance.ToString("0.0", CultureInfo.InvariantCulture);
    }
}
