using System.Globalization;
using Tessera.Imaging;

namespace Tessera.Cli.CommandLine;

/// <summary>The cells of an image that a completion keeps, as the option --keep names them.</summary>
internal static class KeptCells
{
    /// <summary>The name of the option.</summary>
    public const string Name = "--keep";

    /// <summary>Checks the value without the image.</summary>
    /// <exception cref="InputException">It is no word, no fraction and no file.</exception>
    public static void Check(string keep)
    {
        if (keep is "top" or "left" || File.Exists(keep)) return;
        if (Fraction(keep) is not null) return;
        throw new InputException(
            $"{Name} {keep}: give top, left, the upper part to keep as a fraction such as 0.25, or a mask file that "
            + "exists");
    }

    /// <summary>Whether each cell is kept, <c>[rows, columns]</c>.</summary>
    /// <param name="keep">The option's value.</param>
    /// <param name="rows">Rows of cells.</param>
    /// <param name="columns">Columns of cells.</param>
    /// <param name="cell">Pixels of a cell in each direction.</param>
    /// <exception cref="InputException">The mask cannot be read or has another size.</exception>
    public static bool[] Find(string keep, int rows, int columns, int cell)
    {
        bool[] kept = new bool[rows * columns];
        Func<int, int, bool> isKept = keep switch
        {
            "top" => (row, _) => row < rows / 2,
            "left" => (_, column) => column < columns / 2,
            _ when Fraction(keep) is { } fraction => (row, _) => row < (int)Math.Round(fraction * rows),
            _ => Mask(keep, rows, columns, cell),
        };
        for (int i = 0; i < kept.Length; i++) kept[i] = isKept(i / columns, i % columns);
        return kept;
    }

    private static double? Fraction(string keep) =>
        double.TryParse(keep, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
        && value is >= 0 and <= 1
            ? value
            : null;

    /// <summary>A cell is kept if all pixels of the mask there are white.</summary>
    private static Func<int, int, bool> Mask(string path, int rows, int columns, int cell)
    {
        const byte LeastWhite = 128;
        Image mask = ImageFile.Read(path);
        if ((mask.Height, mask.Width) != (rows * cell, columns * cell))
            throw new InputException(
                $"{Name} {path}: the mask is {mask.Height}x{mask.Width}; it must be as large as the image, "
                + $"{rows * cell}x{columns * cell}");
        return (row, column) => Enumerable.Range(0, cell * cell).All(i =>
        {
            int pixel = (row * cell + i / cell) * mask.Width + column * cell + i % cell;
            return mask.Pixels.AsSpan(pixel * mask.Channels, mask.Channels)
                .IndexOfAnyExceptInRange(LeastWhite, byte.MaxValue) < 0;
        });
    }
}
