using ILGPU;

namespace Tessera.Cuda.Kernels;

/// <summary>What is summed up.</summary>
internal interface ITerm
{
    /// <summary>One term.</summary>
    double Term(int index);
}

/// <summary>What becomes of a sum.</summary>
internal interface ISumUse
{
    /// <summary>Takes the sum of a block; one thread calls it.</summary>
    void Use(int block, double sum);
}

/// <summary>
/// One number of many. Cost: a product and an addition in double precision for an element. Layout: a group has a block
/// of neighbouring elements, its threads take turns; the blocks depend on the number of elements alone, and their sums
/// are added by one group, in order. Bound: memory, 4 bytes for each number read; on cards with few units for double
/// precision, these.
/// </summary>
internal static class SumKernels
{
    /// <summary>The fewest elements of a block, and the most blocks.</summary>
    private const int LeastBlock = 4096, MostBlocks = 1024;

    /// <summary>The elements of a block, where there are so many in all.</summary>
    public static int Block(int elements) => Math.Max(LeastBlock, (elements + MostBlocks - 1) / MostBlocks);

    /// <summary>The number of blocks.</summary>
    public static int Blocks(int elements) => Math.Max(1, (elements + Block(elements) - 1) / Block(elements));

    /// <summary>The sum of each block of <paramref name="Block"/> terms, a group a block.</summary>
    internal readonly record struct Sum<TTerm, TUse>(TTerm Terms, int Count, int Block, TUse Result) : IGroupKernel
        where TTerm : struct, ITerm
        where TUse : struct, ISumUse
    {
        public void Run()
        {
            Doubles shared = SharedMemory.Allocate<double>(Groups.MaxWarps);
            int first = Grid.IdxX * Block, end = Math.Min(first + Block, Count);
            double sum = 0;
            for (int i = first + Group.IdxX; i < end; i += Group.DimX) sum += Terms.Term(i);
            sum = Groups.Sum(sum, shared);
            if (Group.IdxX == 0) Result.Use(Grid.IdxX, sum);
        }
    }

    /// <summary>
    /// Sums of squares of up to 16 tensors: the blocks of a tensor are one row of the grid, and of the sums. A tensor
    /// with fewer blocks than another has sums of 0 after its own.
    /// </summary>
    internal readonly record struct Squares(Sixteen<Floats> Tensors, Doubles Sums) : IGroupKernel
    {
        public void Run()
        {
            Doubles shared = SharedMemory.Allocate<double>(Groups.MaxWarps);
            Floats x = Tensors[Grid.IdxY];
            int block = Block(x.IntLength), first = Grid.IdxX * block, end = Math.Min(first + block, x.IntLength);
            double sum = 0;
            for (int i = first + Group.IdxX; i < end; i += Group.DimX) sum += (double)x[i] * x[i];
            sum = Groups.Sum(sum, shared);
            if (Group.IdxX == 0) Sums[Grid.IdxY * Grid.DimX + Grid.IdxX] = sum;
        }
    }

    internal readonly record struct SquaredDifference(Floats X, Floats Y) : ITerm
    {
        public double Term(int index)
        {
            double difference = (double)X[index] - Y[index];
            return difference * difference;
        }
    }

    internal readonly record struct Plain(Floats X) : ITerm
    {
        public double Term(int index) => X[index];
    }

    /// <summary>Sums of blocks, to be added.</summary>
    internal readonly record struct Partial(Doubles Sums) : ITerm
    {
        public double Term(int index) => Sums[index];
    }

    internal readonly record struct Keep(Doubles Sums) : ISumUse
    {
        public void Use(int block, double sum) => Sums[block] = sum;
    }

    /// <summary>Writes <c>weight * sum / count</c>.</summary>
    internal readonly record struct WriteMean(Floats Result, float Weight, int Count) : ISumUse
    {
        public void Use(int block, double sum) => Result[0] = (float)(Weight * sum / Count);
    }

    /// <summary>Writes the larger of the square root and a least value, for each block.</summary>
    internal readonly record struct WriteLengths(Doubles Lengths, double Least) : ISumUse
    {
        public void Use(int block, double sum)
        {
            double length = Math.Sqrt(sum);
            // NaN stays NaN.
            Lengths[block] = length < Least ? Least : length;
        }
    }

    /// <summary>Writes the length of a vector, and the factor that shortens it; 1 for none.</summary>
    internal readonly record struct WriteClip(Floats Norm, Doubles Factor, float MaxNorm) : ISumUse
    {
        public void Use(int block, double sum)
        {
            double length = Math.Sqrt(sum), factor = MaxNorm / (length + 1e-6);
            bool isFinite = length <= double.MaxValue;
            // A finite length may be beyond float32.
            Norm[0] = isFinite && length > float.MaxValue ? float.MaxValue : (float)length;
            Factor[0] = isFinite && factor < 1 ? factor : 1;
        }
    }

    /// <summary>Scales by a factor below 1.</summary>
    internal readonly record struct Clip(Sixteen<Floats> Tensors, Doubles Factor) : IManyKernel
    {
        public int Length(int tensor) => Tensors[tensor].IntLength;

        public void Run(int tensor, int index)
        {
            if (Factor[0] < 1) Tensors[tensor][index] *= (float)Factor[0];
        }
    }
}
