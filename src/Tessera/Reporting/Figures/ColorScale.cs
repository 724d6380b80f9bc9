using Tessera.Imaging;
using Tessera.Reporting.Plots;

namespace Tessera.Reporting.Figures;

/// <summary>The colour scale of a heat map: a strip of its colours above an axis.</summary>
internal static class ColorScale
{
    private const int Steps = 256;

    /// <summary>
    /// A scale from <paramref name="darkest"/> to <paramref name="brightest"/>, which have the first and last colour.
    /// </summary>
    public static PlotPart Of(string id, string label, double brightest, double darkest = 0)
    {
        float[] ramp = [.. Enumerable.Range(0, Steps).Select(i => (float)i)];
        Image strip = HeatColors.Map(ramp, Steps, 1, Steps - 1);
        return new PlotPart(new Plot(
            id, "",
            $"The colours of the heat map: from almost black for {Ticks.ThreeDigits(darkest)} "
            + $"to light yellow for {Ticks.ThreeDigits(brightest)} and above.",
            Axis.Exact(label, darkest, brightest), new Axis("", 0, 1, Logarithmic: false, []), [new Bitmap(strip)])
        {
            Width = 360,
            Height = 64,
            HasGrid = false,
        });
    }
}
