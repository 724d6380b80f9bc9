using ILGPU;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// Products of matrices by tiles. Cost: 2 operations for each row, column and step. Layout: a group has a tile of the
/// product; for 16 steps at a time its threads bring the tiles of both factors to shared memory, each along the
/// direction in which the factor lies in memory, then multiply them there (<see cref="ITile{TSelf}"/>). Bound: the inner
/// step.
/// </summary>
internal static class Tiles
{
    /// <summary>Steps of the sum at a time.</summary>
    public const int Depth = 16;

    // Moves neighbouring steps to other banks of the shared memory, and keeps four neighbours aligned.
    private const int Margin = 4;

    /// <summary>Numbers from one step to the next in shared memory.</summary>
    public static int Stride<TTile>() where TTile : struct, ITile<TTile> => TTile.Side + Margin;

    /// <summary>A tile of a product of two factors, over the steps of a slice.</summary>
    internal readonly record struct Product<TLeft, TRight, TResult, TTile>(
        ProductSizes Sizes, TLeft Left, TRight Right, TResult Result) : IGroupKernel
        where TLeft : struct, IOperand
        where TRight : struct, IOperand
        where TResult : struct, IProductResult
        where TTile : struct, ITile<TTile>
    {
        public void Run()
        {
            Floats shared = SharedMemory.Allocate<float>(2 * Depth * Stride<TTile>());
            ArrayView<Place> places = SharedMemory.Allocate<Place>(2 * TTile.Side);
            int firstRow = Grid.IdxX * TTile.Side, firstColumn = Grid.IdxY * TTile.Side, slice = Grid.IdxZ;
            TTile tile = Multiply<TLeft, TRight, TTile>(
                Sizes, Left, Right, slice, firstRow, firstColumn, shared, places);
            tile.Store(Sizes, slice, firstRow, firstColumn, Result);
        }
    }

    /// <summary>Multiplies the rows and columns of a tile; all threads of a group come here together.</summary>
    public static TTile Multiply<TLeft, TRight, TTile>(
        in ProductSizes sizes, TLeft left, TRight right, int slice, int firstRow, int firstColumn, Floats shared,
        ArrayView<Place> places)
        where TLeft : struct, IOperand
        where TRight : struct, IOperand
        where TTile : struct, ITile<TTile>
    {
        Floats leftTile = shared.SubView(0, Depth * Stride<TTile>());
        Floats rightTile = shared.SubView(Depth * Stride<TTile>(), Depth * Stride<TTile>());
        ArrayView<Place> rows = places.SubView(0, TTile.Side), columns = places.SubView(TTile.Side, TTile.Side);
        for (int i = Group.IdxX; i < TTile.Side; i += TTile.Threads)
        {
            rows[i] = left.Outer(slice, firstRow + i);
            columns[i] = right.Outer(slice, firstColumn + i);
        }
        Group.Barrier();
        TTile tile = default;
        int end = sizes.End(slice);
        for (int first = sizes.First(slice); first < end; first += Depth)
        {
            Load<TLeft, TTile>(left, leftTile, rows, sizes.Rows - firstRow, slice, first, end);
            Load<TRight, TTile>(right, rightTile, columns, sizes.Columns - firstColumn, slice, first, end);
            Group.Barrier();
            tile = tile.Multiply(leftTile, rightTile);
            Group.Barrier();
        }
        return tile;
    }

    /// <summary>Brings a tile of a factor to shared memory, with zeros outside.</summary>
    private static void Load<TOperand, TTile>(
        TOperand operand, Floats to, ArrayView<Place> outer, int outerCount, int slice, int first, int end)
        where TOperand : struct, IOperand
        where TTile : struct, ITile<TTile>
    {
        if (TOperand.RunsAlongDepth)
        {
            int step = Group.IdxX % Depth;
            Place depth = operand.Depth(slice, first + step);
            bool isInside = first + step < end;
            for (int i = Group.IdxX / Depth; i < TTile.Side; i += TTile.Threads / Depth)
                to[step * Stride<TTile>() + i] = isInside && i < outerCount ? operand.At(outer[i], depth) : 0;
        }
        else
        {
            int i = Group.IdxX % TTile.Side;
            Place place = outer[i];
            for (int step = Group.IdxX / TTile.Side; step < Depth; step += TTile.Threads / TTile.Side)
            {
                bool isInside = first + step < end && i < outerCount;
                to[step * Stride<TTile>() + i] = isInside ? operand.At(place, operand.Depth(slice, first + step)) : 0;
            }
        }
    }
}
