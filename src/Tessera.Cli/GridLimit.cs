using Tessera.Imaging;

namespace Tessera.Cli;

/// <summary>The grids of images that one PNG can hold: 256 million samples.</summary>
internal static class GridLimit
{
    private const long MostSamples = 1 << 28;

    /// <summary>Checks a grid before time is spent on its images.</summary>
    /// <param name="count">The number of images.</param>
    /// <param name="size">Their size.</param>
    /// <param name="channels">Their channels.</param>
    /// <param name="columns">Images in a row of the grid.</param>
    /// <param name="padding">Pixels between them.</param>
    /// <param name="remedy">What the user can do: "name a folder with --out".</param>
    /// <exception cref="InputException">The grid is too large.</exception>
    public static void Check(int count, ImageSize size, int channels, int columns, int padding, string remedy)
    {
        if (ImageGrid.CountSamples(count, size.Width, size.Height, channels, columns, padding) > MostSamples)
            throw new InputException($"{count} images are too many for one PNG; {remedy}");
    }
}
