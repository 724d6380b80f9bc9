using System.Globalization;
using Tessera.Imaging;
using Tessera.Inspection;
using Tessera.Models;
using Tessera.Reporting.Measurements;

namespace Tessera.Reporting.Figures;

/// <summary>The code atlas: each code decoded alone.</summary>
internal static class AtlasFigure
{
    private const int Columns = 32;

    public static Figure Make(ReportData data)
    {
        CodeAtlas atlas = data.Atlas;
        VqVaeOptions model = data.Subject.Trained.Model.Options;
        int codes = data.Measurement.Evaluation.Codes, pixels = model.PixelsPerCode;
        string left = atlas.Tiles.Count < codes
            ? string.Create(
                CultureInfo.InvariantCulture, $" Of {codes:#,0} codes the {atlas.Tiles.Count:#,0} most used are shown.")
            : "";
        string levels = model.Cell.Top ? " A tile of the lower level has its code in all four places of a cell." : "";
        return new Figure(
            "atlas", "Code atlas",
            $"Each tile shows one code decoded alone, the most used code first, in reading order: the code's own "
            + $"{pixels} x {pixels} pixels in the middle and {pixels} more pixels on each side. The cells around the "
            + "code hold the mean of all codes, weighted by their use: a neutral background. A code stands for an "
            + "edge, a corner or a colour more than for a finished patch, because the decoder combines it with its "
            + $"neighbours.{levels}{left}",
            [.. Parts(data)])
        { Columns = 1 };
    }

    /// <summary>The codes in use, then those never used; with two levels, of each level.</summary>
    private static IEnumerable<FigurePart> Parts(ReportData data)
    {
        VqVaeOptions model = data.Subject.Trained.Model.Options;
        long[] counts = data.Measurement.Usage.Counts.ToArray();
        (int Code, Image Tile)[] all = [.. data.Atlas.Order.Zip(data.Atlas.Tiles)];
        for (int level = 0; level < (model.Cell.Top ? model.Cell.Codebooks : 1); level++)
        {
            (int Code, Image Tile)[] own =
                model.Cell.Top ? [.. all.Where(code => code.Code / model.Codes == level)] : all;
            string name = model.Cell.Top ? $"{model.Cell.NameOf(level)}, " : "";
            string file = model.Cell.Top ? $"{model.Cell.NameOf(level).Replace(' ', '-')}-" : "";
            foreach (bool used in (bool[])[true, false])
            {
                Image[] tiles = [.. own.Where(code => counts[code.Code] > 0 == used).Select(code => code.Tile)];
                if (tiles.Length == 0) continue;
                yield return used
                    ? Part($"atlas-{file}used.png", $"{name}in use", tiles)
                    : Part($"atlas-{file}unused.png", $"{name}never used", tiles);
            }
        }
    }

    private static ImagePart Part(string fileName, string label, IEnumerable<Image> tiles)
    {
        Image[] images = [.. tiles];
        return Grids.Of(
            fileName, $"{label}: {images.Length.ToString("#,0", CultureInfo.InvariantCulture)}",
            $"One small tile for each code that is {label}: {images.Length} tiles.", images, Columns);
    }
}
