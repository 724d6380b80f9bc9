using Tessera.Tensors.Random;

namespace Tessera.Tensors.Devices.Cpu.Reference;

internal partial class ReferenceKernels
{
    // sqrt(2 / pi).
    public virtual void Gelu(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = (float)ReferenceGelu.Value(x[i]);
    }

    public virtual void GeluGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gradY, Span<float> gradX, bool accumulate)
    {
        for (int i = 0; i < x.Length; i++)
            gradX[i] = (float)((accumulate ? gradX[i] : 0) + gradY[i] * ReferenceGelu.Slope(x[i]));
    }

    public virtual void LayerNorm(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> bias, int columns, Span<float> y,
        Span<float> statistics)
    {
        for (int row = 0; row < x.Length / columns; row++)
        {
            ReadOnlySpan<float> from = x.Slice(row * columns, columns);
            double mean = 0, variance = 0;
            foreach (float value in from) mean += value;
            mean /= columns;
            foreach (float value in from) variance += (value - mean) * (value - mean);
            double factor = 1 / Math.Sqrt(variance / columns + Device.LayerNormEpsilon);
            for (int i = 0; i < columns; i++)
                y[row * columns + i] = (float)((from[i] - mean) * factor * gain[i] + bias[i]);
            (statistics[2 * row], statistics[2 * row + 1]) = ((float)mean, (float)factor);
        }
    }

    public virtual void LayerNormGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> statistics, ReadOnlySpan<float> gradY,
        int columns, Span<float> gradX, bool accumulate, Span<float> gradGain, bool accumulateGain,
        Span<float> gradBias, bool accumulateBias)
    {
        double[] gainSums = new double[columns], biasSums = new double[columns];
        for (int row = 0; row < x.Length / columns; row++)
        {
            (int start, double mean, double factor) = (row * columns, statistics[2 * row], statistics[2 * row + 1]);
            double meanOfD = 0, meanOfDh = 0;
            for (int i = 0; i < columns; i++)
            {
                double h = (x[start + i] - mean) * factor, d = (double)gradY[start + i] * gain[i];
                meanOfD += d / columns;
                meanOfDh += d * h / columns;
                gainSums[i] += gradY[start + i] * h;
                biasSums[i] += gradY[start + i];
            }
            for (int i = 0; i < columns; i++)
            {
                double h = (x[start + i] - mean) * factor, d = (double)gradY[start + i] * gain[i];
                double gradient = factor * (d - meanOfD - h * meanOfDh);
                gradX[start + i] = (float)((accumulate ? gradX[start + i] : 0) + gradient);
            }
        }
        for (int i = 0; i < columns; i++)
        {
            gradGain[i] = (float)((accumulateGain ? gradGain[i] : 0) + gainSums[i]);
            gradBias[i] = (float)((accumulateBias ? gradBias[i] : 0) + biasSums[i]);
        }
    }

    public virtual void Attention(
        in AttentionGeometry g, ReadOnlySpan<float> projections, Span<float> y, Span<float> logSums) =>
        ReferenceAttention.Forward(g, projections, y, logSums);

    public virtual void AttentionGradient(
        in AttentionGeometry g, ReadOnlySpan<float> projections, ReadOnlySpan<float> y, ReadOnlySpan<float> logSums,
        ReadOnlySpan<float> gradY, Span<float> gradProjections) =>
        ReferenceAttention.Gradient(g, projections, y, logSums, gradY, gradProjections);

    public virtual void CrossEntropy(
        ReadOnlySpan<float> logits, int columns, ReadOnlySpan<int> targets, Span<float> losses, Span<float> logSums)
    {
        for (int row = 0; row < targets.Length; row++)
        {
            ReadOnlySpan<float> x = logits.Slice(row * columns, columns);
            double largest = double.NegativeInfinity, sum = 0;
            foreach (float value in x) largest = Math.Max(largest, value);
            foreach (float value in x) sum += Math.Exp(value - largest);
            double logSum = largest + Math.Log(sum);
            (losses[row], logSums[row]) = ((float)(logSum - x[targets[row]]), (float)logSum);
        }
    }

    public virtual void CrossEntropyGradient(
        ReadOnlySpan<float> logits, int columns, ReadOnlySpan<int> targets, ReadOnlySpan<float> logSums, float upstream,
        Span<float> gradLogits, bool accumulate)
    {
        double scale = (double)upstream / targets.Length;
        for (int row = 0; row < targets.Length; row++)
        {
            for (int k = 0; k < columns; k++)
            {
                int i = row * columns + k;
                double gradient =
                    scale * (Math.Exp((double)logits[i] - logSums[row]) - (k == targets[row] ? 1 : 0));
                gradLogits[i] = (float)((accumulate ? gradLogits[i] : 0) + gradient);
            }
        }
    }

    public virtual void Dropout(
        float rate, CounterRandom random, long first, ReadOnlySpan<float> x, Span<float> y, bool accumulate)
    {
        float scale = 1 / (1 - rate);
        for (int i = 0; i < x.Length; i++)
        {
            float kept = random.Uniform((ulong)(first + i)) < rate ? 0 : scale * x[i];
            y[i] = accumulate ? y[i] + kept : kept;
        }
    }

    public virtual void GatherSequences(
        ReadOnlySpan<int> sequences, int length, ReadOnlySpan<int> numbers, ReadOnlySpan<int> firsts, Span<int> inputs,
        Span<int> targets)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            ReadOnlySpan<int> sequence = sequences.Slice(numbers[i] * length, length);
            sequence.CopyTo(targets.Slice(i * length, length));
            inputs[i * length] = firsts[i];
            sequence[..^1].CopyTo(inputs.Slice(i * length + 1, length - 1));
        }
    }
}
