namespace Tessera.Tensors.Devices.Cpu.Simd;

internal sealed unsafe partial class SimdKernels<TSimd, TVector>
{
    // The threads divide the rows of the output.
    public override void MaxPool(in PoolGeometry geometry, ReadOnlySpan<float> x, Span<float> y)
    {
        PoolGeometry g = geometry;
        fixed (float* pX = x, pY = y)
        {
            float* from = pX, to = pY;
            pool.Run(g.Batch * g.OutHeight, row => PoolKernel<TSimd, TVector>.MaxRow(
                g, row % g.OutHeight, from + (nint)(row / g.OutHeight) * g.InLength,
                to + (nint)row * g.OutWidth * g.Channels));
        }
    }

    // The threads divide the images: windows of an image may overlap.
    public override void MaxPoolGradient(
        in PoolGeometry geometry, ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradY,
        Span<float> gradX, bool accumulate)
    {
        PoolGeometry g = geometry;
        fixed (float* pX = x, pY = y, pGradY = gradY, pGradX = gradX)
        {
            float* values = pX, largest = pY, from = pGradY, to = pGradX;
            pool.Run(g.Batch, image =>
            {
                nint input = (nint)image * g.InLength, output = (nint)image * g.OutLength;
                if (!accumulate) new Span<float>(to + input, g.InLength).Clear();
                PoolKernel<TSimd, TVector>.MaxGradient(g, values + input, largest + output, from + output, to + input);
            });
        }
    }

    // Means are few or of few channels: the threads divide the images, and each runs the reference loop.
    public override void AveragePool(in PoolGeometry geometry, ReadOnlySpan<float> x, Span<float> y)
    {
        PoolGeometry one = geometry with { Batch = 1 };
        fixed (float* pX = x, pY = y)
        {
            float* from = pX, to = pY;
            pool.Run(geometry.Batch, image => base.AveragePool(
                one, new(from + (nint)image * one.InLength, one.InLength),
                new(to + (nint)image * one.OutLength, one.OutLength)));
        }
    }

    public override void AveragePoolGradient(
        in PoolGeometry geometry, ReadOnlySpan<float> gradY, Span<float> gradX, bool accumulate)
    {
        PoolGeometry one = geometry with { Batch = 1 };
        fixed (float* pGradY = gradY, pGradX = gradX)
        {
            float* from = pGradY, to = pGradX;
            pool.Run(geometry.Batch, image => base.AveragePoolGradient(
                one, new(from + (nint)image * one.OutLength, one.OutLength),
                new(to + (nint)image * one.InLength, one.InLength), accumulate));
        }
    }

    public override double SumOfUnitRowDistances(ReadOnlySpan<float> x, ReadOnlySpan<float> y, int columns)
    {
        int rowsPerItem = RowsPerGrain(columns), rows = x.Length / columns;
        double[] partial = new double[WorkerPool.Ranges(rows, rowsPerItem)];
        fixed (float* pX = x, pY = y)
        {
            float* left = pX, right = pY;
            pool.RunRanges(rows, rowsPerItem, (first, count) =>
                partial[first / rowsPerItem] = UnitRowKernel<TSimd, TVector>.Distances(
                    left + (nint)first * columns, right + (nint)first * columns, count, columns));
        }
        return partial.Sum();
    }

    public override void UnitRowDistanceGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> y, int columns, float scale, Span<float> gradY, bool accumulate)
    {
        fixed (float* pX = x, pY = y, pGradY = gradY)
        {
            float* left = pX, right = pY, to = pGradY;
            pool.RunRanges(x.Length / columns, RowsPerGrain(columns), (first, count) =>
            {
                nint start = (nint)first * columns;
                UnitRowKernel<TSimd, TVector>.Gradient(
                    left + start, right + start, count, columns, scale, to + start, accumulate);
            });
        }
    }

    public override void Multiply(
        ReadOnlySpan<float> x, ReadOnlySpan<float> y, float scale, Span<float> z, bool accumulate)
    {
        fixed (float* pX = x, pY = y, pZ = z)
        {
            float* left = pX, right = pY, to = pZ;
            pool.RunRanges(x.Length, Grain, (first, count) => ElementKernels<TSimd, TVector>.Multiply(
                left + first, right + first, scale, to + first, count, accumulate));
        }
    }

    public override void Divide(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> z, bool accumulate)
    {
        fixed (float* pX = x, pY = y, pZ = z)
        {
            float* left = pX, right = pY, to = pZ;
            pool.RunRanges(x.Length, Grain, (first, count) => ElementKernels<TSimd, TVector>.Divide(
                left + first, right + first, to + first, count, accumulate));
        }
    }
}
