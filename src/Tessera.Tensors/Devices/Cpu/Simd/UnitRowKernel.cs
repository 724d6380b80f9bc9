using System.Runtime.CompilerServices;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// Distances of unit vectors. Cost: about ten operations an element, in float32 but for the rows' lengths. Bound:
/// memory; the second look at a row comes from the cache.
/// </summary>
internal static unsafe class UnitRowKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>The sum over rows of the squared distance.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Distances(float* x, float* y, int rows, int columns)
    {
        double sum = 0;
        for (int row = 0; row < rows; row++, x += columns, y += columns)
        {
            float scaleX = (float)(1 / Length(x, columns)), scaleY = (float)(1 / Length(y, columns));
            TVector factorX = TSimd.Broadcast(scaleX), factorY = TSimd.Broadcast(scaleY), sums = TSimd.Broadcast(0);
            int i = 0;
            for (; i <= columns - TSimd.Width; i += TSimd.Width)
            {
                TVector difference = TSimd.Subtract(
                    TSimd.Multiply(factorX, TSimd.Load(x + i)), TSimd.Multiply(factorY, TSimd.Load(y + i)));
                sums = TSimd.MultiplyAdd(difference, difference, sums);
            }
            sum += TSimd.Sum(sums);
            for (; i < columns; i++)
            {
                float difference = scaleX * x[i] - scaleY * y[i];
                sum += difference * difference;
            }
        }
        return sum;
    }

    /// <summary>The gradient for y; see <see cref="Device.UnitRowDistanceGradient"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient(
        float* x, float* y, int rows, int columns, float scale, float* gradY, bool accumulate)
    {
        for (int row = 0; row < rows; row++, x += columns, y += columns, gradY += columns)
        {
            double lengthX = Length(x, columns), lengthY = Length(y, columns);
            bool isShort = lengthY <= Reference.ReferenceKernels.ShortestRow;
            double cosine = RowMath<TSimd, TVector>.Dot(x, y, columns) / (lengthX * lengthY);
            float scaleX = isShort ? 0 : (float)(-scale / (lengthX * lengthY));
            float scaleY = isShort ? 0 : (float)(scale * cosine / (lengthY * lengthY));
            TVector factorX = TSimd.Broadcast(scaleX), factorY = TSimd.Broadcast(scaleY);
            int i = 0;
            for (; i <= columns - TSimd.Width; i += TSimd.Width)
            {
                TVector value = TSimd.Add(
                    TSimd.Multiply(factorY, TSimd.Load(y + i)), TSimd.Multiply(factorX, TSimd.Load(x + i)));
                TSimd.Store(accumulate ? TSimd.Add(TSimd.Load(gradY + i), value) : value, gradY + i);
            }
            for (; i < columns; i++)
            {
                float value = scaleY * y[i] + scaleX * x[i];
                gradY[i] = accumulate ? gradY[i] + value : value;
            }
        }
    }

    // A sum of squares that is not in the range of float32 is found again in double precision.
    private static double Length(float* row, int columns)
    {
        double square = RowMath<TSimd, TVector>.Dot(row, row, columns);
        if (square < 1e-30 || !double.IsFinite(square))
        {
            square = 0;
            for (int i = 0; i < columns; i++) square += (double)row[i] * row[i];
        }
        double length = Math.Sqrt(square);
        return length < Reference.ReferenceKernels.ShortestRow ? Reference.ReferenceKernels.ShortestRow : length;
    }
}
