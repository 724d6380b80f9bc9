namespace Tessera.Tensors.Devices.Cpu.Reference;

internal partial class ReferenceKernels
{
    public virtual void GroupNorm(
        in GroupNormGeometry g, ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> bias, bool relu,
        Span<float> y, Span<float> statistics)
    {
        for (int group = 0; group < g.Batch * g.Groups; group++)
        {
            (int start, int channel) = PlaceOf(g, group);
            double mean = 0, variance = 0;
            for (int i = 0; i < g.GroupLength; i++) mean += x[start + Step(g, i)];
            mean /= g.GroupLength;
            for (int i = 0; i < g.GroupLength; i++)
            {
                double difference = x[start + Step(g, i)] - mean;
                variance += difference * difference;
            }
            double factor = 1 / Math.Sqrt(variance / g.GroupLength + Device.GroupNormEpsilon);
            for (int i = 0; i < g.GroupLength; i++)
            {
                int at = start + Step(g, i), c = channel + i % g.GroupWidth;
                double value = (x[at] - mean) * factor * gain[c] + bias[c];
                y[at] = (float)(relu ? Math.Max(value, 0) : value);
            }
            (statistics[2 * group], statistics[2 * group + 1]) = ((float)mean, (float)factor);
        }
    }

    public virtual void GroupNormGradient(
        in GroupNormGeometry g, ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> statistics,
        ReadOnlySpan<float> gradY, Span<float> gradX, bool accumulate, Span<float> gradGain, bool accumulateGain,
        Span<float> gradBias, bool accumulateBias)
    {
        double[] gainSums = new double[g.Channels], biasSums = new double[g.Channels];
        for (int group = 0; group < g.Batch * g.Groups; group++)
        {
            (int start, int channel) = PlaceOf(g, group);
            double mean = statistics[2 * group], factor = statistics[2 * group + 1], meanOfD = 0, meanOfDh = 0;
            for (int i = 0; i < g.GroupLength; i++)
            {
                int at = start + Step(g, i), c = channel + i % g.GroupWidth;
                double h = (x[at] - mean) * factor, d = (double)gradY[at] * gain[c];
                meanOfD += d / g.GroupLength;
                meanOfDh += d * h / g.GroupLength;
                gainSums[c] += gradY[at] * h;
                biasSums[c] += gradY[at];
            }
            for (int i = 0; i < g.GroupLength; i++)
            {
                int at = start + Step(g, i), c = channel + i % g.GroupWidth;
                double h = (x[at] - mean) * factor, d = (double)gradY[at] * gain[c];
                gradX[at] = (float)((accumulate ? gradX[at] : 0) + factor * (d - meanOfD - h * meanOfDh));
            }
        }
        for (int c = 0; c < g.Channels; c++)
        {
            gradGain[c] = (float)((accumulateGain ? gradGain[c] : 0) + gainSums[c]);
            gradBias[c] = (float)((accumulateBias ? gradBias[c] : 0) + biasSums[c]);
        }
    }

    /// <summary>Where a group of a map begins, and its first channel.</summary>
    private static (int Start, int Channel) PlaceOf(in GroupNormGeometry g, int group)
    {
        int channel = group % g.Groups * g.GroupWidth;
        return (group / g.Groups * g.Pixels * g.Channels + channel, channel);
    }

    /// <summary>Where a group's number i is, from its first one on.</summary>
    private static int Step(in GroupNormGeometry g, int i) => i / g.GroupWidth * g.Channels + i % g.GroupWidth;
}
