using Tessera.Tensors.Random;

namespace Tessera.Tensors.Tests.Random;

public class CounterRandomTests
{
    /// <summary>The known answers of Random123 (kat_vectors, philox4x32 with 10 rounds).</summary>
    [Theory]
    [InlineData("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8")]
    [InlineData("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd")]
    [InlineData("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1")]
    public void A_block_meets_the_known_answers(string counter, string key, string expected)
    {
        uint[] c = Words(counter), k = Words(key);
        CounterRandom.Lanes lanes = CounterRandom.Block(k[0], k[1], c[0], c[1], c[2], c[3]);
        Assert.Equal(Words(expected), Enumerable.Range(0, 4).Select(lane => lanes[lane]));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0xA4093822_00000001, 7, 3)]
    [InlineData(1, 0x299F31D0_00000002, 4_294_967_297)]
    [InlineData(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue / 4)]
    public void Number_i_is_lane_i_mod_4_of_block_i_div_4(ulong seed, ulong stream, ulong block)
    {
        var random = new CounterRandom(seed, stream);
        CounterRandom.Lanes lanes = CounterRandom.Block(
            (uint)seed, (uint)(seed >> 32), (uint)block, (uint)(block >> 32), (uint)stream, (uint)(stream >> 32));
        for (int lane = 0; lane < 4; lane++) Assert.Equal(lanes[lane], random.Bits(4 * block + (ulong)lane));
    }

    [Fact]
    public void Seeds_and_streams_give_unrelated_sequences()
    {
        (ulong Seed, ulong Stream)[] origins = [(0, 0), (0, 1), (1, 0), (1UL << 32, 0), (0, 1UL << 32), (1, 1)];
        uint[][] sequences =
            [.. origins.Select(o => Range(1000).Select(i => new CounterRandom(o.Seed, o.Stream).Bits(i)).ToArray())];
        for (int a = 0; a < sequences.Length; a++)
        {
            for (int b = 0; b < a; b++)
            {
                int equal = sequences[a].Zip(sequences[b]).Count(pair => pair.First == pair.Second);
                Assert.True(equal <= 1, $"{origins[a]} and {origins[b]} share {equal} of 1000 numbers");
            }
        }
    }

    [Fact]
    public void Uniform_is_the_upper_24_bits()
    {
        var random = new CounterRandom(12, 34);
        for (ulong i = 0; i < 1000; i++)
        {
            float u = random.Uniform(i);
            Assert.Equal((random.Bits(i) >> 8) / 16_777_216.0, u);
            Assert.InRange(u, 0f, MathF.BitDecrement(1f));
        }
    }

    [Fact]
    public void Uniform_numbers_fill_the_unit_interval_evenly()
    {
        const int Count = 100_000, Bins = 50;
        var random = new CounterRandom(2017, 1);
        int[] bins = new int[Bins];
        double sum = 0, neighbours = 0;
        for (ulong i = 0; i < Count; i++)
        {
            double u = random.Uniform(i);
            bins[(int)(u * Bins)]++;
            sum += u;
            neighbours += (u - 0.5) * (random.Uniform(i + 1) - 0.5);
        }
        double expected = (double)Count / Bins;
        double chiSquared = bins.Sum(bin => (bin - expected) * (bin - expected) / expected);

        // Five standard deviations of the mean, of the covariance of neighbours, and of chi squared with 49 degrees of
        // freedom.
        Assert.InRange(sum / Count, 0.5 - 5 * 0.000913, 0.5 + 5 * 0.000913);
        Assert.InRange(neighbours / Count, -5 * 0.000264, 5 * 0.000264);
        Assert.InRange(chiSquared, 15, 49 + 5 * 9.9);
    }

    [Fact]
    public void Normal_numbers_have_the_moments_of_the_standard_normal_distribution()
    {
        const int Count = 100_000;
        float[] values = new float[Count];
        new CounterRandom(5, 6).FillNormal(values);
        double mean = values.Average();
        double variance = values.Average(x => (x - mean) * (x - mean));
        double fourth = values.Average(x => Math.Pow(x - mean, 4));

        // Five standard deviations of each estimate.
        Assert.InRange(mean, -0.0158, 0.0158);
        Assert.InRange(variance, 1 - 0.0224, 1 + 0.0224);
        Assert.InRange(fourth, 3 - 0.155, 3 + 0.155);
        Assert.InRange(values.Count(x => x > 1.959964f), 2500 - 250, 2500 + 250);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(1001)]
    public void Filling_a_span_gives_the_numbers_one_by_one(int length)
    {
        var random = new CounterRandom(8, 9);
        float[] uniform = new float[length], normal = new float[length];
        random.FillUniform(uniform, -0.25f, 0.5f);
        random.FillNormal(normal);
        for (int i = 0; i < length; i++)
        {
            Assert.Equal(-0.25f + 0.75f * random.Uniform((ulong)i), uniform[i]);
            Assert.Equal(random.Normal((ulong)i), normal[i]);
        }
    }

    /// <summary>
    /// The parity fixtures need this: tests/fixtures/parity/philox.py generates the same float32 numbers.
    /// </summary>
    [Fact]
    public void Uniform_numbers_are_those_of_the_fixtures_generator()
    {
        float[] values = new float[6];
        new CounterRandom(seed: 2017 | (9UL << 40), stream: (1UL << 33) + 5).FillUniform(values, -0.3f, 0.7f);
        uint[] expected = [0x3E6E77E8, 0x3F0B9C85, 0x3EB212B6, 0x3E40FFE0, 0x3EDAD6FA, 0x3E1B6554];
        Assert.Equal(expected, values.Select(BitConverter.SingleToUInt32Bits));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(512)]
    [InlineData(int.MaxValue)]
    public void Below_stays_below_and_reaches_both_halves(int limit)
    {
        var random = new CounterRandom(3, 4);
        int[] values = [.. Range(2000).Select(i => random.Below(i, limit))];
        Assert.All(values, value => Assert.InRange(value, 0, limit - 1));
        if (limit <= 10) Assert.Equal(limit, values.Distinct().Count());
        Assert.InRange(values.Average(), 0.45 * (limit - 1), 0.55 * (limit - 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(50_000)]
    public void A_permutation_holds_every_number_once(int count)
    {
        int[] order = new CounterRandom(1, 2).Permutation(count);
        Assert.Equal(Enumerable.Range(0, count), order.Order());
    }

    [Fact]
    public void Every_permutation_is_equally_likely()
    {
        const int Trials = 24_000;
        Dictionary<string, int> seen = [];
        for (ulong stream = 0; stream < Trials; stream++)
        {
            string order = string.Concat(new CounterRandom(7, stream).Permutation(4));
            seen[order] = seen.GetValueOrDefault(order) + 1;
        }
        Assert.Equal(24, seen.Count);
        Assert.All(seen, pair => Assert.InRange(pair.Value, 1000 - 160, 1000 + 160));
    }

    private static IEnumerable<ulong> Range(int count) => Enumerable.Range(0, count).Select(i => (ulong)i);

    private static uint[] Words(string hex) =>
        [.. hex.Split(' ').Select(word => Convert.ToUInt32(word, 16))];
}
