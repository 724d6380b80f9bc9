namespace Tessera.Cuda.Kernels;

/// <summary>
/// Rows as vectors: their lengths and directions, in double precision, since squares of short rows vanish in float32.
/// Cost: two to ten operations an element. Layout: a warp a row, its lanes at neighbouring columns. Bound: memory; the
/// second look at a row comes from the cache.
/// </summary>
internal static class NormKernels
{
    // The smallest divisor, as in the reference.
    private const double ShortestRow = 1e-12;

    /// <summary>The squared length of each row, in float32: of two rows with the same bits it has the same.</summary>
    internal readonly record struct Squares(Floats X, int Columns, Floats Y) : IWarpKernel
    {
        public void Run(int row, int lane)
        {
            float sum = 0;
            for (int i = lane; i < Columns; i += Warps.Lanes) sum += X[row * Columns + i] * X[row * Columns + i];
            sum = Warps.Sum(sum);
            if (lane == 0) Y[row] = sum;
        }
    }

    internal readonly record struct Normalize(Floats X, int Columns, Floats Y) : IWarpKernel
    {
        public void Run(int row, int lane)
        {
            int start = row * Columns;
            double length = Length(X, start, Columns, lane);
            for (int i = lane; i < Columns; i += Warps.Lanes) Y[start + i] = (float)(X[start + i] / length);
        }
    }

    internal readonly record struct NormalizeGradient(
        Floats X, Floats GradY, int Columns, Floats GradX, int Accumulate) : IWarpKernel
    {
        public void Run(int row, int lane)
        {
            int start = row * Columns;
            double length = Length(X, start, Columns, lane);
            double along = Dot(X, GradY, start, Columns, lane) / (length * length);
            for (int i = start + lane; i < start + Columns; i += Warps.Lanes)
                ElementKernels.Write(GradX, i, (float)((GradY[i] - X[i] * along) / length), Accumulate);
        }
    }

    internal readonly record struct RotationGradient(
        Floats X, Floats Y, Floats GradY, int Columns, Floats GradX, int Accumulate) : IWarpKernel
    {
        public void Run(int row, int lane)
        {
            int start = row * Columns;
            double fromLength = Length(X, start, Columns, lane), toLength = Length(Y, start, Columns, lane);
            // |y^ + x^|^2 = 2 + 2 y^ . x^
            double bisector = 2 + 2 * Dot(X, Y, start, Columns, lane) / (fromLength * toLength);
            bool isDefined = fromLength > ShortestRow && toLength > ShortestRow && bisector > 1e-12;
            double alongFrom = Dot(X, GradY, start, Columns, lane) / fromLength;
            double alongTo = Dot(Y, GradY, start, Columns, lane) / toLength;
            double reflected = 2 * (alongFrom + alongTo) / bisector;
            for (int i = start + lane; i < start + Columns; i += Warps.Lanes)
            {
                double unitFrom = X[i] / fromLength, unitTo = Y[i] / toLength;
                double rotated = GradY[i] - reflected * (unitFrom + unitTo) + 2 * unitFrom * alongTo;
                float gradient = isDefined ? (float)(toLength / fromLength * rotated) : GradY[i];
                ElementKernels.Write(GradX, i, gradient, Accumulate);
            }
        }
    }

    /// <summary>The squared distance of the unit vectors of each row.</summary>
    internal readonly record struct UnitDistance(Floats X, Floats Y, int Columns, Floats Distances) : IWarpKernel
    {
        public void Run(int row, int lane)
        {
            int start = row * Columns;
            double lengthX = Length(X, start, Columns, lane), lengthY = Length(Y, start, Columns, lane), sum = 0;
            for (int i = start + lane; i < start + Columns; i += Warps.Lanes)
            {
                double difference = X[i] / lengthX - Y[i] / lengthY;
                sum += difference * difference;
            }
            sum = Warps.Sum(sum);
            if (lane == 0) Distances[row] = (float)sum;
        }
    }

    internal readonly record struct UnitDistanceGradient(
        Floats X, Floats Y, int Columns, Floats Upstream, Floats GradY, int Accumulate) : IWarpKernel
    {
        public void Run(int row, int lane)
        {
            int start = row * Columns;
            double lengthX = Length(X, start, Columns, lane), lengthY = Length(Y, start, Columns, lane);
            double cosine = Dot(X, Y, start, Columns, lane) / (lengthX * lengthY);
            double scale = lengthY > ShortestRow ? Upstream[0] * 2 / (X.IntLength / Columns) / lengthY : 0;
            for (int i = start + lane; i < start + Columns; i += Warps.Lanes)
                ElementKernels.Write(
                    GradY, i, (float)(scale * (Y[i] / lengthY * cosine - X[i] / lengthX)), Accumulate);
        }
    }

    private static double Dot(Floats x, Floats y, int start, int columns, int lane)
    {
        double sum = 0;
        for (int i = start + lane; i < start + columns; i += Warps.Lanes) sum += (double)x[i] * y[i];
        return Warps.Sum(sum);
    }

    private static double Length(Floats x, int start, int columns, int lane)
    {
        double length = Math.Sqrt(Dot(x, x, start, columns, lane));
        return length < ShortestRow ? ShortestRow : length;
    }
}
