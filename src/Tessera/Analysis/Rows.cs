using System.Numerics;

namespace Tessera.Analysis;

/// <summary>Checks the input of an analysis.</summary>
internal static class Rows
{
    /// <summary>The number of rows of a checked array <c>[rows, columns]</c>.</summary>
    /// <exception cref="ArgumentException">
    /// The length is not a multiple of the columns, a number is not finite, or there are fewer rows than
    /// <paramref name="least"/>.
    /// </exception>
    public static int Count<T>(ReadOnlySpan<T> rows, int columns, int least)
        where T : INumberBase<T>
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (rows.Length % columns != 0)
            throw new ArgumentException($"{rows.Length} numbers do not divide into rows of {columns}", nameof(rows));
        int count = rows.Length / columns;
        if (count < least)
            throw new ArgumentException($"there are {count} rows; at least {least} are needed", nameof(rows));
        for (int i = 0; i < rows.Length; i++)
        {
            if (!T.IsFinite(rows[i]))
                throw new ArgumentException($"row {i / columns} holds {rows[i]}, which is not finite", nameof(rows));
        }
        return count;
    }
}
