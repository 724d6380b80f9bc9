namespace Tessera.Tensors.Devices.Cpu.Reference;

/// <summary>
/// Convolution as its formula: for every pair of an input pixel and an output pixel that a kernel element joins. All
/// three passes visit the same pairs, and differ only in what is added to what.
/// </summary>
internal static class ReferenceConvolution
{
    /// <summary>Adds to y what the weights make of x.</summary>
    public static void Forward(
        in Conv2dGeometry g, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias,
        Span<float> y, bool accumulate)
    {
        double[] sums = Start(y, bias, g.OutChannels, accumulate);
        foreach (Pair pair in Pairs(g))
        {
            for (int o = 0; o < g.OutChannels; o++)
            {
                for (int c = 0; c < g.InChannels; c++)
                {
                    sums[pair.Out * g.OutChannels + o] +=
                        (double)weight[WeightIndex(g, o, c, pair)] * x[pair.In * g.InChannels + c];
                }
            }
        }
        Finish(sums, y);
    }

    /// <summary>Adds to x what the weights make of y, the other way.</summary>
    public static void Transposed(
        in Conv2dGeometry g, ReadOnlySpan<float> y, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias,
        Span<float> x, bool accumulate)
    {
        double[] sums = Start(x, bias, g.InChannels, accumulate);
        foreach (Pair pair in Pairs(g))
        {
            for (int o = 0; o < g.OutChannels; o++)
            {
                for (int c = 0; c < g.InChannels; c++)
                {
                    sums[pair.In * g.InChannels + c] +=
                        (double)weight[WeightIndex(g, o, c, pair)] * y[pair.Out * g.OutChannels + o];
                }
            }
        }
        Finish(sums, x);
    }

    /// <summary>Adds to the weights' gradient the products of x and dy.</summary>
    public static void WeightGradient(
        in Conv2dGeometry g, ReadOnlySpan<float> x, ReadOnlySpan<float> gradY, Span<float> gradWeight, bool accumulate)
    {
        double[] sums = Start(gradWeight, [], 1, accumulate);
        foreach (Pair pair in Pairs(g))
        {
            for (int o = 0; o < g.OutChannels; o++)
            {
                for (int c = 0; c < g.InChannels; c++)
                {
                    sums[WeightIndex(g, o, c, pair)] +=
                        (double)x[pair.In * g.InChannels + c] * gradY[pair.Out * g.OutChannels + o];
                }
            }
        }
        Finish(sums, gradWeight);
    }

    private static int WeightIndex(in Conv2dGeometry g, int o, int c, Pair pair) =>
        ((o * g.InChannels + c) * g.KernelHeight + pair.KernelRow) * g.KernelWidth + pair.KernelColumn;

    /// <summary>Every (input pixel, output pixel, kernel element) that meet; the padding meets nothing.</summary>
    private static IEnumerable<Pair> Pairs(Conv2dGeometry g)
    {
        for (int n = 0; n < g.Batch; n++)
            for (int i = 0; i < g.OutHeight; i++)
                for (int j = 0; j < g.OutWidth; j++)
                    for (int u = 0; u < g.KernelHeight; u++)
                        for (int v = 0; v < g.KernelWidth; v++)
                        {
                            int row = i * g.Stride + u - g.Padding, column = j * g.Stride + v - g.Padding;
                            if (row < 0 || row >= g.InHeight || column < 0 || column >= g.InWidth) continue;
                            yield return new Pair(
                                (n * g.InHeight + row) * g.InWidth + column, (n * g.OutHeight + i) * g.OutWidth + j, u, v);
                        }
    }

    private static double[] Start(ReadOnlySpan<float> destination, ReadOnlySpan<float> bias, int channels, bool accumulate)
    {
        double[] sums = new double[destination.Length];
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] = accumulate ? destination[i] : bias.IsEmpty ? 0 : bias[i % channels];
        }
        return sums;
    }

    private static void Finish(double[] sums, Span<float> destination)
    {
        for (int i = 0; i < sums.Length; i++) destination[i] = (float)sums[i];
    }

    private readonly record struct Pair(int In, int Out, int KernelRow, int KernelColumn);
}
