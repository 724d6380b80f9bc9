using Tessera.Tensors.Random;

namespace Tessera.Tensors.Devices.Cpu.Reference;

internal partial class ReferenceKernels
{
    // Keeps the logarithm of a probability of 0 finite.
    protected const double LeastProbability = 1e-10;

    public virtual void SquashColumns(ReadOnlySpan<float> x, ReadOnlySpan<float> bounds, Span<float> y)
    {
        int columns = bounds.Length / 3;
        for (int i = 0; i < x.Length; i++)
        {
            int c = i % columns;
            y[i] = (float)(bounds[c] * Math.Tanh((double)x[i] + bounds[columns + c]) - bounds[2 * columns + c]);
        }
    }

    public virtual void SquashColumnsGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> bounds, ReadOnlySpan<float> gradY, Span<float> gradX,
        bool accumulate)
    {
        int columns = bounds.Length / 3;
        for (int i = 0; i < x.Length; i++)
        {
            int c = i % columns;
            double tanh = Math.Tanh((double)x[i] + bounds[columns + c]);
            gradX[i] = (float)((accumulate ? gradX[i] : 0) + gradY[i] * bounds[c] * (1 - tanh * tanh));
        }
    }

    public virtual void RoundToLevels(ReadOnlySpan<float> x, ReadOnlySpan<float> grid, Span<float> y, Span<int> codes)
    {
        int columns = grid.Length / 3;
        for (int row = 0; row < codes.Length; row++)
        {
            int code = 0, place = 1;
            for (int c = 0; c < columns; c++)
            {
                (float levels, float step, float origin) = (grid[c], grid[columns + c], grid[2 * columns + c]);
                float value = x[row * columns + c], rounded = MathF.Round(value * step + origin);
                // NaN is not above 0.
                int level = rounded > 0 ? (int)Math.Min(rounded, levels - 1) : 0;
                y[row * columns + c] = float.IsNaN(value) ? value : (level - origin) / step;
                code += level * place;
                place *= (int)levels;
            }
            codes[row] = code;
        }
    }

    public virtual void LookUpLevels(ReadOnlySpan<int> codes, ReadOnlySpan<float> grid, Span<float> y)
    {
        int columns = grid.Length / 3;
        for (int row = 0; row < codes.Length; row++)
        {
            int rest = codes[row];
            for (int c = 0; c < columns; c++)
            {
                int levels = (int)grid[c];
                y[row * columns + c] = (rest % levels - grid[2 * columns + c]) / grid[columns + c];
                rest /= levels;
            }
        }
    }

    public virtual void CopyColumns(
        ReadOnlySpan<float> x, in ColumnRange xColumns, Span<float> y, in ColumnRange yColumns, bool accumulate)
    {
        int rows = x.Length / xColumns.Columns;
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> from = x.Slice(row * xColumns.Columns + xColumns.First, xColumns.Count);
            Span<float> to = y.Slice(row * yColumns.Columns + yColumns.First, yColumns.Count);
            for (int c = 0; c < from.Length; c++) to[c] = accumulate ? to[c] + from[c] : from[c];
        }
    }

    public virtual void CopyIndexColumns(
        ReadOnlySpan<int> x, in ColumnRange xColumns, Span<int> y, in ColumnRange yColumns)
    {
        int rows = x.Length / xColumns.Columns;
        for (int row = 0; row < rows; row++)
        {
            x.Slice(row * xColumns.Columns + xColumns.First, xColumns.Count)
                .CopyTo(y.Slice(row * yColumns.Columns + yColumns.First, yColumns.Count));
        }
    }

    public virtual void Softmax(
        ReadOnlySpan<float> x, int columns, float temperature, CounterRandom? noise, long firstNoise, Span<float> y)
    {
        for (int row = 0; row < x.Length / columns; row++)
        {
            double largest = double.NegativeInfinity, sum = 0;
            int start = row * columns;
            for (int i = start; i < start + columns; i++) largest = Math.Max(largest, y[i] = Logit(x[i], i));
            for (int i = start; i < start + columns; i++) sum += Math.Exp(y[i] - largest);
            for (int i = start; i < start + columns; i++) y[i] = (float)(Math.Exp(y[i] - largest) / sum);
        }

        float Logit(float value, int index) => noise is { } random
            ? (value + GumbelNoise(random, firstNoise + index)) / temperature
            : value / temperature;
    }

    public virtual void SoftmaxGradient(
        ReadOnlySpan<float> y, int columns, float temperature, ReadOnlySpan<float> gradY, Span<float> gradX,
        bool accumulate)
    {
        for (int row = 0; row < y.Length / columns; row++)
        {
            double mean = 0;
            int start = row * columns;
            for (int i = start; i < start + columns; i++) mean += (double)y[i] * gradY[i];
            for (int i = start; i < start + columns; i++)
                gradX[i] = (float)((accumulate ? gradX[i] : 0) + y[i] * (gradY[i] - mean) / temperature);
        }
    }

    public virtual void LargestColumns(ReadOnlySpan<float> x, int columns, Span<int> largest)
    {
        for (int row = 0; row < largest.Length; row++)
        {
            ReadOnlySpan<float> values = x.Slice(row * columns, columns);
            int best = 0;
            for (int c = 1; c < columns; c++)
                if (values[c] > values[best]) best = c;
            largest[row] = best;
        }
    }

    public virtual void RowEntropy(
        ReadOnlySpan<float> p, int columns, in EntropyWeights weights, Span<float> means, Span<float> result)
    {
        int rows = p.Length / columns;
        double sum = 0;
        for (int c = 0; c < columns; c++)
        {
            double mean = 0;
            for (int row = 0; row < rows; row++)
            {
                double value = p[row * columns + c];
                mean += value / rows;
                sum -= weights.Row / (double)rows * value * Math.Log(value + LeastProbability);
            }
            means[c] = (float)mean;
            sum -= weights.Mean * mean * Math.Log(mean + LeastProbability);
        }
        result[0] = (float)sum;
    }

    public virtual void RowEntropyGradient(
        ReadOnlySpan<float> p, int columns, in EntropyWeights weights, ReadOnlySpan<float> means, float upstream,
        Span<float> gradP, bool accumulate)
    {
        double scale = -(double)upstream / (p.Length / columns);
        for (int i = 0; i < p.Length; i++)
        {
            double gradient = scale * (
                weights.Row * (Math.Log(p[i] + LeastProbability) + 1)
                + weights.Mean * (Math.Log(means[i % columns] + LeastProbability) + 1));
            gradP[i] = (float)((accumulate ? gradP[i] : 0) + gradient);
        }
    }

    /// <summary>Number i of the Gumbel distribution.</summary>
    private static float GumbelNoise(CounterRandom random, long index) =>
        (float)-Math.Log(-Math.Log(random.Uniform((ulong)index) + 1.0 / (1 << 25)));
}
