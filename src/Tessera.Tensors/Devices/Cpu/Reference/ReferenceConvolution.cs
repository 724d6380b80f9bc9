namespace Tessera.Tensors.Devices.Cpu.Reference;

/// <summary>
/// Convolution by its formula: a loop over all pairs of an input pixel and an output pixel that a kernel element
/// connects. The three passes visit the same pairs and differ only in what they add up.
/// </summary>
internal static class ReferenceConvolution
{
    /// <summary>The convolution of x.</summary>
    public static void Forward(
        in Conv2dGeometry g, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, in EpilogueSpans epilogue,
        Span<float> y)
    {
        double[] sums = new double[y.Length];
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
        Finish(sums, g.OutChannels, epilogue, y);
    }

    /// <summary>The transposed convolution of y.</summary>
    public static void Transposed(
        in Conv2dGeometry g, ReadOnlySpan<float> y, ReadOnlySpan<float> weight, in EpilogueSpans epilogue,
        Span<float> x)
    {
        double[] sums = new double[x.Length];
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
        Finish(sums, g.InChannels, epilogue, x);
    }

    /// <summary>The weight gradient: the sums of products of x and dy.</summary>
    public static void WeightGradient(
        in Conv2dGeometry g, ReadOnlySpan<float> x, ReadOnlySpan<float> gradY, Span<float> gradWeight, bool accumulate)
    {
        double[] sums = new double[gradWeight.Length];
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
        for (int i = 0; i < sums.Length; i++) gradWeight[i] = (float)((accumulate ? gradWeight[i] : 0) + sums[i]);
    }

    private static int WeightIndex(in Conv2dGeometry g, int o, int c, Pair pair) =>
        ((o * g.InChannels + c) * g.KernelHeight + pair.KernelRow) * g.KernelWidth + pair.KernelColumn;

    /// <summary>Every connected (input pixel, output pixel, kernel element); padding pixels are left out.</summary>
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
                                (n * g.InHeight + row) * g.InWidth + column,
                                (n * g.OutHeight + i) * g.OutWidth + j, u, v);
                        }
    }

    private static void Finish(double[] sums, int channels, in EpilogueSpans epilogue, Span<float> destination)
    {
        for (int i = 0; i < sums.Length; i++)
        {
            double value = sums[i];
            if (!epilogue.Bias.IsEmpty) value += epilogue.Bias[i % channels];
            if (!epilogue.Addend.IsEmpty) value += epilogue.Addend[i];
            if (!epilogue.Argument.IsEmpty) epilogue.Argument[i] = (float)value;
            destination[i] = (float)(epilogue.Gate.IsEmpty
                ? Activate(epilogue.Activation, value)
                : value * Slope(epilogue.Activation, epilogue.Gate[i]));
        }
    }

    private static double Activate(Activation activation, double z) => activation switch
    {
        Activation.Relu => Math.Max(z, 0),
        Activation.Gelu => ReferenceGelu.Value(z),
        _ => z,
    };

    private static double Slope(Activation activation, double gate) => activation switch
    {
        Activation.Relu => gate > 0 ? 1 : 0,
        Activation.Gelu => ReferenceGelu.Slope(gate),
        _ => 1,
    };

    private readonly record struct Pair(int In, int Out, int KernelRow, int KernelColumn);
}
