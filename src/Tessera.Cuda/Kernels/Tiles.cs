using ILGPU;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// Products of matrices by tiles. Cost: 2 operations for each row, column and step. Layout: a group has a tile of the
/// product; for some steps at a time its threads bring the tiles of both factors to shared memory, each along the
/// direction in which the factor lies in memory, then multiply them there (<see cref="ITile{TSelf}"/>). Bound: the
/// inner step.
/// </summary>
internal static class Tiles
{
    /// <summary>Computes products, a group a tile; the grid's third direction is the slice.</summary>
    internal readonly record struct Multiply<TProducts, TLeft, TRight, TResult, TTile>(TProducts Products)
        : IGroupKernel
        where TProducts : struct, IProducts<TLeft, TRight, TResult>
        where TLeft : struct, IOperand
        where TRight : struct, IOperand
        where TResult : struct, IProductResult
        where TTile : struct, ITile<TTile>
    {
        public void Run()
        {
            int slice = Grid.IdxZ, firstRow = Grid.IdxX * TTile.Side, firstColumn = Grid.IdxY * TTile.Side;
            ProductSizes sizes = Products.Sizes(slice);
            // The grid has as many tiles for all slices as the largest needs.
            if (firstRow >= sizes.Rows || firstColumn >= sizes.Columns) return;
            Floats shared = SharedMemory.Allocate<float>(2 * TTile.SharedLength);
            ArrayView<Place> places = SharedMemory.Allocate<Place>(2 * TTile.Side);
            TTile tile = Of<TLeft, TRight, TTile>(
                sizes, Products.Left(slice), Products.Right(slice), firstRow, firstColumn, shared, places);
            tile.Store(sizes.Rows, sizes.Columns, firstRow, firstColumn, Products.Result(slice));
        }
    }

    /// <summary>A tile of a product; all threads of a group come here together.</summary>
    public static TTile Of<TLeft, TRight, TTile>(
        ProductSizes sizes, TLeft left, TRight right, int firstRow, int firstColumn, Floats shared,
        ArrayView<Place> places)
        where TLeft : struct, IOperand
        where TRight : struct, IOperand
        where TTile : struct, ITile<TTile>
    {
        Floats leftTile = shared.SubView(0, TTile.SharedLength);
        Floats rightTile = shared.SubView(TTile.SharedLength, TTile.SharedLength);
        ArrayView<Place> rows = places.SubView(0, TTile.Side), columns = places.SubView(TTile.Side, TTile.Side);
        for (int i = Group.IdxX; i < TTile.Side; i += TTile.Threads)
        {
            rows[i] = left.Outer(firstRow + i);
            columns[i] = right.Outer(firstColumn + i);
        }
        Group.Barrier();
        TTile tile = default;
        for (int first = sizes.First; first < sizes.End; first += TTile.Depth)
        {
            Load<TLeft, TTile>(left, leftTile, rows, sizes.Rows - firstRow, first, sizes.End);
            Load<TRight, TTile>(right, rightTile, columns, sizes.Columns - firstColumn, first, sizes.End);
            Group.Barrier();
            tile = tile.Multiply(leftTile, rightTile);
            Group.Barrier();
        }
        return tile;
    }

    /// <summary>Brings a tile of a factor to shared memory, with zeros outside.</summary>
    private static void Load<TOperand, TTile>(
        TOperand operand, Floats to, ArrayView<Place> outer, int outerCount, int first, int end)
        where TOperand : struct, IOperand
        where TTile : struct, ITile<TTile>
    {
        if (operand.RunsAlongDepth)
        {
            int step = Group.IdxX % TTile.Depth;
            Place depth = operand.Depth(first + step);
            bool isInside = first + step < end;
            for (int i = Group.IdxX / TTile.Depth; i < TTile.Side; i += TTile.Threads / TTile.Depth)
                TTile.Put(to, i, step, isInside && i < outerCount ? operand.At(outer[i], depth) : 0);
        }
        else
        {
            int i = Group.IdxX % TTile.Side;
            Place place = outer[i];
            for (int step = Group.IdxX / TTile.Side; step < TTile.Depth; step += TTile.Threads / TTile.Side)
            {
                bool isInside = first + step < end && i < outerCount;
                TTile.Put(to, i, step, isInside ? operand.At(place, operand.Depth(first + step)) : 0);
            }
        }
    }
}
