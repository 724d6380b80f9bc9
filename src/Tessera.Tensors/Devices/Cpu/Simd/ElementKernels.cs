using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Element-by-element loops that <c>TensorPrimitives</c> does not have. Whole vectors first, then the rest one by one
/// with the same arithmetic. All are bound by memory.
/// </summary>
internal static unsafe class ElementKernels<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
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
    /// The sum of each column, put together from sums of a few rows in double precision: a bias gradient is a small
    /// difference of large sums, and Adam makes a full step of what is left, be it the rounding.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ColumnSums(float* x, int rows, int columns, double* sums)
    {
        const int RowsPerSum = 16;
        float* lanes = stackalloc float[TSimd.Width];
        new Span<double>(sums, columns).Clear();
        int column = 0;
        for (; column <= columns - TSimd.Width; column += TSimd.Width)
        {
            for (int row = 0; row < rows;)
            {
                TVector sum = TSimd.Broadcast(0);
                int end = Math.Min(rows, row + RowsPerSum);
                for (; row < end; row++) sum = TSimd.Add(sum, TSimd.Load(x + (nint)row * columns + column));
                TSimd.Store(sum, lanes);
                for (int lane = 0; lane < TSimd.Width; lane++) sums[column + lane] += lanes[lane];
            }
        }
        for (; column < columns; column++)
        {
            for (int row = 0; row < rows; row++) sums[column] += x[(nint)row * columns + column];
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Adam(
        AdamStep step, float* parameter, float* gradient, float* firstMoment, float* secondMoment, int count)
    {
        TVector beta1 = TSimd.Broadcast(step.Beta1), rest1 = TSimd.Broadcast(step.FirstRest);
        TVector beta2 = TSimd.Broadcast(step.Beta2), rest2 = TSimd.Broadcast(step.SecondRest);
        TVector stepSize = TSimd.Broadcast(step.StepSize), epsilon = TSimd.Broadcast(step.Epsilon);
        TVector correction = TSimd.Broadcast(step.SecondCorrection);
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
            TSimd.Store(TSimd.Subtract(TSimd.Load(parameter + i), change), parameter + i);
        }
        for (; i < count; i++)
        {
            float g = gradient[i];
            float m = firstMoment[i] = step.Beta1 * firstMoment[i] + step.FirstRest * g;
            float v = secondMoment[i] = step.Beta2 * secondMoment[i] + step.SecondRest * g * g;
            parameter[i] -= step.StepSize * m / (MathF.Sqrt(v) / step.SecondCorrection + step.Epsilon);
        }
    }
}
