using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Tests;

public class AttentionKernelTests
{
    /// <summary>
    /// Batch, length, heads, head width: one of everything, more keys than lanes, columns around those of a warp, and
    /// more columns than a warp has at a time.
    /// </summary>
    public static TheoryData<int[]> Sizes =>
        new((int[][])[[1, 1, 1, 1], [2, 5, 2, 3], [1, 33, 1, 5], [1, 3, 1, 70], [1, 2, 1, 130]]);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Kernels_agree(int[] sizes)
    {
        // One of the two is slow enough where the keys are many.
        foreach (bool isCausal in (bool[])(sizes[1] > 32 ? [true] : [true, false]))
        {
            AttentionGeometry g = Geometry(sizes, isCausal);
            float[] projections = Projections(g), gradY = Numbers.Normal(g.Batch * g.Length * g.Width, 2);
            Simulation.AssertAgree(
                $"Attention {g}", Numbers.SumTolerance,
                (bench, to) => bench.Device.Attention(g, bench.Store(projections), to[0], to[1]),
                new float[gradY.Length], new float[g.Batch * g.Heads * g.Length]);
            float[][] forward = Attend(Simulation.Reference, g, projections);
            // The sums of a softmax's gradients cancel: their rounding is relative to the terms.
            Simulation.AssertAgree(
                $"AttentionGradient {g}", 2 * Numbers.SumTolerance,
                (bench, to) => bench.Device.AttentionGradient(
                    g, bench.Store(projections), bench.Store(forward[0]), bench.Store(forward[1]), bench.Store(gradY),
                    to[0]),
                Numbers.Normal(projections.Length, 3));
        }
    }

    /// <summary>Some queries, with nonsense after them; and a sequence alone.</summary>
    [Fact]
    public void Bits_do_not_depend_on_what_comes_together()
    {
        AttentionGeometry g = Geometry([2, 6, 1, 3], isCausal: true), some = g with { Batch = 1, First = 2, Count = 2 };
        float[] projections = Projections(g);
        float[] y = Attend(Simulation.Small, g, projections)[0], spoilt = projections[..(6 * 9)];
        spoilt.AsSpan(4 * 9).Fill(float.NaN);
        float[] part = Attend(Simulation.Small, some, spoilt)[0];
        Assert.True(Numbers.SameBits(y.AsSpan(2 * 3, 2 * 3), part), "the queries depend on others");
    }

    /// <summary>Scores of some ten thousand, whose exponentials alone would be infinite.</summary>
    [Fact]
    public void Large_scores_are_no_trouble()
    {
        AttentionGeometry g = Geometry([1, 6, 1, 4], isCausal: false);
        float[] projections = [.. Projections(g).Select((value, i) => i % 12 < 8 ? 100 * value : value)];
        Simulation.AssertAgree(
            $"Attention {g} with large scores", 2e-4,
            (bench, to) => bench.Device.Attention(g, bench.Store(projections), to[0], to[1]),
            new float[g.Length * g.Width], new float[g.Length]);
    }

    private static AttentionGeometry Geometry(int[] sizes, bool isCausal) =>
        new(sizes[0], sizes[1], First: 0, sizes[1], sizes[2], sizes[3], isCausal);

    private static float[] Projections(in AttentionGeometry g) => Numbers.Normal(g.Batch * g.Length * 3 * g.Width, 1);

    private static float[][] Attend(Device device, AttentionGeometry g, float[] projections) => Simulation.Run(
        "Attention", device, (bench, to) => bench.Device.Attention(g, bench.Store(projections), to[0], to[1]),
        new float[g.Batch * g.Count * g.Width], new float[g.Batch * g.Heads * g.Count]);
}
