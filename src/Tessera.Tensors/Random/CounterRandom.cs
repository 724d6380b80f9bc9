using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Random;

/// <summary>
/// Counter-based random numbers (Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2,
/// 3", 2011): number <c>i</c> of a stream is a function of (seed, stream, i) alone. There is no state to save, and any
/// thread may compute any number.
/// </summary>
/// <param name="seed">The key: one run has one seed.</param>
/// <param name="stream">The number of an independent sequence of the seed.</param>
/// <example><code>
/// var random = new CounterRandom(seed: 1, stream: 0);
/// float u = random.Uniform(41);   // always the same number
/// </code></example>
public readonly struct CounterRandom(ulong seed, ulong stream)
{
    internal const uint Multiplier0 = 0xD2511F53, Multiplier1 = 0xCD9E8D57;
    internal const uint Weyl0 = 0x9E3779B9, Weyl1 = 0xBB67AE85;
    internal const int Rounds = 10;

    internal ulong Seed => seed;

    internal ulong Stream => stream;

    /// <summary>32 random bits: lane <c>index % 4</c> of the block whose counter is (index / 4, stream).</summary>
    public uint Bits(ulong index)
    {
        ulong block = index / 4;
        return Block(
            (uint)seed, (uint)(seed >> 32),
            (uint)block, (uint)(block >> 32), (uint)stream, (uint)(stream >> 32))[(int)(index % 4)];
    }

    /// <summary>A number in [0, 1): the upper 24 bits of <see cref="Bits"/> times 2^-24, exact in float32.</summary>
    public float Uniform(ulong index) => (Bits(index) >> 8) * (1f / (1 << 24));

    /// <summary>
    /// An integer in [0, <paramref name="limit"/>), by multiplication; each has its probability within 2^-32.
    /// </summary>
    public int Below(ulong index, int limit) => (int)(((ulong)Bits(index) * (uint)limit) >> 32);

    /// <summary>
    /// Number <paramref name="index"/> of a standard normal sequence (Box-Muller over two uniform numbers).
    /// </summary>
    public float Normal(ulong index)
    {
        // 1 - u lies in (0, 1], so the logarithm is finite.
        double radius = Math.Sqrt(-2 * Math.Log(1 - (double)Uniform(2 * index)));
        return (float)(radius * Math.Cos(2 * Math.PI * Uniform(2 * index + 1)));
    }

    /// <summary>Fills the span with numbers 0, 1, 2, ... of the sequence, scaled to [low, high).</summary>
    public void FillUniform(Span<float> destination, float low, float high)
    {
        for (int i = 0; i < destination.Length; i++) destination[i] = low + (high - low) * Uniform((ulong)i);
    }

    /// <summary>Fills the span with numbers 0, 1, 2, ... of the standard normal sequence.</summary>
    public void FillNormal(Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++) destination[i] = Normal((ulong)i);
    }

    /// <summary>The numbers 0 to <paramref name="count"/> - 1 in a random order (Fisher-Yates).</summary>
    public int[] Permutation(int count)
    {
        int[] order = new int[count];
        for (int i = 0; i < count; i++)
        {
            int j = Below((ulong)i, i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    internal static Lanes Block(uint key0, uint key1, uint c0, uint c1, uint c2, uint c3)
    {
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = (ulong)Multiplier0 * c0, product1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = (
                (uint)(product1 >> 32) ^ c1 ^ key0, (uint)product1,
                (uint)(product0 >> 32) ^ c3 ^ key1, (uint)product0);
            key0 += Weyl0;
            key1 += Weyl1;
        }
        return new Lanes(c0, c1, c2, c3);
    }

    internal readonly record struct Lanes(uint Lane0, uint Lane1, uint Lane2, uint Lane3)
    {
        public uint this[int lane]
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => lane switch { 0 => Lane0, 1 => Lane1, 2 => Lane2, _ => Lane3 };
        }
    }
}
