using System.Globalization;
using Tessera.Priors;
using Tessera.Reporting.Measurements;
using Tessera.Reporting.Plots;

namespace Tessera.Reporting.Figures;

/// <summary>What each cell of an image costs a prior, as a map and in the order of prediction.</summary>
internal static class CellFigure
{
    private const string Id = "prior-cells", Title = "Nats of each cell";

    // The width of each plot, and what of it and of its height lies outside the frame of the map.
    private const double Width = 380, BesideMap = 38, AboveAndBelowMap = 94;

    public static Figure Make(PriorData prior)
    {
        if (prior.Evaluation is not { } evaluation) return Figure.Absent(Id, Title, prior.ImagesAbsence);
        CodePriorOptions sizes = prior.Subject.Prior.Options;
        double[] nats = [.. evaluation.CellNats];
        double low = nats.Min(), high = Math.Max(nats.Max(), low + 1e-6);
        return new Figure(
            Id, Title,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The mean over {evaluation.Images:#,0} test images of the nats of each cell's code: left as a map, "
                + $"whose colours begin at the lowest value, right in the order in which the codes are predicted, row "
                + $"by row. At the first cell the prior knows nothing "
                + $"{(sizes.Classes.Count > 0 ? "but the class" : "")}; at the last it knows all other codes. Cells "
                + $"that follow from those before them, such as plain background, cost little."),
            [
                new PlotPart(Map(nats, sizes, low, high))
                {
                    Scale = ColorScale.Of("prior-cells-scale", "nats a code", high, low),
                },
                new PlotPart(InOrder(nats, Math.Log(sizes.Codes))),
            ]);
    }

    private static Plot Map(double[] nats, CodePriorOptions sizes, double low, double high)
    {
        float[] above = [.. nats.Select(value => (float)(value - low))];
        return new Plot(
            Id, "Nats by place",
            $"A map of {sizes.Rows} x {sizes.Columns} cells with their nats: the lowest, {Place(low)}; the highest, "
            + $"{Place(nats.Max())}.",
            new Axis("cells of an image", 0, sizes.Columns, Logarithmic: false, []),
            new Axis("", 0, sizes.Rows, Logarithmic: false, []),
            [
                new Bitmap(HeatColors.Map(above, sizes.Columns, sizes.Rows, high - low)),
                new CellNumbers(nats, sizes.Columns, low, high),
            ])
        {
            Width = Width,
            Height = (Width - BesideMap) * sizes.Rows / sizes.Columns + AboveAndBelowMap,
            HasGrid = false,
        };

        string Place(double value)
        {
            int cell = Array.IndexOf(nats, value);
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{value:0.00}, in row {cell / sizes.Columns + 1}, column {cell % sizes.Columns + 1}");
        }
    }

    private static Plot InOrder(double[] nats, double guessing) => new(
        "prior-order", "Nats in reading order",
        string.Create(
            CultureInfo.InvariantCulture,
            $"The nats of {nats.Length} cells in the order of prediction: {nats[0]:0.00} at the first, {nats[^1]:0.00} "
            + $"at the last. Guessing costs {guessing:0.00}."),
        Axis.Exact("cells in reading order", 0, nats.Length),
        Axis.Linear("nats a code", 0, Math.Max(nats.Max(), guessing)),
        [
            new Bars([.. Enumerable.Range(0, nats.Length + 1).Select(i => (double)i)], nats),
            new Rule(guessing, "guessing", Vertical: false),
        ])
    { Width = Width, Height = Width - BesideMap + AboveAndBelowMap };
}
