using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Element-wise loops that <c>TensorPrimitives</c> lacks. They process whole vectors first, then the remaining elements
/// one by one with the same arithmetic. All are bound by memory.
/// </summary>
internal static unsafe class ElementKernels<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double SumOfSquares(float* x, int count)
    {
        TVector sum0 = TSimd.Broadcast(0), sum1 = sum0;
        int i = 0;
        for (; i <= count - 2 * TSimd.Width; i += 2 * TSimd.Width)
        {
            TVector x0 = TSimd.Load(x + i), x1 = TSimd.Load(x + i + TSimd.Width);
            sum0 = TSimd.MultiplyAdd(x0, x0, sum0);
            sum1 = TSimd.MultiplyAdd(x1, x1, sum1);
        }
        double sum = TSimd.Sum(TSimd.Add(sum0, sum1));
        for (; i < count; i++) sum += x[i] * x[i];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double SumOfSquaredDifferences(float* x, float* y, int count)
    {
        TVector sum0 = TSimd.Broadcast(0), sum1 = sum0;
        int i = 0;
        for (; i <= count - 2 * TSimd.Width; i += 2 * TSimd.Width)
        {
            TVector d0 = TSimd.Subtract(TSimd.Load(x + i), TSimd.Load(y + i));
            TVector d1 = TSimd.Subtract(TSimd.Load(x + i + TSimd.Width), TSimd.Load(y + i + TSimd.Width));
            sum0 = TSimd.MultiplyAdd(d0, d0, sum0);
            sum1 = TSimd.MultiplyAdd(d1, d1, sum1);
        }
        double sum = TSimd.Sum(TSimd.Add(sum0, sum1));
        for (; i < count; i++)
        {
            float difference = x[i] - y[i];
            sum += difference * difference;
        }
        return sum;
    }

    /// <summary>
    /// The sum of each column. Float32 sums of a few rows are added up in double precision: a bias gradient is often a
    /// small difference of large terms, and Adam would turn a mere rounding error into a full step.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ColumnSums(float* x, int rows, int columns, double* sums)
    {
        const int RowsPerSum = 16;
        // Several narrow rows are treated as one wide row of whole vectors, with enough vectors that no sum waits for
        // its own last result.
        int fold = columns < 4 * TSimd.Width ? TSimd.Width : 1;
        int wideColumns = fold * columns, wideRows = rows / fold;
        using var scratch = new Scratch(wideColumns);
        float* partial = scratch.Floats;
        new Span<double>(sums, columns).Clear();
        for (int row = 0; row < wideRows; row += RowsPerSum)
        {
            new Span<float>(partial, wideColumns).Clear();
            AddRows(x + (nint)row * wideColumns, Math.Min(RowsPerSum, wideRows - row), wideColumns, partial);
            for (int f = 0; f < fold; f++)
            {
                for (int column = 0; column < columns; column++) sums[column] += partial[f * columns + column];
            }
        }
        for (int row = wideRows * fold; row < rows; row++)
        {
            for (int column = 0; column < columns; column++) sums[column] += x[(nint)row * columns + column];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ReluGradient(float* y, float* gradY, float* gradX, int count, bool accumulate)
    {
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width)
        {
            TVector value = TSimd.WherePositive(TSimd.Load(y + i), TSimd.Load(gradY + i));
            TSimd.Store(accumulate ? TSimd.Add(TSimd.Load(gradX + i), value) : value, gradX + i);
        }
        for (; i < count; i++)
        {
            float value = y[i] > 0 ? gradY[i] : 0;
            gradX[i] = accumulate ? gradX[i] + value : value;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ScaledDifference(float* x, float* y, float scale, float* z, int count, bool accumulate)
    {
        TVector factor = TSimd.Broadcast(scale);
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width)
        {
            TVector value = TSimd.Multiply(factor, TSimd.Subtract(TSimd.Load(x + i), TSimd.Load(y + i)));
            TSimd.Store(accumulate ? TSimd.Add(TSimd.Load(z + i), value) : value, z + i);
        }
        for (; i < count; i++)
        {
            float value = scale * (x[i] - y[i]);
            z[i] = accumulate ? z[i] + value : value;
        }
    }

    /// <summary>Both gradients of a squared error; see <see cref="Device.SquaredErrorGradients"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SquaredErrorGradients(
        float* x, float* y, float scaleX, float* gradX, bool accumulateX, float scaleY, float* gradY, bool accumulateY,
        int count)
    {
        TVector factorX = TSimd.Broadcast(scaleX), factorY = TSimd.Broadcast(-scaleY);
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width)
        {
            TVector difference = TSimd.Subtract(TSimd.Load(x + i), TSimd.Load(y + i));
            TVector valueX = TSimd.Multiply(factorX, difference), valueY = TSimd.Multiply(factorY, difference);
            TSimd.Store(accumulateX ? TSimd.Add(TSimd.Load(gradX + i), valueX) : valueX, gradX + i);
            TSimd.Store(accumulateY ? TSimd.Add(TSimd.Load(gradY + i), valueY) : valueY, gradY + i);
        }
        for (; i < count; i++)
        {
            float difference = x[i] - y[i];
            gradX[i] = (accumulateX ? gradX[i] : 0) + scaleX * difference;
            gradY[i] = (accumulateY ? gradY[i] : 0) - scaleY * difference;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MoveAverage(float* average, float* value, float old, float rest, int count)
    {
        TVector oldFactor = TSimd.Broadcast(old), restFactor = TSimd.Broadcast(rest);
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width)
        {
            TVector kept = TSimd.Multiply(oldFactor, TSimd.Load(average + i));
            TSimd.Store(TSimd.Add(kept, TSimd.Multiply(restFactor, TSimd.Load(value + i))), average + i);
        }
        for (; i < count; i++) average[i] = old * average[i] + rest * value[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* x, float* y, float scale, float* z, int count, bool accumulate)
    {
        TVector factor = TSimd.Broadcast(scale);
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width)
        {
            TVector value = TSimd.Multiply(TSimd.Multiply(factor, TSimd.Load(x + i)), TSimd.Load(y + i));
            TSimd.Store(accumulate ? TSimd.Add(TSimd.Load(z + i), value) : value, z + i);
        }
        for (; i < count; i++)
        {
            float value = scale * x[i] * y[i];
            z[i] = accumulate ? z[i] + value : value;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Divide(float* x, float* y, float* z, int count, bool accumulate)
    {
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width)
        {
            TVector value = TSimd.Divide(TSimd.Load(x + i), TSimd.Load(y + i));
            TSimd.Store(accumulate ? TSimd.Add(TSimd.Load(z + i), value) : value, z + i);
        }
        for (; i < count; i++)
        {
            float value = x[i] / y[i];
            z[i] = accumulate ? z[i] + value : value;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void DivideRows(float* x, float* divisors, int rows, int columns, float* y)
    {
        for (int row = 0; row < rows; row++, x += columns, y += columns)
        {
            if (divisors[row] == 0) continue;
            TVector divisor = TSimd.Broadcast(divisors[row]);
            int i = 0;
            for (; i <= columns - TSimd.Width; i += TSimd.Width)
                TSimd.Store(TSimd.Divide(TSimd.Load(x + i), divisor), y + i);
            for (; i < columns; i++) y[i] = x[i] / divisors[row];
        }
    }

    /// <summary>
    /// Adds row i of x to row <c>indices[i]</c> of the table, in the order of i: in each row, the first
    /// <paramref name="count"/> elements from the pointers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ScatterAddRows(float* x, int* indices, int rows, float* table, int columns, int count)
    {
        for (int row = 0; row < rows; row++)
        {
            float* from = x + (nint)row * columns, to = table + (nint)indices[row] * columns;
            int i = 0;
            for (; i <= count - TSimd.Width; i += TSimd.Width)
            {
                TSimd.Store(TSimd.Add(TSimd.Load(to + i), TSimd.Load(from + i)), to + i);
            }
            for (; i < count; i++) to[i] += from[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Adam(
        AdamStep step, float* parameter, float* gradient, float* firstMoment, float* secondMoment, int count)
    {
        TVector beta1 = TSimd.Broadcast(step.Beta1), rest1 = TSimd.Broadcast(step.FirstRest);
        TVector beta2 = TSimd.Broadcast(step.Beta2), rest2 = TSimd.Broadcast(step.SecondRest);
        TVector stepSize = TSimd.Broadcast(step.StepSize.Constant), epsilon = TSimd.Broadcast(step.Epsilon);
        TVector correction = TSimd.Broadcast(step.SecondCorrection.Constant);
        TVector decay = TSimd.Broadcast(step.ParameterDecay.Constant);
        int i = 0;
        for (; i <= count - TSimd.Width; i += TSimd.Width)
        {
            TVector g = TSimd.Load(gradient + i);
            TVector m = TSimd.Add(TSimd.Multiply(beta1, TSimd.Load(firstMoment + i)), TSimd.Multiply(rest1, g));
            TVector v = TSimd.Add(
                TSimd.Multiply(beta2, TSimd.Load(secondMoment + i)), TSimd.Multiply(TSimd.Multiply(rest2, g), g));
            TSimd.Store(m, firstMoment + i);
            TSimd.Store(v, secondMoment + i);
            TVector denominator = TSimd.Add(TSimd.Divide(TSimd.SquareRoot(v), correction), epsilon);
            TVector change = TSimd.Divide(TSimd.Multiply(stepSize, m), denominator);
            TSimd.Store(TSimd.Subtract(TSimd.Multiply(decay, TSimd.Load(parameter + i)), change), parameter + i);
        }
        for (; i < count; i++)
        {
            float g = gradient[i];
            float m = firstMoment[i] = step.Beta1 * firstMoment[i] + step.FirstRest * g;
            float v = secondMoment[i] = step.Beta2 * secondMoment[i] + step.SecondRest * g * g;
            float change = step.StepSize.Constant * m
                / (MathF.Sqrt(v) / step.SecondCorrection.Constant + step.Epsilon);
            parameter[i] = step.ParameterDecay.Constant * parameter[i] - change;
        }
    }

    // Floats from an element to the one that is fetched.
    private const int Ahead = 1024;

    /// <summary>Adds rows to the sums, four at a time, so that the sums are loaded and stored less often.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRows(float* x, int rows, int columns, float* sums)
    {
        for (; rows >= 4; rows -= 4, x += 4 * (nint)columns)
        {
            float* x1 = x + columns, x2 = x1 + columns, x3 = x2 + columns;
            int i = 0;
            for (; i <= columns - TSimd.Width; i += TSimd.Width)
            {
                CacheLine.Prefetch(x + i + Ahead);
                CacheLine.Prefetch(x1 + i + Ahead);
                CacheLine.Prefetch(x2 + i + Ahead);
                CacheLine.Prefetch(x3 + i + Ahead);
                TVector left = TSimd.Add(TSimd.Load(x + i), TSimd.Load(x1 + i));
                TVector right = TSimd.Add(TSimd.Load(x2 + i), TSimd.Load(x3 + i));
                TSimd.Store(TSimd.Add(TSimd.Load(sums + i), TSimd.Add(left, right)), sums + i);
            }
            for (; i < columns; i++) sums[i] += x[i] + x1[i] + (x2[i] + x3[i]);
        }
        for (; rows > 0; rows--, x += columns)
        {
            for (int i = 0; i < columns; i++) sums[i] += x[i];
        }
    }
}
