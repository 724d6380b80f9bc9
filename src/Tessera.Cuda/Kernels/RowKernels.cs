using ILGPU;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// Rows by number. Cost: next to none. Layout: gathering and dividing have a thread an element, neighbours in a row;
/// what adds up by number has a warp for each row of the table, which looks through all numbers and so adds in their
/// order. Bound: memory; for the sums, the numbers read once for each row of the table, from the caches.
/// </summary>
internal static class RowKernels
{
    internal readonly record struct Gather(Floats Table, int Columns, Integers Indices, Floats Y) : IElementKernel
    {
        public void Run(int index) =>
            Y[index] = Table[Indices[index / Columns] * Columns + index % Columns];
    }

    internal readonly record struct Scatter(Floats X, int Columns, Integers Indices, Floats Table) : IElementKernel
    {
        public void Run(int index) =>
            Table[Indices[index / Columns] * Columns + index % Columns] = X[index];
    }

    internal readonly record struct Divide(Floats X, Floats Divisors, int Columns, Floats Y) : IElementKernel
    {
        public void Run(int index)
        {
            float divisor = Divisors[index / Columns];
            if (divisor != 0) Y[index] = X[index] / divisor;
        }
    }

    internal readonly record struct Count(Integers Indices, Floats Counts) : IWarpKernel
    {
        public void Run(int row, int lane)
        {
            int count = 0;
            for (int i = lane; i < Indices.IntLength; i += Warps.Lanes)
                if (Indices[i] == row) count++;
            count = Warps.Sum(count);
            if (lane == 0) Counts[row] = count;
        }
    }

    /// <summary>
    /// Adds the rows with one number. The numbers come in pieces of 32 for each lane: a lane notes its matches as bits,
    /// and only for those bits that any lane has set, the warp looks which lanes they are.
    /// </summary>
    internal readonly record struct ScatterAdd(
        Floats X, int Columns, Integers Indices, Floats Table, int Accumulate) : IWarpKernel
    {
        private const int Steps = 32;

        public void Run(int row, int lane)
        {
            if (Accumulate == 0)
                for (int column = lane; column < Columns; column += Warps.Lanes) Table[row * Columns + column] = 0;
            for (int first = 0; first < Indices.IntLength; first += Steps * Warps.Lanes)
            {
                int matches = 0;
                for (int step = 0; step < Steps; step++)
                {
                    int i = first + step * Warps.Lanes + lane;
                    if (i < Indices.IntLength && Indices[i] == row) matches |= 1 << step;
                }
                int any = Warps.Or(matches);
                for (int step = 0; any != 0; step++)
                {
                    if ((any >> step & 1) == 0) continue;
                    any &= ~(1 << step);
                    AddStep(row, lane, first + step * Warps.Lanes, Warps.Or((matches >> step & 1) << lane));
                }
            }
        }

        /// <summary>Adds the rows of the lanes whose bits are set, in order.</summary>
        private void AddStep(int row, int lane, int first, int lanes)
        {
            for (int other = 0; lanes != 0; other++)
            {
                if ((lanes >> other & 1) == 0) continue;
                lanes &= ~(1 << other);
                int from = (first + other) * Columns;
                for (int column = lane; column < Columns; column += Warps.Lanes)
                    Table[row * Columns + column] += X[from + column];
            }
        }
    }

    /// <summary>The perplexity of counts, by one group, which reads them twice.</summary>
    internal readonly record struct Perplexity(Floats Counts, Floats Result) : IGroupKernel
    {
        public void Run()
        {
            Doubles shared = SharedMemory.Allocate<double>(Groups.MaxWarps);
            double total = 0, used = 0, entropy = 0;
            for (int i = Group.IdxX; i < Counts.IntLength; i += Group.DimX)
            {
                total += Counts[i];
                if (Counts[i] > 0) used++;
            }
            total = Groups.Sum(total, shared);
            used = Groups.Sum(used, shared);
            for (int i = Group.IdxX; i < Counts.IntLength; i += Group.DimX)
            {
                double p = total == 0 ? 0 : Counts[i] / total;
                entropy -= p * Numerics.Log(p + 1e-10);
            }
            entropy = Groups.Sum(entropy, shared);
            if (Group.IdxX != 0) return;
            Result[0] = (float)Numerics.Exp(entropy);
            Result[1] = (float)used;
        }
    }

    /// <summary>Laplace smoothing, by one group, which reads the sizes twice.</summary>
    internal readonly record struct SmoothSizes(Floats Sizes, double Epsilon, Floats Smoothed) : IGroupKernel
    {
        public void Run()
        {
            Doubles shared = SharedMemory.Allocate<double>(Groups.MaxWarps);
            double total = 0;
            for (int i = Group.IdxX; i < Sizes.IntLength; i += Group.DimX) total += Sizes[i];
            total = Groups.Sum(total, shared);
            for (int i = Group.IdxX; i < Sizes.IntLength; i += Group.DimX)
                Smoothed[i] = (float)((Sizes[i] + Epsilon) / (total + Sizes.IntLength * Epsilon) * total);
        }
    }
}
