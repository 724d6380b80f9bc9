using ILGPU;

namespace Tessera.Cuda.Kernels;

/// <summary>Sums over the threads of a group, in a fixed order: every thread gets the same bits.</summary>
internal static class Groups
{
    /// <summary>The most warps of a group.</summary>
    public const int MaxWarps = 8;

    /// <summary>The sum of all threads' values.</summary>
    /// <param name="value">This thread's.</param>
    /// <param name="shared">Shared memory of <see cref="MaxWarps"/> numbers.</param>
    public static double Sum(double value, Doubles shared)
    {
        double sum = Warps.Sum(value);
        // What a sum before left there may still be read.
        Group.Barrier();
        if (Group.IdxX % Warps.Lanes == 0) shared[Group.IdxX / Warps.Lanes] = sum;
        Group.Barrier();
        double total = 0;
        for (int warp = 0; warp < Group.DimX / Warps.Lanes; warp++) total += shared[warp];
        return total;
    }
}
