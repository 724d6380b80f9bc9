using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Tests.Devices;

public class AttentionKernelTests
{
    /// <summary>
    /// Batch, length, heads, head width: one token, lengths around panels and blocks of queries, head widths that fill
    /// no vector.
    /// </summary>
    public static TheoryData<int[]> Sizes => new((int[][])
    [
        [1, 1, 1, 1], [2, 1, 3, 5], [1, 1, 2, 128],
        [2, 7, 1, 1], [3, 7, 2, 5], [1, 7, 2, 33], [1, 7, 1, 128],
        [2, 65, 2, 1], [1, 65, 3, 5], [2, 65, 1, 33], [1, 65, 1, 128], [3, 64, 2, 32],
        [1, 300, 1, 1], [1, 300, 2, 5], [1, 300, 1, 33], [1, 97, 1, 16],
    ]);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Fast_kernels_agree_with_the_reference(int[] sizes)
    {
        foreach (bool isCausal in (bool[])[true, false])
        {
            AttentionGeometry g = Geometry(sizes, isCausal);
            Storage<float> projections = Kernels.Store(Projections(g));
            float[] y = new float[g.Batch * g.Length * g.Width], logSums = new float[g.Batch * g.Heads * g.Length];
            Kernels.AssertAgree(
                $"Attention {g}", Numbers.SumTolerance,
                (device, to) => device.Attention(g, projections, to[0], to[1]), y, logSums);

            GuardedMemory<float> sY = new(y), sLogSums = new(logSums);
            Kernels.Reference.Attention(g, projections, sY.Storage, sLogSums.Storage);
            Storage<float> gradY = Kernels.Store(Numbers.Normal(y.Length, 2));
            // The sums of a softmax's gradients cancel: their rounding is relative to the terms.
            Kernels.AssertAgree(
                $"AttentionGradient {g}", 2 * Numbers.SumTolerance,
                (device, to) => device.AttentionGradient(
                    g, projections, sY.Storage, sLogSums.Storage, gradY, to[0]),
                Numbers.Normal(projections.Length, 3));
        }
    }

    /// <summary>A length whose scores would not fit into memory for all queries at once.</summary>
    [Fact]
    public void Long_sequences_agree()
    {
        AttentionGeometry g = Geometry([1, 4096, 1, 8], isCausal: true) with { First = 4000, Count = 96 };
        Storage<float> projections = Kernels.Store(Projections(g));
        Kernels.AssertAgree(
            $"Attention {g}", Numbers.SumTolerance, (device, to) => device.Attention(g, projections, to[0], to[1]),
            new float[g.Count * g.Width], new float[g.Count]);
    }

