namespace Tessera.Imaging;

/// <summary>
/// The row filters of the PNG standard, section 9: a row is stored as its differences from what the byte to the left
/// (a), above (b) and above left (c) predict. Bytes outside the picture count as 0; all arithmetic is modulo 256.
/// </summary>
internal static class PngFilter
{
    /// <summary>How many filters there are: 0 none, 1 sub (a), 2 up (b), 3 average ((a + b) / 2), 4 Paeth.</summary>
    public const int Count = 5;

    /// <summary>Undoes a filter in place.</summary>
    /// <param name="filter">0 to 4.</param>
    /// <param name="row">The stored bytes; becomes the row.</param>
    /// <param name="above">The row above, undone already, of the same length; zeros for the first row.</param>
    /// <param name="stride">The distance to the byte to the left: <see cref="PngHeader.FilterStride"/>.</param>
    /// <exception cref="InvalidDataException">There is no such filter.</exception>
    public static void Undo(int filter, Span<byte> row, ReadOnlySpan<byte> above, int stride)
    {
        if (filter >= Count) throw new InvalidDataException($"row filter {filter} does not exist");
        for (int i = 0; i < row.Length; i++)
            row[i] += Predict(filter, row, above, i, stride);
    }

    /// <summary>Applies a filter: <paramref name="stored"/> becomes the differences.</summary>
    public static void Apply(
        int filter, ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, int stride, Span<byte> stored)
    {
        for (int i = 0; i < row.Length; i++)
            stored[i] = (byte)(row[i] - Predict(filter, row, above, i, stride));
    }

    private static byte Predict(int filter, ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, int i, int stride)
    {
        int a = i < stride ? 0 : row[i - stride];
        return filter switch
        {
            0 => 0,
            1 => (byte)a,
            2 => above[i],
            3 => (byte)((a + above[i]) / 2),
            _ => Paeth(a, above[i], i < stride ? 0 : above[i - stride]),
        };
    }

    /// <summary>Whichever of a, b and c is nearest to a + b - c; on a tie the first of them.</summary>
    private static byte Paeth(int a, int b, int c)
    {
        int toA = Math.Abs(b - c), toB = Math.Abs(a - c), toC = Math.Abs(a + b - 2 * c);
        return (byte)(toA <= toB && toA <= toC ? a : toB <= toC ? b : c);
    }
}
