using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Tests.Devices;

public class NearestRowsTests
{
    /// <summary>
    /// If the distances of two rows differ by less than this, relative to |x|^2 + |e|^2, float32 may choose either: the
    /// score is a sum of that size with some dozens of roundings of up to 2^-24.
    /// </summary>
    private const double NearTie = 4e-6;

    [Fact]
    public void The_nearest_row_is_found()
    {
        foreach (int tableRows in (int[])[1, 5, 31, 512, 513])
        {
            foreach (int columns in (int[])[1, 3, 8, 64, 65])
            {
                foreach (int rows in (int[])[1, 7, 100]) AssertNearest(rows, tableRows, columns);
            }
        }
    }

    /// <summary>
    /// Copies of the best row in the same vector, in the same lane of the next vector, and in other panels.
    /// </summary>
    [Fact]
    public void The_lowest_of_equal_rows_is_taken()
    {
        const int TableRows = 300, Columns = 7;
        int[] copies = [3, 4, 7, 11, 19, 20, 35, 64, 131, 299];
        float[] table = Numbers.Normal(TableRows * Columns, 1);
        for (int first = 0; first < copies.Length; first++)
        {
            float[] withCopies = [.. table];
            float[] best = Numbers.Normal(Columns, 9);
            foreach (int copy in copies[first..]) best.CopyTo(withCopies, copy * Columns);
            float[] x = [.. Enumerable.Repeat(best, 9).SelectMany(row => row)];
            Storage<float> sX = Kernels.Store(x), sTable = Kernels.Store(withCopies);
            foreach (Device device in Kernels.All)
            {
                int[] nearest = Nearest(device, sX, 9, sTable, TableRows, Columns);
                Assert.All(
                    nearest,
                    row => Assert.True(
                        row == copies[first], $"{device.Description}: {row} instead of {copies[first]}"));
            }
        }
    }

    [Fact]
    public void A_table_of_equal_rows_gives_row_0()
    {
        float[] row = Numbers.Normal(5, 1);
        Storage<float> table = Kernels.Store([.. Enumerable.Repeat(row, 70).SelectMany(values => values)]);
        Storage<float> x = Kernels.Store(Numbers.Normal(13 * 5, 2));
        foreach (Device device in Kernels.All)
        {
            int[] nearest = Nearest(device, x, 13, table, 70, 5);
            Assert.All(nearest, index => Assert.Equal(0, index));
        }
    }

    /// <summary>The nearest row of a NaN is undefined, but the result must be a row of the table.</summary>
    [Fact]
    public void A_NaN_gives_row_0_and_leaves_the_other_rows_alone()
    {
        float[] x = Numbers.Normal(8 * 3, 1);
        x[3 * 3 + 1] = float.NaN;
        Storage<float> sX = Kernels.Store(x), table = Kernels.Store(Numbers.Normal(40 * 3, 2));
        int[]? expected = null;
        foreach (Device device in Kernels.All)
        {
            int[] nearest = Nearest(device, sX, 8, table, 40, 3);
            Assert.Equal(0, nearest[3]);
            Assert.Equal(expected ??= nearest, nearest);
        }
    }

    [Fact]
    public void A_row_of_the_table_with_a_NaN_is_nearest_to_nothing()
    {
        const int TableRows = 40, Columns = 3;
        float[] x = Numbers.Normal(TableRows * Columns, 1);
        for (int spoilt = 0; spoilt < TableRows; spoilt++)
        {
            // Row i is nearest to itself, except for the spoilt row.
            float[] table = [.. x];
            table[spoilt * Columns + 1] = float.NaN;
            Storage<float> sX = Kernels.Store(x), sTable = Kernels.Store(table);
            int[] expected = Nearest(Kernels.Reference, sX, TableRows, sTable, TableRows, Columns);
            Assert.NotEqual(spoilt, expected[spoilt]);
            foreach (Device device in Kernels.All)
            {
                Assert.Equal(expected, Nearest(device, sX, TableRows, sTable, TableRows, Columns));
            }
        }
    }

    private static void AssertNearest(int rows, int tableRows, int columns)
    {
        float[] x = Numbers.Normal(rows * columns, 1), table = Numbers.Normal(tableRows * columns, 2);
        Storage<float> sX = Kernels.Store(x), sTable = Kernels.Store(table);
        foreach (Device device in Kernels.All)
        {
            int[] nearest = Nearest(device, sX, rows, sTable, tableRows, columns);
            for (int row = 0; row < rows; row++)
            {
                ReadOnlySpan<float> vector = x.AsSpan(row * columns, columns);
                int best = Nearest(vector, table);
                if (nearest[row] == best) continue;
                (double found, double scale) = Distance(vector, table, nearest[row]);
                (double least, _) = Distance(vector, table, best);
                Assert.True(
                    found - least <= NearTie * scale,
                    $"{device.Description}, {rows} rows, table {tableRows}x{columns}: row {row} is nearest to {best}"
                    + $" (distance {least:R}), not to {nearest[row]} ({found:R})");
            }
        }
    }

    /// <summary>The results of the primitive, which writes nothing else.</summary>
    private static int[] Nearest(
        Device device, Storage<float> x, int rows, Storage<float> table, int tableRows, int columns)
    {
        var nearest = new GuardedMemory<int>([.. Enumerable.Repeat(-1, rows)]);
        device.NearestRows(x, table, tableRows, columns, nearest.Storage);
        Assert.True(nearest.IsIntact, $"{device.Description} wrote outside the results");
        return [.. nearest.Values];
    }

    private static int Nearest(ReadOnlySpan<float> x, float[] table)
    {
        int best = 0;
        double least = double.PositiveInfinity;
        for (int k = 0; k < table.Length / x.Length; k++)
        {
            (double distance, _) = Distance(x, table, k);
            if (distance < least) (least, best) = (distance, k);
        }
        return best;
    }

    /// <summary>|x - e|^2 and |x|^2 + |e|^2.</summary>
    private static (double Distance, double Scale) Distance(ReadOnlySpan<float> x, float[] table, int k)
    {
        double distance = 0, scale = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double a = x[i], e = table[k * x.Length + i];
            distance += (a - e) * (a - e);
            scale += a * a + e * e;
        }
        return (distance, scale);
    }
}
