using ILGPU;

namespace Tessera.Cuda.Kernels;

/// <summary>What is summed up over the rows of a matrix.</summary>
internal interface IColumnTerm
{
    /// <summary>The term of one element.</summary>
    float Term(int row, int column);
}

/// <summary>
/// Sums over the rows of a matrix, one for each column. Cost: an addition an element. Layout: a group has up to 32
/// neighbouring columns of a slice of rows; its threads take turns at the rows, at float32, and their sums are added in
/// order in double precision, as are then those of the slices, which depend on the number of rows alone. Bound: memory,
/// 4 bytes for each number read.
/// </summary>
internal static class ColumnKernels
{
    /// <summary>The columns of a group, at most.</summary>
    public const int Width = 32;

    /// <summary>The most threads of a group.</summary>
    public const int MaxThreads = 256;

    private const int LeastRows = 256, MostSlices = 512;

    /// <summary>The rows of a slice, where there are so many in all.</summary>
    public static int SliceRows(int rows) => Math.Max(LeastRows, (rows + MostSlices - 1) / MostSlices);

    /// <summary>The sums of a slice, <c>[slices, columns]</c>.</summary>
    internal readonly record struct SliceSums<TTerm>(TTerm Terms, int Rows, int Columns, int SliceRows, Doubles Sums)
        : IGroupKernel
        where TTerm : struct, IColumnTerm
    {
        public void Run()
        {
            Floats shared = SharedMemory.Allocate<float>(MaxThreads);
            int width = Math.Min(Columns, Width), turns = Group.DimX / width;
            int column = Grid.IdxX * Width + Group.IdxX % width, turn = Group.IdxX / width;
            int first = Grid.IdxY * SliceRows, end = Math.Min(first + SliceRows, Rows);
            float sum = 0;
            // A width that does not divide the threads leaves some over.
            if (column < Columns && turn < turns)
                for (int row = first + turn; row < end; row += turns) sum += Terms.Term(row, column);
            shared[Group.IdxX] = sum;
            Group.Barrier();
            if (turn != 0 || column >= Columns) return;
            double total = 0;
            for (int i = 0; i < turns; i++) total += shared[i * width + Group.IdxX];
            Sums[Grid.IdxY * Columns + column] = total;
        }
    }

    /// <summary>Adds the slices' sums of one column.</summary>
    internal readonly record struct AddSlices(Doubles Slices, int Count, int Columns, Floats Sums, int Accumulate)
        : IWarpKernel
    {
        public void Run(int column, int lane)
        {
            double sum = 0;
            for (int slice = lane; slice < Count; slice += Warps.Lanes) sum += Slices[slice * Columns + column];
            sum = Warps.Sum(sum);
            if (lane == 0) Sums[column] = (float)(Accumulate != 0 ? Sums[column] + sum : sum);
        }
    }

    internal readonly record struct Elements(Floats X, int Columns) : IColumnTerm
    {
        public float Term(int row, int column) => X[row * Columns + column];
    }

    /// <summary>The terms of the gradient of a layer normalisation's gain.</summary>
    internal readonly record struct GainTerms(Floats X, Floats Statistics, Floats GradY, int Columns) : IColumnTerm
    {
        public float Term(int row, int column)
        {
            int i = row * Columns + column;
            return GradY[i] * ((X[i] - Statistics[2 * row]) * Statistics[2 * row + 1]);
        }
    }
}
