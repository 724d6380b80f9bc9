using ILGPU;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// Nearest rows of a table. Cost: 2 operations for each pair of rows and column. Layout: a group has the rows of a tile
/// and goes through the table tile by tile; the score of row e is <c>|e|^2 - 2 x . e</c>, computed alike for equal
/// rows, so that the lowest of them wins; each thread keeps the best of its columns, and the threads of a row compare
/// at the end. Bound: the inner step of <see cref="Tiles"/>.
/// </summary>
internal readonly record struct NearestRowsKernel<TShape>(
    ProductSizes Sizes, Matrix X, Matrix Table, Floats Squares, Integers Nearest) : IGroupKernel
    where TShape : struct, ITileShape
{
    public void Run()
    {
        Floats shared = SharedMemory.Allocate<float>(2 * FloatTile<TShape>.SharedLength);
        ArrayView<Place> places = SharedMemory.Allocate<Place>(2 * FloatTile<TShape>.Side);
        int firstRow = Grid.IdxX * FloatTile<TShape>.Side;
        Best best0 = Best.None, best1 = Best.None, best2 = Best.None, best3 = Best.None;
        for (int firstColumn = 0; firstColumn < Sizes.Columns; firstColumn += FloatTile<TShape>.Side)
        {
            FloatTile<TShape> tile = Tiles.Of<Matrix, Matrix, FloatTile<TShape>>(
                Sizes, X, Table, firstRow, firstColumn, shared, places);
            int column = firstColumn + FloatTile<TShape>.FirstColumn;
            best0 = Better(best0, tile.Row0, column);
            best1 = Better(best1, tile.Row1, column);
            best2 = Better(best2, tile.Row2, column);
            best3 = Better(best3, tile.Row3, column);
        }
        ArrayView<Best> found = SharedMemory.Allocate<Best>(TShape.Lanes * FloatTile<TShape>.Side);
        int at = FloatTile<TShape>.FirstRow * TShape.Lanes + Group.IdxX % TShape.Lanes;
        found[at] = best0;
        found[at + TShape.Lanes] = best1;
        found[at + 2 * TShape.Lanes] = best2;
        found[at + 3 * TShape.Lanes] = best3;
        Group.Barrier();
        if (Group.IdxX >= FloatTile<TShape>.Side || firstRow + Group.IdxX >= Sizes.Rows) return;
        Best best = Best.None;
        for (int lane = 0; lane < TShape.Lanes; lane++)
        {
            Best other = found[Group.IdxX * TShape.Lanes + lane];
            if (other.Score < best.Score || (other.Score == best.Score && other.Row < best.Row)) best = other;
        }
        Nearest[firstRow + Group.IdxX] = best.Row;
    }

    private Best Better(Best best, Float4 products, int column)
    {
        best = Better(best, products.X, column);
        best = Better(best, products.Y, column + 1);
        best = Better(best, products.Z, column + 2);
        return Better(best, products.W, column + 3);
    }

    /// <summary>A score that is no number is not better than any.</summary>
    private Best Better(Best best, float product, int column)
    {
        if (column >= Sizes.Columns) return best;
        float score = Squares[column] - 2 * product;
        return score < best.Score ? new Best(score, column) : best;
    }

    /// <summary>A row of the table and its score.</summary>
    private readonly record struct Best(float Score, int Row)
    {
        // Row 0, for a row that is near to nothing.
        public static Best None => new(float.PositiveInfinity, 0);
    }
}
