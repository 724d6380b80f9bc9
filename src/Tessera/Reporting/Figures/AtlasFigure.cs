using System.Globalization;
using Tessera.Imaging;
using Tessera.Inspection;
using Tessera.Reporting.Measurements;

namespace Tessera.Reporting.Figures;

/// <summary>The code atlas: each code decoded alone.</summary>
internal static class AtlasFigure
{
    private const int Columns = 32;

    public static Figure Make(ReportData data)
    {
        CodeAtlas atlas = data.Atlas;
        int used = Math.Min(data.Measurement.Usage.Used, atlas.Tiles.Count);
        List<FigurePart> parts = [Part("atlas-used.png", "in use", atlas.Tiles.Take(used))];
        if (used < atlas.Tiles.Count) parts.Add(Part("atlas-unused.png", "never used", atlas.Tiles.Skip(used)));
        int codes = data.Measurement.Evaluation.Codes;
        string left = atlas.Tiles.Count < codes
            ? string.Create(
                CultureInfo.InvariantCulture, $" Of {codes:#,0} codes the {atlas.Tiles.Count:#,0} most used are shown.")
            : "";
        return new Figure(
            "atlas", "Code atlas",
            "Each tile shows one code decoded alone, the most used code first, in reading order: the code's own 4 x 4 "
            + "pixels in the middle and 4 more pixels on each side. The cells around the code hold the mean of all "
            + "codes, weighted by their use: a neutral background. A code stands for an edge, a corner or a colour "
            + $"more than for a finished patch, because the decoder combines it with its neighbours.{left}",
            parts)
        { Columns = 1 };
    }

    private static ImagePart Part(string fileName, string label, IEnumerable<Image> tiles)
    {
        Image[] images = [.. tiles];
        return Grids.Of(
            fileName, $"{label}: {images.Length.ToString("#,0", CultureInfo.InvariantCulture)}",
            $"One small tile for each code that is {label}: {images.Length} tiles.", images, Columns);
    }
}
