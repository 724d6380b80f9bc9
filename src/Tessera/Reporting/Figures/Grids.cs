using Tessera.Imaging;

namespace Tessera.Reporting.Figures;

/// <summary>Grids of pictures, as the seed shows them: <c>torchvision.utils.make_grid</c> with its defaults.</summary>
internal static class Grids
{
    private const int Columns = 8, Padding = 2;

    /// <summary>A part with a grid of pictures of one size, 2 black pixels between them.</summary>
    public static PicturePart Of(
        string fileName, string label, string alternative, IReadOnlyList<Image> pictures, int columns = Columns) =>
        new(fileName, label, alternative, ImageGrid.Make(pictures, columns, Padding));
}
