using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Layer normalisation, a row at a time: the row comes from memory once and from the first-level cache in the later
/// passes. A row's results do not depend on the other rows.
/// </summary>
/// <remarks>Bound by memory: a few instructions a float, which is read once and whose result is written once.</remarks>
internal static unsafe class LayerNormKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Normalises rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* x, float* gain, float* bias, int rows, int columns, float* y, float* statistics)
    {
        for (int row = 0; row < rows; row++, x += columns, y += columns, statistics += 2)
        {
            // A rounded mean, near enough that the differences from it are small, and the rest of the mean.
            float mean = (float)(Sum(x, columns) / columns);
            (double sum, double squares) = SumsOfDifferences(x, columns, mean);
            double rest = sum / columns, variance = Math.Max(squares / columns - rest * rest, 0);
            double factor = 1 / Math.Sqrt(variance + Device.LayerNormEpsilon);
            (statistics[0], statistics[1]) = ((float)(mean + rest), (float)factor);
            Normalize(x, gain, bias, columns, y, mean, (float)factor, (float)(-rest * factor));
        }
    }

    /// <summary>
    /// The gradients of rows. The sums of the gain's gradient are written to <paramref name="gainSums"/>, those of the
    /// bias's to <paramref name="biasSums"/>: float32 sums of a few rows, added up in double precision.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient(
        float* x, float* gain, float* statistics, float* gradY, int rows, int columns, float* gradX, bool accumulate,
        double* gainSums, double* biasSums)
    {
        const int RowsPerSum = 16;
        using var scratch = new Scratch(2L * columns);
        float* gainPart = scratch.Floats, biasPart = gainPart + columns;
        new Span<double>(gainSums, columns).Clear();
        new Span<double>(biasSums, columns).Clear();
        for (int first = 0; first < rows; first += RowsPerSum)
        {
            new Span<float>(gainPart, 2 * columns).Clear();
            int end = Math.Min(first + RowsPerSum, rows);
            for (int row = first; row < end; row++, x += columns, gradY += columns, gradX += columns)
            {
                float mean = statistics[2 * row], factor = statistics[2 * row + 1];
                (float d, float dh) = AddRow(x, gain, gradY, columns, mean, factor, gainPart, biasPart);
                RowGradient(
                    x, gain, gradY, columns, gradX, accumulate, mean, factor, d / columns, dh / columns);
            }
            for (int column = 0; column < columns; column++)
            {
                gainSums[column] += gainPart[column];
                biasSums[column] += biasPart[column];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Sum(float* x, int columns)
    {
        TVector sum0 = TSimd.Broadcast(0), sum1 = sum0;
        int i = 0;
        for (; i <= columns - 2 * TSimd.Width; i += 2 * TSimd.Width)
        {
            sum0 = TSimd.Add(sum0, TSimd.Load(x + i));
            sum1 = TSimd.Add(sum1, TSimd.Load(x + i + TSimd.Width));
        }
        double sum = TSimd.Sum(TSimd.Add(sum0, sum1));
        for (; i < columns; i++) sum += x[i];
        return sum;
    }

    /// <summary>The sums of <c>x - mean</c> and of its square.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (double Sum, double Squares) SumsOfDifferences(float* x, int columns, float mean)
    {
        TVector means = TSimd.Broadcast(mean);
        TVector sum0 = TSimd.Broadcast(0), sum1 = sum0, squares0 = sum0, squares1 = sum0;
        int i = 0;
        for (; i <= columns - 2 * TSimd.Width; i += 2 * TSimd.Width)
        {
            TVector d0 = TSimd.Subtract(TSimd.Load(x + i), means);
            TVector d1 = TSimd.Subtract(TSimd.Load(x + i + TSimd.Width), means);
            sum0 = TSimd.Add(sum0, d0);
            sum1 = TSimd.Add(sum1, d1);
            squares0 = TSimd.MultiplyAdd(d0, d0, squares0);
            squares1 = TSimd.MultiplyAdd(d1, d1, squares1);
        }
        double sum = TSimd.Sum(TSimd.Add(sum0, sum1)), squares = TSimd.Sum(TSimd.Add(squares0, squares1));
        for (; i < columns; i++)
        {
            double difference = x[i] - mean;
            sum += difference;
            squares += difference * difference;
        }
        return (sum, squares);
    }

    /// <summary><c>y = ((x - mean) * factor + shift) * gain + bias</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Normalize(
        float* x, float* gain, float* bias, int columns, float* y, float mean, float factor, float shift)
    {
        TVector means = TSimd.Broadcast(mean), factors = TSimd.Broadcast(factor), shifts = TSimd.Broadcast(shift);
        int i = 0;
        for (; i <= columns - TSimd.Width; i += TSimd.Width)
        {
            TVector h = TSimd.MultiplyAdd(TSimd.Subtract(TSimd.Load(x + i), means), factors, shifts);
            TSimd.Store(TSimd.MultiplyAdd(h, TSimd.Load(gain + i), TSimd.Load(bias + i)), y + i);
        }
        for (; i < columns; i++) y[i] = ((x[i] - mean) * factor + shift) * gain[i] + bias[i];
    }

    /// <summary>
    /// Adds a row to the sums of the gain's and the bias's gradient; returns the sums of d and d h over the row.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (float D, float Dh) AddRow(
        float* x, float* gain, float* gradY, int columns, float mean, float factor, float* gainSums, float* biasSums)
    {
        TVector means = TSimd.Broadcast(mean), factors = TSimd.Broadcast(factor);
        TVector sumD = TSimd.Broadcast(0), sumDh = sumD;
        int i = 0;
        for (; i <= columns - TSimd.Width; i += TSimd.Width)
        {
            TVector gradient = TSimd.Load(gradY + i), d = TSimd.Multiply(gradient, TSimd.Load(gain + i));
            TVector h = TSimd.Multiply(TSimd.Subtract(TSimd.Load(x + i), means), factors);
            sumD = TSimd.Add(sumD, d);
            sumDh = TSimd.MultiplyAdd(d, h, sumDh);
            TSimd.Store(TSimd.MultiplyAdd(gradient, h, TSimd.Load(gainSums + i)), gainSums + i);
            TSimd.Store(TSimd.Add(gradient, TSimd.Load(biasSums + i)), biasSums + i);
        }
        (float totalD, float totalDh) = (TSimd.Sum(sumD), TSimd.Sum(sumDh));
        for (; i < columns; i++)
        {
            float d = gradY[i] * gain[i], h = (x[i] - mean) * factor;
            totalD += d;
            totalDh += d * h;
            gainSums[i] += gradY[i] * h;
            biasSums[i] += gradY[i];
        }
        return (totalD, totalDh);
    }

    /// <summary>
    /// <c>gradX = factor (d - meanOfD - h meanOfDh)</c>; see <see cref="Device.LayerNormGradient"/> for d and h.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RowGradient(
        float* x, float* gain, float* gradY, int columns, float* gradX, bool accumulate, float mean, float factor,
        float meanOfD, float meanOfDh)
    {
        TVector means = TSimd.Broadcast(mean), factors = TSimd.Broadcast(factor);
        TVector shifts = TSimd.Broadcast(-meanOfD), slopes = TSimd.Broadcast(-meanOfDh);
        int i = 0;
        for (; i <= columns - TSimd.Width; i += TSimd.Width)
        {
            TVector d = TSimd.Multiply(TSimd.Load(gradY + i), TSimd.Load(gain + i));
            TVector h = TSimd.Multiply(TSimd.Subtract(TSimd.Load(x + i), means), factors);
            TVector value = TSimd.Multiply(factors, TSimd.MultiplyAdd(h, slopes, TSimd.Add(d, shifts)));
            TSimd.Store(accumulate ? TSimd.Add(TSimd.Load(gradX + i), value) : value, gradX + i);
        }
        for (; i < columns; i++)
        {
            float h = (x[i] - mean) * factor, value = factor * (gradY[i] * gain[i] - meanOfD - h * meanOfDh);
            gradX[i] = accumulate ? gradX[i] + value : value;
        }
    }
}
