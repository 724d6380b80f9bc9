using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// Layer normalisation. Cost: about ten operations an element. Layout: a warp a row, its lanes at neighbouring columns;
/// the sums over the rows are those of <see cref="ColumnKernels"/>. Bound: memory; the second and third look at a row
/// come from the cache. The mean is taken of the differences from the row's first element, so that a row far from 0
/// loses nothing in float32.
/// </summary>
internal static class LayerNormKernels
{
    private const float Epsilon = (float)Device.LayerNormEpsilon;

    internal readonly record struct Forward(
        Floats X, Floats Gain, Floats Bias, int Columns, Floats Y, Floats Statistics) : IWarpKernel
    {
        public void Run(int row, int lane)
        {
            int start = row * Columns;
            float origin = X[start], sum = 0, squares = 0;
            for (int i = lane; i < Columns; i += Warps.Lanes) sum += X[start + i] - origin;
            float shift = Warps.Sum(sum) / Columns;
            for (int i = lane; i < Columns; i += Warps.Lanes)
            {
                float difference = X[start + i] - origin - shift;
                squares += difference * difference;
            }
            float factor = 1 / MathF.Sqrt(Warps.Sum(squares) / Columns + Epsilon);
            for (int i = lane; i < Columns; i += Warps.Lanes)
                Y[start + i] = (X[start + i] - origin - shift) * factor * Gain[i] + Bias[i];
            if (lane != 0) return;
            Statistics[2 * row] = origin + shift;
            Statistics[2 * row + 1] = factor;
        }
    }

    /// <summary>The gradient of x.</summary>
    internal readonly record struct Gradient(
        Floats X, Floats Gain, Floats Statistics, Floats GradY, int Columns, Floats GradX, int Accumulate) : IWarpKernel
    {
        public void Run(int row, int lane)
        {
            int start = row * Columns;
            float mean = Statistics[2 * row], factor = Statistics[2 * row + 1], sumOfD = 0, sumOfDh = 0;
            for (int i = lane; i < Columns; i += Warps.Lanes)
            {
                float d = GradY[start + i] * Gain[i];
                sumOfD += d;
                sumOfDh += d * ((X[start + i] - mean) * factor);
            }
            float meanOfD = Warps.Sum(sumOfD) / Columns, meanOfDh = Warps.Sum(sumOfDh) / Columns;
            for (int i = lane; i < Columns; i += Warps.Lanes)
            {
                float d = GradY[start + i] * Gain[i], h = (X[start + i] - mean) * factor;
                ElementKernels.Write(GradX, start + i, factor * (d - meanOfD - h * meanOfDh), Accumulate);
            }
        }
    }
}
