namespace Tessera.Cuda.Kernels;

/// <summary>The sides of a <see cref="FloatTile{TShape}"/> in threads.</summary>
internal interface IFloatShape
{
    /// <summary>Threads along a side.</summary>
    static abstract int Lanes { get; }
}

/// <summary>32 x 32 elements on 64 threads: for products with few tiles.</summary>
internal readonly struct SmallFloats : IFloatShape
{
    public static int Lanes => 8;
}

/// <summary>64 x 64 elements on 256 threads: a number that was brought to shared memory serves twice as many.</summary>
internal readonly struct LargeFloats : IFloatShape
{
    public static int Lanes => 16;
}

/// <summary>
/// A tile in float32 without tensor cores, 4 x 4 elements a thread: rows and columns at distances of
/// <see cref="IFloatShape.Lanes"/>. Each element is a sum in the order of the steps, in every shape: its bits do not
/// depend on the shape. Cost: 64 products for 8 reads of 16 bytes from shared memory. Bound: reading these.
/// </summary>
internal readonly record struct FloatTile<TShape>(Float4 Row0, Float4 Row1, Float4 Row2, Float4 Row3)
    : ITile<FloatTile<TShape>>
    where TShape : struct, IFloatShape
{
    public static int Rows => 4 * TShape.Lanes;

    public static int Columns => 4 * TShape.Lanes;

    public static int Threads => TShape.Lanes * TShape.Lanes;

    public static int Stages => 2;

    private static int FirstRow => ILGPU.Group.IdxX / TShape.Lanes;

    private static int FirstColumn => ILGPU.Group.IdxX % TShape.Lanes;

    public FloatTile<TShape> Multiply(SharedTile left, SharedTile right)
    {
        FloatTile<TShape> tile = this;
        int row = FirstRow, column = FirstColumn;
        for (int step = 0; step < SharedTile.Depth; step += 4)
        {
            Float4 b0 = right.FourSteps(column, step), b1 = right.FourSteps(column + TShape.Lanes, step);
            Float4 b2 = right.FourSteps(column + 2 * TShape.Lanes, step);
            Float4 b3 = right.FourSteps(column + 3 * TShape.Lanes, step);
            tile = new FloatTile<TShape>(
                Add(tile.Row0, left.FourSteps(row, step), b0, b1, b2, b3),
                Add(tile.Row1, left.FourSteps(row + TShape.Lanes, step), b0, b1, b2, b3),
                Add(tile.Row2, left.FourSteps(row + 2 * TShape.Lanes, step), b0, b1, b2, b3),
                Add(tile.Row3, left.FourSteps(row + 3 * TShape.Lanes, step), b0, b1, b2, b3));
        }
        return tile;
    }

    public void Store<TResult>(
        int rows, int columns, int firstRow, int firstColumn, Floats shared, TResult result)
        where TResult : struct, IProductResult
    {
        int row = firstRow + FirstRow, column = firstColumn + FirstColumn;
        if (row < rows) StoreRow(columns, row, column, Row0, result);
        if (row + TShape.Lanes < rows) StoreRow(columns, row + TShape.Lanes, column, Row1, result);
        if (row + 2 * TShape.Lanes < rows) StoreRow(columns, row + 2 * TShape.Lanes, column, Row2, result);
        if (row + 3 * TShape.Lanes < rows) StoreRow(columns, row + 3 * TShape.Lanes, column, Row3, result);
    }

    private static void StoreRow<TResult>(int columns, int row, int column, Float4 values, TResult result)
        where TResult : struct, IProductResult
    {
        if (column < columns) result.Store(row, column, values.X);
        if (column + TShape.Lanes < columns) result.Store(row, column + TShape.Lanes, values.Y);
        if (column + 2 * TShape.Lanes < columns) result.Store(row, column + 2 * TShape.Lanes, values.Z);
        if (column + 3 * TShape.Lanes < columns) result.Store(row, column + 3 * TShape.Lanes, values.W);
    }

    private static Float4 Add(Float4 sums, Float4 a, Float4 b0, Float4 b1, Float4 b2, Float4 b3) => new(
        Add(sums.X, a, b0), Add(sums.Y, a, b1), Add(sums.Z, a, b2), Add(sums.W, a, b3));

    /// <summary>A sum plus the products of four steps, one after the other.</summary>
    private static float Add(float sum, Float4 a, Float4 b) =>
        sum + a.X * b.X + a.Y * b.Y + a.Z * b.Z + a.W * b.W;
}
