namespace Tessera.Cuda.Kernels;

/// <summary>
/// Softmax and entropies. Cost: an exponential or a logarithm an element. Layout: a softmax has a warp a row; entropies
/// are sums over all elements, in blocks, after the columns' means; their gradients have a thread an element. Bound:
/// memory.
/// </summary>
internal static class EntropyKernels
{
    // Keeps the logarithm of a probability of 0 finite.
    private const double LeastProbability = 1e-10;

    internal readonly record struct Softmax(
        Floats X, int Columns, DeviceNumber Temperature, int HasNoise, ulong Seed, ulong Stream, Integers Update,
        long First, Floats Y) : IWarpKernel
    {
        public void Run(int row, int lane)
        {
            int start = row * Columns;
            float largest = float.NegativeInfinity, sum = 0, temperature = Temperature.Read();
            for (int i = start + lane; i < start + Columns; i += Warps.Lanes)
            {
                float logit = (X[i] + Noise(i)) / temperature;
                Y[i] = logit;
                if (logit > largest) largest = logit;
            }
            largest = Warps.Max(largest);
            for (int i = start + lane; i < start + Columns; i += Warps.Lanes)
            {
                float power = Numerics.Exp(Y[i] - largest);
                Y[i] = power;
                sum += power;
            }
            sum = Warps.Sum(sum);
            for (int i = start + lane; i < start + Columns; i += Warps.Lanes) Y[i] /= sum;
        }

        private float Noise(int index)
        {
            if (HasNoise == 0) return 0;
            double uniform = RandomKernels.Uniform(First + index, Seed, Stream + (ulong)(long)Update[0]);
            return (float)-Numerics.Log(-Numerics.Log(uniform + 1.0 / (1 << 25)));
        }
    }

    internal readonly record struct SoftmaxGradient(
        Floats Y, int Columns, DeviceNumber Temperature, Floats GradY, Floats GradX, int Accumulate) : IWarpKernel
    {
        public void Run(int row, int lane)
        {
            int start = row * Columns;
            float mean = 0;
            for (int i = start + lane; i < start + Columns; i += Warps.Lanes) mean += Y[i] * GradY[i];
            mean = Warps.Sum(mean);
            for (int i = start + lane; i < start + Columns; i += Warps.Lanes)
                ElementKernels.Write(GradX, i, Y[i] * (GradY[i] - mean) / Temperature.Read(), Accumulate);
        }
    }

    internal readonly record struct Largest(Floats X, int Columns, Integers Found) : IWarpKernel
    {
        public void Run(int row, int lane)
        {
            int start = row * Columns, best = int.MaxValue;
            float largest = float.NegativeInfinity;
            for (int c = lane; c < Columns; c += Warps.Lanes)
                if (X[start + c] > largest) largest = X[start + c];
            largest = Warps.Max(largest);
            for (int c = lane; c < Columns; c += Warps.Lanes)
                if (X[start + c] == largest && c < best) best = c;
            best = Warps.Min(best);
            // A row of NaN has no largest number.
            if (lane == 0) Found[row] = best == int.MaxValue ? 0 : best;
        }
    }

    /// <summary>The terms of <see cref="Tensors.Devices.Device.RowEntropy"/>: elements, then columns.</summary>
    internal readonly record struct RowSum(Floats P, Floats Means, float Row, float Mean) : ITerm
    {
        public double Term(int index)
        {
            int count = P.IntLength;
            return index < count
                ? Row * (double)Means.IntLength / count * Surprise(P[index])
                : Mean * Surprise(Means[index - count]);
        }
    }

    internal readonly record struct RowGradient(
        Floats P, Floats Means, float Row, float Mean, Floats Upstream, Floats GradP, int Accumulate) : IElementKernel
    {
        public void Run(int index)
        {
            double slope = Row * (Numerics.Log(P[index] + LeastProbability) + 1)
                + Mean * (Numerics.Log(Means[index % Means.IntLength] + LeastProbability) + 1);
            float scale = -Upstream[0] / (P.IntLength / Means.IntLength);
            ElementKernels.Write(GradP, index, (float)(scale * slope), Accumulate);
        }
    }

    /// <summary>Divides sums by the number of rows.</summary>
    internal readonly record struct Divide(Floats X, float Rows) : IElementKernel
    {
        public void Run(int index) => X[index] /= Rows;
    }

    private static double Surprise(double p) => -p * Numerics.Log(p + LeastProbability);
}
