using ILGPU;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// Products of matrices by tiles. Cost: 2 operations for each row, column and step. Layout: a group has a tile of the
/// product; for 16 steps at a time its threads bring the tiles of both factors to shared memory
/// (<see cref="SharedTile"/>), some stages ahead, and multiply them there (<see cref="ITile{TSelf}"/>). Bound: the
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
            int slice = Grid.IdxZ, firstRow = Grid.IdxX * TTile.Rows, firstColumn = Grid.IdxY * TTile.Columns;
            ProductSizes sizes = Products.Sizes(slice);
            // The grid has as many tiles for all slices as the largest needs.
            if (firstRow >= sizes.Rows || firstColumn >= sizes.Columns) return;
            Floats shared = SharedMemory.Allocate<float>(
                TTile.Stages * (TTile.Rows + TTile.Columns) * SharedTile.DepthStride);
            TTile tile = Of<TLeft, TRight, TTile>(
                sizes, Products.Left(slice), Products.Right(slice), firstRow, firstColumn, shared);
            Group.Barrier();
            tile.Store(sizes.Rows, sizes.Columns, firstRow, firstColumn, shared, Products.Result(slice));
        }
    }

    /// <summary>A tile of a product; all threads of a group come here together, once.</summary>
    private static TTile Of<TLeft, TRight, TTile>(
        ProductSizes sizes, TLeft left, TRight right, int firstRow, int firstColumn, Floats shared)
        where TLeft : struct, IOperand
        where TRight : struct, IOperand
        where TTile : struct, ITile<TTile>
    {
        // The same for all threads of the group.
        if (sizes.First >= sizes.End) return default;
        ArrayView<Place> rows = SharedMemory.Allocate<Place>(TTile.Rows);
        ArrayView<Place> columns = SharedMemory.Allocate<Place>(TTile.Columns);
        for (int i = Group.IdxX; i < TTile.Rows; i += TTile.Threads) rows[i] = left.Outer(firstRow + i);
        for (int i = Group.IdxX; i < TTile.Columns; i += TTile.Threads) columns[i] = right.Outer(firstColumn + i);
        Group.Barrier();

        var stages = new Stages<TTile>(shared, left.RunsAlongDepth, right.RunsAlongDepth);
        int leftCount = sizes.Rows - firstRow, rightCount = sizes.Columns - firstColumn;
        // A stage without steps is closed too: the number of stages under way tells which have arrived.
        for (int stage = 0; stage < TTile.Stages - 1; stage++)
        {
            int first = sizes.First + stage * SharedTile.Depth;
            Copy(left, stages.Left(stage), rows, leftCount, first, sizes.End, TTile.Threads);
            Copy(right, stages.Right(stage), columns, rightCount, first, sizes.End, TTile.Threads);
            TensorCores.CommitCopies();
        }
        TTile tile = default;
        int current = 0;
        for (int first = sizes.First; first < sizes.End; first += SharedTile.Depth)
        {
            TensorCores.WaitForCopies(TTile.Stages - 2);
            // What others copied is there; what was multiplied last may be overwritten.
            Group.Barrier();
            int free = current == 0 ? TTile.Stages - 1 : current - 1;
            int ahead = first + (TTile.Stages - 1) * SharedTile.Depth;
            Copy(left, stages.Left(free), rows, leftCount, ahead, sizes.End, TTile.Threads);
            Copy(right, stages.Right(free), columns, rightCount, ahead, sizes.End, TTile.Threads);
            TensorCores.CommitCopies();
            tile = tile.Multiply(stages.Left(current), stages.Right(current));
            current = current == TTile.Stages - 1 ? 0 : current + 1;
        }
        // Stages beyond the last step are filled with zeros; a barrier does not wait for them.
        TensorCores.WaitForCopies(0);
        return tile;
    }

    /// <summary>The pairs of factors' tiles in shared memory.</summary>
    private readonly record struct Stages<TTile>(Floats Shared, bool LeftRunsAlongDepth, bool RightRunsAlongDepth)
        where TTile : struct, ITile<TTile>
    {
        private static int LeftLength => SharedTile.Length(TTile.Rows);

        private static int RightLength => SharedTile.Length(TTile.Columns);

        public SharedTile Left(int stage) => new(
            Shared.SubView(stage * (LeftLength + RightLength), LeftLength), TTile.Rows, LeftRunsAlongDepth);

        public SharedTile Right(int stage) => new(
            Shared.SubView(stage * (LeftLength + RightLength) + LeftLength, RightLength), TTile.Columns,
            RightRunsAlongDepth);
    }

    /// <summary>Begins to copy a tile of a factor to shared memory, with zeros outside.</summary>
    private static void Copy<TOperand>(
        TOperand operand, SharedTile to, ArrayView<Place> outer, int outerCount, int first, int end, int threads)
        where TOperand : struct, IOperand
    {
        if (operand.Run == 4)
            CopyRuns(operand, to, outer, outerCount, first, end, threads, 4);
        else
            CopyRuns(operand, to, outer, outerCount, first, end, threads, 1);
    }

    private static void CopyRuns<TOperand>(
        TOperand operand, SharedTile to, ArrayView<Place> outer, int outerCount, int first, int end, int threads,
        int run)
        where TOperand : struct, IOperand
    {
        if (operand.RunsAlongDepth)
        {
            int runs = SharedTile.Depth / run, step = Group.IdxX % runs * run;
            bool isInside = first + step < end;
            // Beyond the end too, so that it is taken apart once and not for each copy.
            Place depth = operand.Depth(Math.Min(first + step, end - 1));
            for (int i = Group.IdxX / runs; i < to.Side; i += threads / runs)
                CopyRun(operand, to, i, step, isInside && i < outerCount ? operand.At(outer[i], depth) : -1, run);
        }
        else
        {
            int runs = to.Side / run, i = Group.IdxX % runs * run;
            Place place = outer[i];
            for (int step = Group.IdxX / runs; step < SharedTile.Depth; step += threads / runs)
            {
                bool isInside = first + step < end && i < outerCount;
                CopyRun(operand, to, i, step, isInside ? operand.At(place, operand.Depth(first + step)) : -1, run);
            }
        }
    }

    private static void CopyRun<TOperand>(TOperand operand, SharedTile to, int outer, int step, int from, int run)
        where TOperand : struct, IOperand
    {
        int at = to.At(outer, step), bytes = from < 0 ? 0 : sizeof(float) * run;
        if (run == 4)
            TensorCores.CopyFour(
                ref Float4.At(to.Memory, at), ref Float4.At(operand.Memory, Math.Max(from, 0)), bytes);
        else
            TensorCores.CopyOne(ref to.Memory[at], ref operand.Memory[Math.Max(from, 0)], bytes);
    }
}
