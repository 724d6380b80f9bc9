using System.Globalization;
using Tessera.Imaging;
using Tessera.Reporting.Measurements;

namespace Tessera.Reporting.Figures;

/// <summary>Each code decoded alone.</summary>
internal static class AtlasFigure
{
    private const int Columns = 32;

    public static Figure Make(ReportData data)
    {
        CodeAtlas atlas = data.Atlas;
        int used = Math.Min(data.Measurement.Usage.Used, atlas.Tiles.Count);
        List<FigurePart> parts = [Part("atlas-used.png", "in use", atlas.Tiles.Take(used))];
        if (used < atlas.Tiles.Count) parts.Add(Part("atlas-unused.png", "never used", atlas.Tiles.Skip(used)));
        string left = atlas.Tiles.Count < data.Measurement.Evaluation.Codes
            ? string.Create(CultureInfo.InvariantCulture, $" Of {data.Measurement.Evaluation.Codes:#,0} codes the {atlas.Tiles.Count:#,0} most used are shown.")
            : "";
        return new Figure(
            "atlas", "Code atlas",
            $"Each code decoded alone, the most used first, in reading order: its own 4 x 4 pixels in the middle and 4 more on each side. All around it stands the mean of all latents, each code weighted with its use: the calmest background that the decoder knows. Codes are edges, corners and colours more than finished patches; their neighbours make them.{left}",
            parts)
        { Columns = 1 };
    }

    private static PicturePart Part(string fileName, string label, IEnumerable<Image> tiles)
    {
        Image[] pictures = [.. tiles];
        return Grids.Of(
            fileName, $"{label}: {pictures.Length.ToString("#,0", CultureInfo.InvariantCulture)}",
            $"Small tiles, one for each code that is {label}: {pictures.Length}.", pictures, Columns);
    }
}
