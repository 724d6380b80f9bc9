using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Tests;

public class NearestRowsTests
{
    /// <summary>More than a tile of rows, of the table's rows and of columns.</summary>
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(35, 33, 3)]
    [InlineData(3, 5, 17)]
    public void The_nearest_row_is_found(int rows, int tableRows, int columns)
    {
        float[] x = Numbers.Normal(rows * columns, 1), table = Numbers.Normal(tableRows * columns, 2);
        Assert.Equal(
            Nearest(Simulation.Reference, x, rows, table, tableRows, columns),
            Nearest(Simulation.Small, x, rows, table, tableRows, columns));
    }

    /// <summary>Copies of the best row in the same thread, in another thread, and in another tile.</summary>
    [Fact]
    public void The_lowest_of_equal_rows_is_taken()
    {
        const int TableRows = 70, Columns = 7;
        float[] table = Numbers.Normal(TableRows * Columns, 1), best = Numbers.Normal(Columns, 9);
        int[] copies = [17, 18, 21, 64];
        for (int first = 0; first < copies.Length; first++)
        {
            float[] withCopies = [.. table];
            foreach (int copy in copies[first..]) best.CopyTo(withCopies, copy * Columns);
            Assert.Equal([copies[first]], Nearest(Simulation.Small, best, 1, withCopies, TableRows, Columns));
        }
    }

    [Fact]
    public void A_NaN_gives_row_0_and_is_nearest_to_nothing()
    {
        const int TableRows = 40, Columns = 3;
        float[] table = Numbers.Normal(TableRows * Columns, 1), x = [.. table];
        x[3 * Columns + 1] = float.NaN;
        table[7 * Columns] = float.NaN;
        int[] nearest = Nearest(Simulation.Small, x, TableRows, table, TableRows, Columns);
        Assert.Equal(0, nearest[3]);
        Assert.Equal(Nearest(Simulation.Reference, x, TableRows, table, TableRows, Columns), nearest);
    }

    private static int[] Nearest(Device device, float[] x, int rows, float[] table, int tableRows, int columns)
    {
        using var bench = new Bench(device);
        Guarded<int> nearest = bench.Guard<int>([.. Enumerable.Repeat(-1, rows)]);
        device.NearestRows(bench.Store(x), bench.Store(table), tableRows, columns, nearest.Storage);
        Assert.True(nearest.IsIntact, $"{device.Description} wrote beside the results");
        return nearest.Values;
    }
}