    /// <summary>Some queries at a time, each time with the keys so far, and nonsense after them.</summary>
    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 5)]
    [InlineData(true, 21)]
    [InlineData(false, 1)]
    [InlineData(false, 5)]
    public void Bits_do_not_depend_on_which_queries_come_together(bool isCausal, int count)
    {
        foreach (int[] sizes in (int[][])[[2, 65, 2, 33], [1, 40, 1, 5], [3, 70, 2, 32]])
        {
            AttentionGeometry g = Geometry(sizes, isCausal);
            float[] projections = Projections(g);
            foreach (Device device in Kernels.All)
            {
                (float[] y, float[] logSums) = Attend(device, g, projections);
                for (int first = 0; first < g.Length; first += count)
                {
                    AttentionGeometry some = g with { First = first, Count = Math.Min(count, g.Length - first) };
                    float[] known = isCausal ? Spoilt(some, projections) : projections;
                    (float[] someY, float[] someLogSums) = Attend(device, some, known);
                    string what = $"{device.Description}: {some}";
                    AssertSame(y, someY, g.Width, some, what);
                    AssertSame(logSums, someLogSums, 1, some, what);
                }
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Bits_do_not_depend_on_the_batch(bool isCausal)
    {
        foreach (int[] sizes in (int[][])[[5, 65, 2, 33], [5, 7, 3, 32]])
        {
            AttentionGeometry g = Geometry(sizes, isCausal), one = g with { Batch = 1 };
            float[] projections = Projections(g), gradY = Numbers.Normal(g.Batch * g.Length * g.Width, 2);
            foreach (Device device in Kernels.All)
            {
                (float[] y, float[] logSums) = Attend(device, g, projections);
                float[] gradient = Gradient(device, g, projections, y, logSums, gradY);
                for (int i = 0; i < g.Batch; i++)
                {
                    float[] alone = Part(projections, i, g.Batch);
                    (float[] itsY, float[] itsLogSums) = Attend(device, one, alone);
                    float[] its = Gradient(device, one, alone, itsY, itsLogSums, Part(gradY, i, g.Batch));
                    Assert.True(
                        Numbers.SameBits(Part(y, i, g.Batch), itsY)
                        && Numbers.SameBits(Part(logSums, i, g.Batch), itsLogSums)
                        && Numbers.SameBits(Part(gradient, i, g.Batch), its),
                        $"{device.Description}: sequence {i} of {g} differs from the same one alone");
                }
            }
        }
    }

    /// <summary>Scores of some ten thousand, whose exponentials alone would be infinite.</summary>
    [Fact]
    public void Large_scores_are_no_trouble()
    {
        AttentionGeometry g = Geometry([1, 20, 1, 4], isCausal: false);
        float[] projections = [.. Projections(g).Select((value, i) => i % 12 < 8 ? 100 * value : value)];
        Kernels.AssertAgree(
            $"Attention {g} with large scores", 2e-4,
            (device, to) => device.Attention(g, Kernels.Store(projections), to[0], to[1]),
            new float[g.Length * g.Width], new float[g.Length]);
    }

    private static AttentionGeometry Geometry(int[] sizes, bool isCausal) =>
        new(sizes[0], sizes[1], First: 0, sizes[1], sizes[2], sizes[3], isCausal);

    private static float[] Projections(in AttentionGeometry g) => Numbers.Normal(g.Batch * g.Length * 3 * g.Width, 1);

    /// <summary>The projections with NaN, infinities and large numbers after the last query's position.</summary>
    private static float[] Spoilt(in AttentionGeometry g, float[] projections)
    {
        float[] nonsense = [float.NaN, float.PositiveInfinity, 3e38f, float.NegativeInfinity];
        float[] spoilt = [.. projections];
        int row = 3 * g.Width;
        for (int i = 0; i < spoilt.Length; i++)
        {
            if (i / row % g.Length >= g.First + g.Count) spoilt[i] = nonsense[i % nonsense.Length];
        }
        return spoilt;
    }

    private static (float[] Y, float[] LogSums) Attend(Device device, AttentionGeometry g, float[] projections)
    {
        GuardedMemory<float> y = new(new float[g.Batch * g.Count * g.Width]);
        GuardedMemory<float> logSums = new(new float[g.Batch * g.Heads * g.Count]);
        device.Attention(g, Kernels.Store(projections), y.Storage, logSums.Storage);
        Assert.True(y.IsIntact && logSums.IsIntact, $"{device.Description} wrote outside the results of {g}");
        return ([.. y.Values], [.. logSums.Values]);
    }

    private static float[] Gradient(
        Device device, AttentionGeometry g, float[] projections, float[] y, float[] logSums, float[] gradY)
    {
        GuardedMemory<float> gradient = new(Numbers.Normal(projections.Length, 3));
        device.AttentionGradient(
            g, Kernels.Store(projections), Kernels.Store(y), Kernels.Store(logSums), Kernels.Store(gradY),
            gradient.Storage);
        Assert.True(gradient.IsIntact, $"{device.Description} wrote outside the gradient of {g}");
        return [.. gradient.Values];
    }

    private static float[] Part(float[] values, int part, int parts) =>
        values[(part * values.Length / parts)..((part + 1) * values.Length / parts)];

    /// <summary>Asserts that the rows of some queries have the bits of the same rows among those of all.</summary>
    private static void AssertSame(float[] all, float[] some, int columns, in AttentionGeometry g, string what)
    {
        for (int i = 0; i < some.Length / columns; i++)
        {
            int row = i / g.Count * g.Length + g.First + i % g.Count;
            Assert.True(
                Numbers.SameBits(all.AsSpan(row * columns, columns), some.AsSpan(i * columns, columns)),
                $"{what}: row {i} differs from that of all queries together");
        }
    }
}
