using Tessera.Tensors.Random;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// Random numbers: Philox4x32-10, the numbers of <see cref="Tensors.Random.CounterRandom"/>. Cost: 20 products of 32
/// bits for four numbers. Layout: a thread has four neighbouring elements, a block of the generator. Bound: memory.
/// </summary>
internal static class RandomKernels
{
    private const int LanesOfABlock = 4;

    /// <summary>The number of threads for so many elements.</summary>
    public static int Blocks(int elements) => (elements + LanesOfABlock - 1) / LanesOfABlock;

    internal readonly record struct Dropout(
        Floats X, Floats Y, float Rate, float Factor, ulong Seed, ulong Stream, Integers Update, int Accumulate)
        : IElementKernel
    {
        public void Run(int index)
        {
            ulong stream = Stream + (ulong)(long)Update[0];
            uint c0 = (uint)index, c1 = 0, c2 = (uint)stream, c3 = (uint)(stream >> 32);
            uint key0 = (uint)Seed, key1 = (uint)(Seed >> 32);
            for (int round = 0; round < CounterRandom.Rounds; round++)
            {
                ulong product0 = (ulong)CounterRandom.Multiplier0 * c0;
                ulong product1 = (ulong)CounterRandom.Multiplier1 * c2;
                c0 = (uint)(product1 >> 32) ^ c1 ^ key0;
                c1 = (uint)product1;
                c2 = (uint)(product0 >> 32) ^ c3 ^ key1;
                c3 = (uint)product0;
                key0 += CounterRandom.Weyl0;
                key1 += CounterRandom.Weyl1;
            }
            int first = LanesOfABlock * index;
            Drop(first, c0);
            Drop(first + 1, c1);
            Drop(first + 2, c2);
            Drop(first + 3, c3);
        }

        private void Drop(int index, uint bits)
        {
            if (index >= X.IntLength) return;
            // Not a factor of 0: what is dropped may be infinite.
            float kept = (bits >> 8) * (1f / (1 << 24)) < Rate ? 0 : Factor * X[index];
            ElementKernels.Write(Y, index, kept, Accumulate);
        }
    }
}
