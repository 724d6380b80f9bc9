using Tessera.Tensors.Random;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// Random numbers: Philox4x32-10, the numbers of <see cref="Tensors.Random.CounterRandom"/>. Cost: 20 products of 32
/// bits for four numbers. Layout: a thread has four neighbouring elements, a block of the generator. Bound: memory.
/// </summary>
internal static class RandomKernels
{
    private const int LanesOfABlock = 4;

    /// <summary>The number of threads for so many elements, the first of which has a number.</summary>
    public static int Blocks(long first, int elements) =>
        ((int)(first % LanesOfABlock) + elements + LanesOfABlock - 1) / LanesOfABlock;

    /// <summary>Number <paramref name="index"/> of a stream, in [0, 1).</summary>
    public static float Uniform(long index, ulong seed, ulong stream)
    {
        Lanes lanes = Block(index / LanesOfABlock, seed, stream);
        int lane = (int)(index % LanesOfABlock);
        return Uniform(lane < 2 ? lane == 0 ? lanes.Lane0 : lanes.Lane1 : lane == 2 ? lanes.Lane2 : lanes.Lane3);
    }

    internal readonly record struct Dropout(
        Floats X, Floats Y, float Rate, float Factor, ulong Seed, ulong Stream, Integers Update, long First,
        int Accumulate) : IElementKernel
    {
        public void Run(int index)
        {
            Lanes lanes = Block(First / LanesOfABlock + index, Seed, Stream + (ulong)(long)Update[0]);
            int first = LanesOfABlock * index - (int)(First % LanesOfABlock);
            Drop(first, lanes.Lane0);
            Drop(first + 1, lanes.Lane1);
            Drop(first + 2, lanes.Lane2);
            Drop(first + 3, lanes.Lane3);
        }

        private void Drop(int index, uint bits)
        {
            if (index < 0 || index >= X.IntLength) return;
            // Not a factor of 0: what is dropped may be infinite.
            float kept = Uniform(bits) < Rate ? 0 : Factor * X[index];
            ElementKernels.Write(Y, index, kept, Accumulate);
        }
    }

    private static float Uniform(uint bits) => (bits >> 8) * (1f / (1 << 24));

    /// <summary>A block of the generator.</summary>
    private static Lanes Block(long index, ulong seed, ulong stream)
    {
        uint c0 = (uint)index, c1 = (uint)(index >> 32), c2 = (uint)stream, c3 = (uint)(stream >> 32);
        uint key0 = (uint)seed, key1 = (uint)(seed >> 32);
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
        return new Lanes(c0, c1, c2, c3);
    }

    private readonly record struct Lanes(uint Lane0, uint Lane1, uint Lane2, uint Lane3);
}
