using Tessera.Imaging;

namespace Tessera.Reporting.Figures;

/// <summary>
/// Grids of images, as the reference notebook shows them: <c>torchvision.utils.make_grid</c> with its defaults.
/// </summary>
internal static class Grids
{
    private const int Columns = 8, Padding = 2;

    /// <summary>A part with a grid of images of one size, 2 black pixels between them.</summary>
    public static ImagePart Of(
        string fileName, string label, string alternative, IReadOnlyList<Image> images, int columns = Columns) =>
        new(fileName, label, alternative, ImageGrid.Make(images, columns, Padding));
}
