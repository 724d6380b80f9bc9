namespace Tessera.Cuda.Kernels;

/// <summary>
/// The inner step of a product: a tile of it, spread over the threads of a group, which grows by the product of two
/// tiles in shared memory. What computes it, in which precision, how the factors lie in shared memory, and which thread
/// has which elements, is known here alone.
/// </summary>
/// <typeparam name="TSelf">The type itself; its default is a tile of zeros.</typeparam>
internal interface ITile<TSelf> where TSelf : struct, ITile<TSelf>
{
    /// <summary>Rows and columns of the tile.</summary>
    static abstract int Side { get; }

    /// <summary>Threads of a group.</summary>
    static abstract int Threads { get; }

    /// <summary>Steps of the sum at a time.</summary>
    static abstract int Depth { get; }

    /// <summary>Numbers of a factor's tile in shared memory.</summary>
    static abstract int SharedLength { get; }

    /// <summary>Puts an element of a factor into its tile in shared memory.</summary>
    static abstract void Put(Floats tile, int outer, int step, float value);

    /// <summary>The tile plus the product of two factors' tiles in shared memory.</summary>
    TSelf Multiply(Floats left, Floats right);

    /// <summary>Hands this thread's elements on.</summary>
    /// <param name="rows">The rows of the product; what is beyond them is left out.</param>
    /// <param name="columns">The columns of the product, likewise.</param>
    /// <param name="firstRow">The tile's first row in the product.</param>
    /// <param name="firstColumn">The tile's first column.</param>
    /// <param name="result">Takes the elements.</param>
    void Store<TResult>(int rows, int columns, int firstRow, int firstColumn, TResult result)
        where TResult : struct, IProductResult;
}

/// <summary>The sides of a <see cref="FloatTile{TShape}"/> in threads.</summary>
internal interface ITileShape
{
    /// <summary>Threads along a side.</summary>
    static abstract int Lanes { get; }
}

/// <summary>32 x 32 elements on 64 threads: for products with few tiles.</summary>
internal readonly struct SmallShape : ITileShape
{
    public static int Lanes => 8;
}

/// <summary>64 x 64 elements on 256 threads: a number that was brought to shared memory serves twice as many.</summary>
internal readonly struct LargeShape : ITileShape
{
    public static int Lanes => 16;
}

/// <summary>
/// A tile in float32, 4 x 4 elements a thread. Each element is a sum in the order of the steps, in every shape: its
/// bits do not depend on the shape. Cost: 16 products for 8 numbers read from shared memory. Bound: reading these.
/// </summary>
internal readonly record struct FloatTile<TShape>(Float4 Row0, Float4 Row1, Float4 Row2, Float4 Row3)
    : ITile<FloatTile<TShape>>
    where TShape : struct, ITileShape
{
    // Rows and columns of a thread.
    private const int Own = 4;

    // Moves neighbouring steps to other banks of the shared memory, and keeps four neighbours aligned.
    private const int Margin = 4;

    public static int Side => Own * TShape.Lanes;

    public static int Threads => TShape.Lanes * TShape.Lanes;

    public static int Depth => 16;

    public static int SharedLength => Depth * Stride;

    /// <summary>This thread's first row in the tile.</summary>
    public static int FirstRow => ILGPU.Group.IdxX / TShape.Lanes * Own;

    /// <summary>This thread's first column in the tile.</summary>
    public static int FirstColumn => ILGPU.Group.IdxX % TShape.Lanes * Own;

    // Step by step, so that a thread's four rows or columns are neighbours.
    private static int Stride => Side + Margin;

    public static void Put(Floats tile, int outer, int step, float value) => tile[step * Stride + outer] = value;

    public FloatTile<TShape> Multiply(Floats left, Floats right)
    {
        FloatTile<TShape> tile = this;
        int row = FirstRow, column = FirstColumn;
        for (int step = 0; step < Depth; step++)
        {
            Float4 a = Float4.Load(left, step * Stride + row), b = Float4.Load(right, step * Stride + column);
            tile = new FloatTile<TShape>(
                tile.Row0.Add(a.X, b), tile.Row1.Add(a.Y, b), tile.Row2.Add(a.Z, b), tile.Row3.Add(a.W, b));
        }
        return tile;
    }

    public void Store<TResult>(int rows, int columns, int firstRow, int firstColumn, TResult result)
        where TResult : struct, IProductResult
    {
        int row = firstRow + FirstRow, column = firstColumn + FirstColumn;
        if (row < rows) StoreRow(columns, row, column, Row0, result);
        if (row + 1 < rows) StoreRow(columns, row + 1, column, Row1, result);
        if (row + 2 < rows) StoreRow(columns, row + 2, column, Row2, result);
        if (row + 3 < rows) StoreRow(columns, row + 3, column, Row3, result);
    }

    private static void StoreRow<TResult>(int columns, int row, int column, Float4 values, TResult result)
        where TResult : struct, IProductResult
    {
        if (column < columns) result.Store(row, column, values.X);
        if (column + 1 < columns) result.Store(row, column + 1, values.Y);
        if (column + 2 < columns) result.Store(row, column + 2, values.Z);
        if (column + 3 < columns) result.Store(row, column + 3, values.W);
    }
}

/// <summary>Four numbers in registers. (An array would lie in local memory.)</summary>
internal readonly record struct Float4(float X, float Y, float Z, float W)
{
    /// <summary>Four neighbouring numbers.</summary>
    public static Float4 Load(Floats from, int at) => new(from[at], from[at + 1], from[at + 2], from[at + 3]);

    /// <summary>These plus a multiple of others.</summary>
    public Float4 Add(float factor, Float4 other) => new(
        X + factor * other.X, Y + factor * other.Y, Z + factor * other.Z, W + factor * other.W);
}
