using ILGPU;

namespace Tessera.Cuda.Kernels;

/// <summary>The warps of a <see cref="TensorTile{TShape, TProduct}"/>.</summary>
internal interface ITensorShape
{
    /// <summary>Warps one below the other.</summary>
    static abstract int WarpRows { get; }

    /// <summary>Warps beside each other.</summary>
    static abstract int WarpColumns { get; }

    /// <summary>Blocks of 32 rows of a warp: 1 or 2. The second one uses what was read for the first again.</summary>
    static abstract int Blocks { get; }

    /// <summary>Pairs of tiles in shared memory, of which a group has 48 KiB.</summary>
    static abstract int Stages { get; }
}

/// <summary>128 x 128 elements on 8 warps: the most products for what is read.</summary>
internal readonly struct Square128 : ITensorShape
{
    public static int WarpRows => 2;

    public static int WarpColumns => 4;

    public static int Blocks => 2;

    public static int Stages => 2;
}

/// <summary>128 x 64 elements on 4 warps: for products of up to 64 columns.</summary>
internal readonly struct Tall64 : ITensorShape
{
    public static int WarpRows => 2;

    public static int WarpColumns => 2;

    public static int Blocks => 2;

    public static int Stages => 3;
}

/// <summary>128 x 32 elements on 4 warps: for products of up to 32 columns.</summary>
internal readonly struct Tall32 : ITensorShape
{
    public static int WarpRows => 4;

    public static int WarpColumns => 1;

    public static int Blocks => 1;

    public static int Stages => 3;
}

/// <summary>32 x 32 elements on one warp: for products with few tiles.</summary>
internal readonly struct Square32 : ITensorShape
{
    public static int WarpRows => 1;

    public static int WarpColumns => 1;

    public static int Blocks => 1;

    public static int Stages => 3;
}

/// <summary>
/// A tile on tensor cores. Cost: a warp reads 12 or 8 times 512 bytes from shared memory for the products of 64 or 32
/// rows, 32 columns and 16 steps. Bound: this reading, or the tensor cores.
/// </summary>
internal readonly record struct TensorTile<TShape, TProduct>(Block Upper, Block Lower)
    : ITile<TensorTile<TShape, TProduct>>
    where TShape : struct, ITensorShape
    where TProduct : struct, IWarpProduct
{
    private const int BlockSide = 32, HalfDepth = 8;

    // What a warp hands on at a time; the stride puts rows into different banks.
    private const int StripRows = 16, StripStride = 36, StripLength = StripRows * StripStride;

    public static int Rows => BlockSide * TShape.Blocks * TShape.WarpRows;

    public static int Columns => BlockSide * TShape.WarpColumns;

    public static int Threads => Warps.Lanes * TShape.WarpRows * TShape.WarpColumns;

    public static int Stages => TShape.Stages;

    private static int FirstRow => Group.IdxX / Warps.Lanes / TShape.WarpColumns * BlockSide * TShape.Blocks;

    private static int FirstColumn => Group.IdxX / Warps.Lanes % TShape.WarpColumns * BlockSide;

    public TensorTile<TShape, TProduct> Multiply(SharedTile left, SharedTile right)
    {
        int row = FirstRow, column = FirstColumn;
        Fragments right0 = right.Fragments(column, 0), right1 = right.Fragments(column, HalfDepth);
        Block upper = TProduct.Multiply(
            Upper, left.Fragments(row, 0), left.Fragments(row, HalfDepth), right0, right1);
        if (TShape.Blocks == 1) return new TensorTile<TShape, TProduct>(upper, Lower);
        row += BlockSide;
        return new TensorTile<TShape, TProduct>(
            upper,
            TProduct.Multiply(Lower, left.Fragments(row, 0), left.Fragments(row, HalfDepth), right0, right1));
    }

    public void Store<TResult>(
        int rows, int columns, int firstRow, int firstColumn, Floats shared, TResult result)
        where TResult : struct, IProductResult
    {
        Floats strip = shared.SubView(Group.IdxX / Warps.Lanes * StripLength, StripLength);
        int row = firstRow + FirstRow, column = firstColumn + FirstColumn;
        StoreBlock(Upper, strip, rows, columns, row, column, result);
        if (TShape.Blocks == 2) StoreBlock(Lower, strip, rows, columns, row + BlockSide, column, result);
    }

    private static void StoreBlock<TResult>(
        Block block, Floats strip, int rows, int columns, int row, int column, TResult result)
        where TResult : struct, IProductResult
    {
        PutStrip(strip, block.Tile00, block.Tile01, block.Tile02, block.Tile03);
        StoreStrip(strip, rows, columns, row, column, result);
        PutStrip(strip, block.Tile10, block.Tile11, block.Tile12, block.Tile13);
        StoreStrip(strip, rows, columns, row + StripRows, column, result);
    }

    /// <summary>Brings 16 rows of a block to shared memory.</summary>
    private static void PutStrip(Floats strip, Float4 tile0, Float4 tile1, Float4 tile2, Float4 tile3)
    {
        int at = Warp.LaneIdx / 4 * StripStride + Warp.LaneIdx % 4 * 2;
        PutTile(strip, at, tile0);
        PutTile(strip, at + 8, tile1);
        PutTile(strip, at + 16, tile2);
        PutTile(strip, at + 24, tile3);
        Warp.Barrier();
    }

    private static void PutTile(Floats strip, int at, Float4 tile)
    {
        strip[at] = tile.X;
        strip[at + 1] = tile.Y;
        strip[at + 8 * StripStride] = tile.Z;
        strip[at + 8 * StripStride + 1] = tile.W;
    }

    /// <summary>Hands 16 rows on, neighbours by neighbouring lanes: they meet in the GPU's memory.</summary>
    private static void StoreStrip<TResult>(
        Floats strip, int rows, int columns, int firstRow, int firstColumn, TResult result)
        where TResult : struct, IProductResult
    {
        int column = firstColumn + Warp.LaneIdx;
        for (int row = 0; row < StripRows; row++)
        {
            if (firstRow + row < rows && column < columns)
                result.Store(firstRow + row, column, strip[row * StripStride + Warp.LaneIdx]);
        }
        Warp.Barrier();
    }
}
