using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Nearest rows of a table by squared distance, as the maximum of <c>x . e - |e|^2 / 2</c>, which differs from
/// <c>-|x - e|^2 / 2</c> by the same number for all e. There is no distance matrix: the scores of six rows against one
/// panel of the table stay in the first-level cache, and each lane keeps its best score so far.
/// </summary>
/// <remarks>
/// Cost: 2 * rows * table rows * columns flops, bound by the multiply-adds. The sums start from <c>-|e|^2 / 2</c>; a
/// comparison and two blends per vector of scores, without a branch, add a tenth of the time at 64 columns.
/// </remarks>
internal static unsafe class NearestRowsKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    // 8 tiles: with 64 columns, the rows, their best scores and a panel of the table fill the first-level cache.
    private const int RowsPerItem = 48;
    private const int TileRows = MatrixTile<TSimd, TVector>.Rows;

    private static int TileColumns => MatrixTile<TSimd, TVector>.Columns;

    public static void Run(WorkerPool pool, float* x, float* table, int tableRows, int columns, int* nearest, int rows)
    {
        int panels = (tableRows + TileColumns - 1) / TileColumns;
        using var packed = new Scratch((long)panels * columns * TileColumns);
        using var halfNorms = new Scratch((long)panels * TileColumns);
        float* packedTable = packed.Floats, start = halfNorms.Floats;
        pool.Run(panels, panel => PackPanel(
            table, tableRows, columns, panel * TileColumns,
            packedTable + (nint)panel * columns * TileColumns, start + (nint)panel * TileColumns));
        pool.RunRanges(rows, RowsPerItem, (first, count) =>
            Search(x + (nint)first * columns, columns, packedTable, start, panels, nearest + first, count));
    }

    /// <summary>
    /// Packs rows of the table as <c>[column][row]</c>, and computes <c>-|e|^2 / 2</c> of each; rows past the last
    /// never win.
    /// </summary>
    private static void PackPanel(
        float* table, int tableRows, int columns, int firstRow, float* packed, float* halfNorms)
    {
        double* norms = stackalloc double[TileColumns];
        int rows = Math.Min(TileColumns, tableRows - firstRow);
        new Span<double>(norms, TileColumns).Clear();
        new Span<float>(packed, columns * TileColumns).Clear();
        for (int column = 0; column < columns; column++)
        {
            for (int row = 0; row < rows; row++)
            {
                float value = table[(nint)(firstRow + row) * columns + column];
                packed[(nint)column * TileColumns + row] = value;
                norms[row] += (double)value * value;
            }
        }
        for (int row = 0; row < TileColumns; row++)
        {
            halfNorms[row] = row < rows ? (float)(-norms[row] / 2) : float.NegativeInfinity;
        }
    }

    private static void Search(
        float* x, int columns, float* table, float* halfNorms, int panels, int* nearest, int rows)
    {
        using var lanes = new Scratch(2 * RowsPerItem * TSimd.Width + TileRows * TileColumns);
        float* best = lanes.Floats, bestVector = best + RowsPerItem * TSimd.Width;
        float* scores = bestVector + RowsPerItem * TSimd.Width;
        float** rowPointers = stackalloc float*[RowsPerItem];
        new Span<float>(best, RowsPerItem * TSimd.Width).Fill(float.NegativeInfinity);
        new Span<float>(bestVector, RowsPerItem * TSimd.Width).Clear();
        // All rows at once: they come from memory, and the first panel would wait for each tile of them.
        for (nint i = 0; i < (nint)rows * columns; i += CacheLine.Floats) CacheLine.Prefetch(x + i);
        // Rows past the last one repeat it; their results are dropped.
        for (int row = 0; row < RowsPerItem; row++) rowPointers[row] = x + (nint)Math.Min(row, rows - 1) * columns;

        for (int panel = 0; panel < panels; panel++)
        {
            for (int row = 0; row < rows; row += TileRows)
            {
                MatrixTile<TSimd, TVector>.RowsTimesPanel(
                    rowPointers + row, 1, 0, columns, table + (nint)panel * columns * TileColumns,
                    halfNorms + (nint)panel * TileColumns, scores);
                KeepBest(scores, panel, best + row * TSimd.Width, bestVector + row * TSimd.Width);
            }
        }
        for (int row = 0; row < rows; row++)
        {
            nearest[row] = BestOfLanes(best + row * TSimd.Width, bestVector + row * TSimd.Width);
        }
    }

    /// <summary>
    /// Each lane of a row keeps its best score and the number of that score's vector of the table. The comparison is
    /// strict, so the first of equal scores stays and NaN never wins.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void KeepBest(float* scores, int panel, float* best, float* bestVector)
    {
        // Floats, exact up to 2^24 vectors.
        TVector low = TSimd.Broadcast(2 * panel), high = TSimd.Broadcast(2 * panel + 1);
        for (int row = 0; row < TileRows; row++)
        {
            TVector score = TSimd.Load(scores), bound = TSimd.Load(best), vector = TSimd.Load(bestVector);
            vector = TSimd.WhereGreater(score, bound, low, vector);
            bound = TSimd.WhereGreater(score, bound, score, bound);
            score = TSimd.Load(scores + TSimd.Width);
            TSimd.Store(TSimd.WhereGreater(score, bound, high, vector), bestVector);
            TSimd.Store(TSimd.WhereGreater(score, bound, score, bound), best);
            scores += TileColumns;
            best += TSimd.Width;
            bestVector += TSimd.Width;
        }
    }

    /// <summary>The row of the table with the best score of all lanes; on a tie, the lowest.</summary>
    private static int BestOfLanes(float* best, float* bestVector)
    {
        float score = best[0];
        for (int lane = 1; lane < TSimd.Width; lane++) score = float.MaxNative(score, best[lane]);
        int nearest = int.MaxValue;
        for (int lane = 0; lane < TSimd.Width; lane++)
        {
            if (best[lane] == score) nearest = Math.Min(nearest, (int)bestVector[lane] * TSimd.Width + lane);
        }
        return nearest;
    }
}
