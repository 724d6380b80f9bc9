namespace Tessera.Cuda.Kernels;

/// <summary>
/// Softmax cross-entropy. Cost: an exponential an element, forward and backward. Layout: forward a warp a row, its
/// lanes at neighbouring columns; backward a thread an element. Bound: memory, 4 bytes read forward, 8 read and written
/// backward; the second look at a row comes from the cache.
/// </summary>
internal static class CrossEntropyKernels
{
    internal readonly record struct Forward(
        Floats Logits, int Columns, Integers Targets, Floats Losses, Floats LogSums) : IWarpKernel
    {
        public void Run(int row, int lane)
        {
            int start = row * Columns;
            float largest = float.NegativeInfinity, sum = 0;
            for (int i = lane; i < Columns; i += Warps.Lanes)
                if (Logits[start + i] > largest) largest = Logits[start + i];
            largest = Warps.Max(largest);
            for (int i = lane; i < Columns; i += Warps.Lanes) sum += Numerics.Exp(Logits[start + i] - largest);
            double logSum = largest + Numerics.Log(Warps.Sum(sum));
            if (lane != 0) return;
            Losses[row] = (float)(logSum - Logits[start + Targets[row]]);
            LogSums[row] = (float)logSum;
        }
    }

    internal readonly record struct Gradient(
        Floats Logits, int Columns, Integers Targets, Floats LogSums, Floats Upstream, Floats GradLogits,
        int Accumulate) : IElementKernel
    {
        public void Run(int index)
        {
            int row = index / Columns;
            float p = Numerics.Exp(Logits[index] - LogSums[row]);
            if (index % Columns == Targets[row]) p -= 1;
            ElementKernels.Write(GradLogits, index, Upstream[0] / Targets.IntLength * p, Accumulate);
        }
    }
}
