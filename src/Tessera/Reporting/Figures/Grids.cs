using Tessera.Imaging;

namespace Tessera.Reporting.Figures;

/// <summary>Pictures in rows, as the seed shows them: <c>torchvision.utils.make_grid</c> with its defaults.</summary>
internal static class Grids
{
    private const int Columns = 8, Padding = 2;

    /// <summary>A part that shows pictures of one size in rows, 2 pixels of black between them.</summary>
    public static PicturePart Of(string fileName, string label, string alternative, IReadOnlyList<Image> pictures, int columns = Columns) =>
        new(fileName, label, alternative, ImageGrid.Make(pictures, columns, Padding));
}
