using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using Tessera.Tensors.Devices.Cpu.Reference;
using Tessera.Tensors.Devices.Cpu.Simd.Winograd;

namespace Tessera.Tensors.Devices.Cpu.Simd;

/// <summary>
/// The vectorised kernels of one width, divided among the threads of a pool. Sums are cut at fixed places and added up
/// in order, so that no bit depends on the number of threads.
/// </summary>
internal sealed unsafe partial class SimdKernels<TSimd, TVector>(string name, WorkerPool pool, ConvolutionChoice choice)
    : ReferenceKernels
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    // 64 KB: enough work to outweigh handing an item to a thread, and small enough for the caches.
    private const int Grain = 16384;

    public override string Name => name;

    public override void Conv2d(
        in Conv2dGeometry g, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, in EpilogueSpans epilogue,
        Span<float> y) =>
        Correlate(CorrelationPlan.Convolution(g), x, weight, epilogue, y);

    public override void Conv2dTransposed(
        in Conv2dGeometry g, ReadOnlySpan<float> y, ReadOnlySpan<float> weight, in EpilogueSpans epilogue,
        Span<float> x) =>
        Correlate(CorrelationPlan.Transposed(g), y, weight, epilogue, x);

    public override void Conv2dWeightGradient(
        in Conv2dGeometry g, ReadOnlySpan<float> x, ReadOnlySpan<float> gradY, Span<float> gradWeight, bool accumulate,
        Span<float> gradBias, bool accumulateBias)
    {
        fixed (float* pX = x, pGradY = gradY, pGradWeight = gradWeight, pGradBias = gradBias)
        {
            switch (choice.ForWeightGradient(CorrelationPlan.Convolution(g)))
            {
                case ConvolutionAlgorithm.WinogradF4x3:
                    WinogradWeightGradient<TSimd, TVector, WinogradMaps<TSimd, TVector>.F4x3>.Run(
                        pool, g, pX, pGradY, pGradWeight, accumulate, pGradBias, accumulateBias);
                    break;
                case ConvolutionAlgorithm.WinogradF4x2:
                    WinogradWeightGradient<TSimd, TVector, WinogradMaps<TSimd, TVector>.F4x2>.Run(
                        pool, g, pX, pGradY, pGradWeight, accumulate, pGradBias, accumulateBias);
                    break;
                default:
                    WeightGradientKernel<TSimd, TVector>.Run(
                        pool, g, pX, pGradY, pGradWeight, accumulate, pGradBias, accumulateBias);
                    break;
            }
        }
    }

    private void Correlate(
        CorrelationPlan plan, ReadOnlySpan<float> source, ReadOnlySpan<float> weight, in EpilogueSpans epilogue,
        Span<float> destination)
    {
        // A bias for every column of every tile, so that no kernel checks whether there is one.
        using var bias = new Scratch(plan.Channels + MatrixTile<TSimd, TVector>.Columns);
        var paddedBias = new Span<float>(bias.Floats, plan.Channels + MatrixTile<TSimd, TVector>.Columns);
        paddedBias.Clear();
        epilogue.Bias.CopyTo(paddedBias);
        fixed (
            float* pSource = source, pWeight = weight, pAddend = epilogue.Addend, pGate = epilogue.Gate,
            pArgument = epilogue.Argument, pDestination = destination)
        {
            var pointers = new EpiloguePointers(
                bias.Floats, pAddend, epilogue.Activation, pGate, pArgument, pDestination,
                EpilogueKernel<TSimd, TVector>.Streams(
                    pDestination, destination.Length, plan.Channels, pAddend, pArgument));
            switch (choice.ForResult(plan))
            {
                case ConvolutionAlgorithm.WinogradF4x3:
                    WinogradKernel<TSimd, TVector, WinogradMaps<TSimd, TVector>.F4x3>.Run(
                        pool, plan, pSource, pWeight, pointers);
                    break;
                case ConvolutionAlgorithm.WinogradF4x2:
                    WinogradKernel<TSimd, TVector, WinogradMaps<TSimd, TVector>.F4x2>.Run(
                        pool, plan, pSource, pWeight, pointers);
                    break;
                // Half of a tile would be empty; a tile of half the width needs half the multiplications.
                case ConvolutionAlgorithm.Scatter
                    when plan.KernelWidth * plan.Channels <= MatrixTile<Simd256, Vector256<float>>.Columns
                        && TSimd.Width > Simd256.Width:
                    ScatterKernel<Simd256, Vector256<float>>.Run(pool, plan.Geometry, pSource, pWeight, pointers);
                    break;
                case ConvolutionAlgorithm.Scatter:
                    ScatterKernel<TSimd, TVector>.Run(pool, plan.Geometry, pSource, pWeight, pointers);
                    break;
                default:
                    CorrelationKernel<TSimd, TVector>.Run(pool, plan, pSource, pWeight, pointers);
                    break;
            }
            // For the calling thread's own streamed stores; the end of a job is a barrier for the other threads.
            if (pointers.Streams) Interlocked.MemoryBarrier();
        }
    }

    public override void NearestRows(
        ReadOnlySpan<float> x, ReadOnlySpan<float> table, int tableRows, int columns, Span<int> nearest)
    {
        fixed (float* pX = x, pTable = table)
        fixed (int* pNearest = nearest)
        {
            NearestRowsKernel<TSimd, TVector>.Run(pool, pX, pTable, tableRows, columns, pNearest, nearest.Length);
        }
    }

    public override void ColumnSums(ReadOnlySpan<float> x, int rows, int columns, Span<float> sums, bool accumulate)
    {
        int rowsPerItem = RowsPerGrain(columns);
        int items = WorkerPool.Ranges(rows, rowsPerItem);
        using var scratch = new Scratch(2L * items * columns);
        double* partial = (double*)scratch.Floats;
        fixed (float* pX = x)
        {
            float* from = pX;
            pool.RunRanges(rows, rowsPerItem, (first, count) => ElementKernels<TSimd, TVector>.ColumnSums(
                from + (nint)first * columns, count, columns, partial + (nint)first / rowsPerItem * columns));
        }
        for (int column = 0; column < columns; column++)
        {
            double sum = accumulate ? sums[column] : 0;
            for (int item = 0; item < items; item++) sum += partial[(nint)item * columns + column];
            sums[column] = (float)sum;
        }
    }

    public override void Relu(ReadOnlySpan<float> x, Span<float> y)
    {
        fixed (float* pX = x, pY = y)
        {
            float* from = pX, to = pY;
            pool.RunRanges(x.Length, Grain, (first, count) =>
                TensorPrimitives.Max(
                    new ReadOnlySpan<float>(from + first, count), 0, new Span<float>(to + first, count)));
        }
    }

    public override void Add(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> z)
    {
        int length = y.Length;
        fixed (float* pX = x, pY = y, pZ = z)
        {
            float* left = pX, right = pY, to = pZ;
            pool.RunRanges(x.Length, Grain, (first, count) =>
            {
                for (int end = first + count; first < end; first += count)
                {
                    // Up to the end of the range or of y, which is then repeated.
                    count = Math.Min(end - first, length - first % length);
                    TensorPrimitives.Add(
                        new ReadOnlySpan<float>(left + first, count),
                        new ReadOnlySpan<float>(right + first % length, count), new Span<float>(to + first, count));
                }
            });
        }
    }

    public override void Scale(ReadOnlySpan<float> x, float scale, Span<float> y, bool accumulate)
    {
        fixed (float* pX = x, pY = y)
        {
            float* from = pX, to = pY;
            pool.RunRanges(x.Length, Grain, (first, count) =>
            {
                var source = new ReadOnlySpan<float>(from + first, count);
                var target = new Span<float>(to + first, count);
                if (accumulate) TensorPrimitives.MultiplyAdd(source, scale, target, target);
                else if (scale == 1) source.CopyTo(target);
                else TensorPrimitives.Multiply(source, scale, target);
            });
        }
    }

    public override double SumOfSquares(ReadOnlySpan<float> x)
    {
        fixed (float* pX = x)
        {
            float* from = pX;
            double sum = SumOverRanges(
                x.Length, (first, count) => ElementKernels<TSimd, TVector>.SumOfSquares(from + first, count));
            return double.IsFinite(sum) ? sum : base.SumOfSquares(x);
        }
    }

    public override double SumOfSquaredDifferences(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        fixed (float* pX = x, pY = y)
        {
            float* left = pX, right = pY;
            return SumOverRanges(x.Length, (first, count) =>
                ElementKernels<TSimd, TVector>.SumOfSquaredDifferences(left + first, right + first, count));
        }
    }

    public override void ReluGradient(
        ReadOnlySpan<float> y, ReadOnlySpan<float> gradY, Span<float> gradX, bool accumulate)
    {
        fixed (float* pY = y, pGradY = gradY, pGradX = gradX)
        {
            float* condition = pY, from = pGradY, to = pGradX;
            pool.RunRanges(y.Length, Grain, (first, count) => ElementKernels<TSimd, TVector>.ReluGradient(
                condition + first, from + first, to + first, count, accumulate));
        }
    }

    public override void ScaledDifference(
        ReadOnlySpan<float> x, ReadOnlySpan<float> y, float scale, Span<float> z, bool accumulate)
    {
        fixed (float* pX = x, pY = y, pZ = z)
        {
            float* left = pX, right = pY, to = pZ;
            pool.RunRanges(x.Length, Grain, (first, count) => ElementKernels<TSimd, TVector>.ScaledDifference(
                left + first, right + first, scale, to + first, count, accumulate));
        }
    }

    public override void Orthogonalize(IReadOnlyList<(Memory<float> X, int Columns)> matrices) =>
        OrthogonalizeKernel<TSimd, TVector>.Run(
            pool,
            [
                .. matrices.Select(matrix => (
                    matrix.X, matrix.Columns,
                    (float)(1 / Math.Max(Math.Sqrt(SumOfSquares(matrix.X.Span)), NewtonSchulz.SmallestNorm)))),
            ]);

    public override void Adam(
        in AdamStep step, Span<float> parameter, ReadOnlySpan<float> gradient,
        Span<float> firstMoment, Span<float> secondMoment)
    {
        AdamStep s = step;
        fixed (float* pParameter = parameter, pGradient = gradient, pFirst = firstMoment, pSecond = secondMoment)
        {
            float* p = pParameter, g = pGradient, m = pFirst, v = pSecond;
            pool.RunRanges(parameter.Length, Grain, (first, count) => ElementKernels<TSimd, TVector>.Adam(
                s, p + first, g + first, m + first, v + first, count));
        }
    }

    public override void SquaredErrorGradients(
        ReadOnlySpan<float> x, ReadOnlySpan<float> y,
        float scaleX, Span<float> gradX, bool accumulateX, float scaleY, Span<float> gradY, bool accumulateY)
    {
        fixed (float* pX = x, pY = y, pGradX = gradX, pGradY = gradY)
        {
            float* left = pX, right = pY, toX = pGradX, toY = pGradY;
            pool.RunRanges(x.Length, Grain, (first, count) => ElementKernels<TSimd, TVector>.SquaredErrorGradients(
                left + first, right + first,
                scaleX, toX + first, accumulateX, scaleY, toY + first, accumulateY, count));
        }
    }

    public override void GatherRows(ReadOnlySpan<float> table, int columns, ReadOnlySpan<int> indices, Span<float> y)
    {
        fixed (float* pTable = table, pY = y)
        fixed (int* pIndices = indices)
        {
            float* from = pTable, to = pY;
            int* rows = pIndices;
            pool.RunRanges(indices.Length, RowsPerGrain(columns), (first, count) =>
            {
                for (int row = first; row < first + count; row++)
                {
                    new ReadOnlySpan<float>(from + (nint)rows[row] * columns, columns)
                        .CopyTo(new Span<float>(to + (nint)row * columns, columns));
                }
            });
        }
    }

    // The threads divide the columns, not the rows: so each sum runs in the order of the indices.
    public override void ScatterAddRows(
        ReadOnlySpan<float> x, int columns, ReadOnlySpan<int> indices, Span<float> table, bool accumulate)
    {
        int lines = WorkerPool.Ranges(columns, CacheLine.Floats);
        int columnsPerItem = WorkerPool.Ranges(lines, pool.Threads) * CacheLine.Floats;
        if (!accumulate) table.Clear();
        int rows = indices.Length;
        fixed (float* pX = x, pTable = table)
        fixed (int* pIndices = indices)
        {
            float* from = pX, to = pTable;
            int* targets = pIndices;
            pool.RunRanges(columns, columnsPerItem, (first, count) => ElementKernels<TSimd, TVector>.ScatterAddRows(
                from + first, targets, rows, to + first, columns, count));
        }
    }

    public override void MoveAverage(Span<float> average, ReadOnlySpan<float> value, float keep, float add)
    {
        fixed (float* pAverage = average, pValue = value)
        {
            float* to = pAverage, from = pValue;
            pool.RunRanges(average.Length, Grain, (first, count) =>
                ElementKernels<TSimd, TVector>.MoveAverage(to + first, from + first, keep, add, count));
        }
    }

    public override void DivideRows(ReadOnlySpan<float> x, ReadOnlySpan<float> divisors, int columns, Span<float> y)
    {
        fixed (float* pX = x, pDivisors = divisors, pY = y)
        {
            float* from = pX, by = pDivisors, to = pY;
            pool.RunRanges(divisors.Length, RowsPerGrain(columns), (first, count) =>
                ElementKernels<TSimd, TVector>.DivideRows(
                    from + (nint)first * columns, by + first, count, columns, to + (nint)first * columns));
        }
    }

    public override void GatherImages(
        ReadOnlySpan<byte> images, in ImageLayout layout, ReadOnlySpan<int> numbers, Span<float> y)
    {
        (int length, int width, int channels) = (layout.Length, layout.Width, layout.Channels);
        int count = images.Length / length;
        fixed (byte* pImages = images)
        fixed (int* pNumbers = numbers)
        fixed (float* pY = y)
        {
            byte* from = pImages;
            int* chosen = pNumbers;
            float* to = pY;
            pool.Run(numbers.Length, i =>
            {
                (int isMirrored, int number) = Math.DivRem(chosen[i], count);
                float* image = to + (nint)i * length;
                ImageKernel.ToNumbers(from + (nint)number * length, image, length);
                if (isMirrored == 1) ImageKernel.Mirror(image, length, width, channels);
            });
        }
    }

    // The following kernels take a tiny part of a step: the threads divide the rows, and each runs the reference loop.
    public override void NormalizeRows(ReadOnlySpan<float> x, int columns, Span<float> y)
    {
        fixed (float* pX = x, pY = y)
        {
            float* from = pX, to = pY;
            pool.RunRanges(x.Length / columns, RowsPerGrain(columns), (first, count) =>
            {
                (int start, int length) = (first * columns, count * columns);
                base.NormalizeRows(new(from + start, length), columns, new(to + start, length));
            });
        }
    }

    public override void NormalizeRowsGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gradY, int columns, Span<float> gradX, bool accumulate)
    {
        fixed (float* pX = x, pGradY = gradY, pGradX = gradX)
        {
            float* row = pX, from = pGradY, to = pGradX;
            pool.RunRanges(x.Length / columns, RowsPerGrain(columns), (first, count) =>
            {
                (int start, int length) = (first * columns, count * columns);
                base.NormalizeRowsGradient(
                    new(row + start, length), new(from + start, length), columns, new(to + start, length), accumulate);
            });
        }
    }

    public override void RotationGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> gradY, int columns, Span<float> gradX,
        bool accumulate)
    {
        fixed (float* pX = x, pY = y, pGradY = gradY, pGradX = gradX)
        {
            float* vector = pX, target = pY, from = pGradY, to = pGradX;
            pool.RunRanges(x.Length / columns, RowsPerGrain(columns), (first, count) =>
            {
                (int start, int length) = (first * columns, count * columns);
                base.RotationGradient(
                    new(vector + start, length), new(target + start, length), new(from + start, length), columns,
                    new(to + start, length), accumulate);
            });
        }
    }

    /// <summary>Adds up the sums of the ranges, in their order.</summary>
    private double SumOverRanges(int elements, Func<int, int, double> sumOfRange)
    {
        double[] partial = new double[WorkerPool.Ranges(elements, Grain)];
        pool.RunRanges(elements, Grain, (first, count) => partial[first / Grain] = sumOfRange(first, count));
        return partial.Sum();
    }

    private static int RowsPerGrain(int columns) => Math.Max(1, Grain / columns);
}
