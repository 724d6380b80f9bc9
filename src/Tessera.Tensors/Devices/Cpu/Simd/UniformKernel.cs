using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Tensors.Random;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// <see cref="CounterRandom.Uniform"/>, eight blocks of four numbers at a time: each block in a lane of 64 bits. The
/// upper half of a lane, and of a key, is junk between the rounds; no product reads it.
/// </summary>
/// <remarks>
/// Cost: 200 instructions for 32 numbers, 40 of them multiplications. A round waits for the one before, so two vectors
/// of blocks take turns.
/// </remarks>
internal static unsafe class UniformKernel
{
    /// <summary>The numbers that are made together.</summary>
    public const int Step = 2 * Half;

    private const int Half = 16, BlockLength = 4;

    /// <summary>
    /// Writes the numbers from <paramref name="first"/>, a multiple of 4. <paramref name="count"/> is a multiple of
    /// <see cref="Step"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill(CounterRandom random, ulong first, float* numbers, int count)
    {
        // Through memory: in registers, the keys would displace the blocks.
        Vector256<ulong>* keys = stackalloc Vector256<ulong>[2 * CounterRandom.Rounds];
        for (uint round = 0; round < CounterRandom.Rounds; round++)
        {
            keys[2 * round] = Vector256.Create(random.Seed + round * (ulong)CounterRandom.Weyl0);
            keys[2 * round + 1] = Vector256.Create((random.Seed >> 32) + round * (ulong)CounterRandom.Weyl1);
        }
        Vector256<ulong> block = Vector256.Create(first / 4) + Vector256.Create(0ul, 1, 2, 3);
        Vector256<ulong> stream = Vector256.Create(random.Stream);
        for (int i = 0; i < count; i += Step, block += Vector256.Create(8ul))
        {
            Blocks one = new(block, stream), other = new(block + Vector256.Create(4ul), stream);
            Vector256<ulong>* end = keys + 2 * CounterRandom.Rounds;
            for (Vector256<ulong>* key = keys; key < end; key += 2)
            {
                one = one.Round(key[0], key[1]);
                other = other.Round(key[0], key[1]);
            }
            one.Store(numbers + i);
            other.Store(numbers + i + Half);
        }
    }

    /// <summary>
    /// Writes the numbers from <paramref name="first"/>, which may be any; returns where the first one is. The buffer
    /// holds <paramref name="count"/> numbers, rounded up to a multiple of <see cref="Step"/>, and a step more.
    /// </summary>
    public static float* FillFrom(CounterRandom random, long first, float* buffer, int count)
    {
        int unused = (int)(first % BlockLength), steps = (unused + count + Step - 1) / Step;
        Fill(random, (ulong)(first - unused), buffer, steps * Step);
        return buffer + unused;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> LowerHalves(Vector256<ulong> lanes) =>
        lanes & Vector256.Create((ulong)uint.MaxValue);

    /// <summary>Four blocks; see <see cref="CounterRandom.Block"/>.</summary>
    private readonly struct Blocks
    {
        private readonly Vector256<ulong> _c0, _c1, _c2, _c3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Blocks(Vector256<ulong> number, Vector256<ulong> stream)
            : this(number, number >> 32, stream, stream >> 32)
        {
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private Blocks(Vector256<ulong> c0, Vector256<ulong> c1, Vector256<ulong> c2, Vector256<ulong> c3) =>
            (_c0, _c1, _c2, _c3) = (c0, c1, c2, c3);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Blocks Round(Vector256<ulong> key0, Vector256<ulong> key1)
        {
            Vector256<ulong> product0 = Multiply(_c0, CounterRandom.Multiplier0);
            Vector256<ulong> product1 = Multiply(_c2, CounterRandom.Multiplier1);
            return new((product1 >> 32) ^ _c1 ^ key0, product1, (product0 >> 32) ^ _c3 ^ key1, product0);
        }

        /// <summary>Stores the blocks one after the other.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(float* numbers)
        {
            Vector256<ulong> low = LowerHalves(_c0) | (_c1 << 32), high = LowerHalves(_c2) | (_c3 << 32);
            Vector256<ulong> first = Vector256.Create(0ul, 0, 1, 1), last = Vector256.Create(2ul, 2, 3, 3);
            ToNumbers(Vector256.Shuffle(low, first), Vector256.Shuffle(high, first)).Store(numbers);
            ToNumbers(Vector256.Shuffle(low, last), Vector256.Shuffle(high, last)).Store(numbers + Half / 2);
        }

        /// <summary>Numbers of the even lanes of one vector of bits and the odd lanes of another.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> ToNumbers(Vector256<ulong> even, Vector256<ulong> odd)
        {
            Vector256<ulong> bits = Vector256.ConditionalSelect(
                Vector256.Create(ulong.MaxValue, 0, ulong.MaxValue, 0), even, odd);
            return Vector256.ConvertToSingle((bits.AsUInt32() >> 8).AsInt32()) * (1f / (1 << 24));
        }

        /// <summary>The product of the lower half of each lane.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<ulong> Multiply(Vector256<ulong> lanes, uint factor) => Avx2.IsSupported
            ? Avx2.Multiply(lanes.AsUInt32(), Vector256.Create((ulong)factor).AsUInt32())
            : LowerHalves(lanes) * Vector256.Create((ulong)factor);
    }
}
