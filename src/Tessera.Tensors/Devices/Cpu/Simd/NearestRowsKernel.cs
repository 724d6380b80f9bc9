namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Nearest rows of a table by squared distance, as the maximum of <c>x . e - |e|^2 / 2</c>, which differs from
/// <c>-|x - e|^2 / 2</c> by a number that all e share. Scores of six rows against one panel of the table live in the
/// first-level cache only: there is no distance matrix.
/// </summary>
/// <remarks>
/// Cost: 2 * rows * table rows * columns flops, bound by the multiply-adds; the search for the maximum looks closer
/// only at panels that hold a new best, which soon are few.
/// </remarks>
internal static unsafe class NearestRowsKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    // 16 tiles: enough to use a panel of the table 16 times for each time it is fetched.
    private const int RowsPerItem = 96;
    private const int TileRows = MatrixTile<TSimd, TVector>.Rows;

    private static int TileColumns => MatrixTile<TSimd, TVector>.Columns;

    public static void Run(WorkerPool pool, float* x, float* table, int tableRows, int columns, int* nearest, int rows)
    {
        int panels = (tableRows + TileColumns - 1) / TileColumns;
        using var packed = new Scratch((long)panels * columns * TileColumns);
        using var halfNorms = new Scratch(panels * TileColumns);
        float* packedTable = packed.Floats, start = halfNorms.Floats;
        PackTable(table, tableRows, columns, panels, packedTable, start);
        pool.RunRanges(rows, RowsPerItem, (first, count) =>
            Search(x + (nint)first * columns, columns, packedTable, start, tableRows, nearest + first, count));
    }

    /// <summary>The table as <c>[panel][column][row]</c>, and <c>-|e|^2 / 2</c> of each row.</summary>
    private static void PackTable(float* table, int tableRows, int columns, int panels, float* packed, float* halfNorms)
    {
        for (int row = 0; row < panels * TileColumns; row++)
        {
            float* to = packed + (nint)(row / TileColumns) * columns * TileColumns + row % TileColumns;
            double norm = 0;
            for (int column = 0; column < columns; column++)
            {
                float value = row < tableRows ? table[(nint)row * columns + column] : 0;
                to[(nint)column * TileColumns] = value;
                norm += (double)value * value;
            }
            halfNorms[row] = row < tableRows ? (float)(-norm / 2) : float.NegativeInfinity;
        }
    }

    private static void Search(
        float* x, int columns, float* table, float* halfNorms, int tableRows, int* nearest, int rows)
    {
        float* scores = stackalloc float[TileRows * TileColumns];
        float* best = stackalloc float[RowsPerItem];
        float** tile = stackalloc float*[TileRows];
        new Span<float>(best, rows).Fill(float.NegativeInfinity);
        new Span<int>(nearest, rows).Clear();
        for (int first = 0; first < tableRows; first += TileColumns)
        {
            for (int row = 0; row < rows; row += TileRows)
            {
                for (int r = 0; r < TileRows; r++) tile[r] = x + (nint)Math.Min(row + r, rows - 1) * columns;
                MatrixTile<TSimd, TVector>.RowsTimesPanel(
                    tile, 1, 0, columns, table + (nint)first * columns, halfNorms + first, scores);
                for (int r = 0; r < TileRows && row + r < rows; r++)
                {
                    TakeBest(scores + r * TileColumns, first, ref best[row + r], ref nearest[row + r]);
                }
            }
        }
    }

    private static void TakeBest(float* scores, int first, ref float best, ref int nearest)
    {
        TVector bound = TSimd.Broadcast(best);
        if (!TSimd.AnyGreater(TSimd.Load(scores), bound) && !TSimd.AnyGreater(TSimd.Load(scores + TSimd.Width), bound)) return;
        for (int column = 0; column < TileColumns; column++)
        {
            // Strictly greater: the lowest of equals stays.
            if (scores[column] > best) (best, nearest) = (scores[column], first + column);
        }
    }
}
