using ILGPU;
using Tessera.Cuda.Kernels;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda;

// Convolutions and other products of matrices.
public sealed partial class CudaDevice
{
    // Of a weight gradient: the groups that all slices together should have, and the fewest pixels of a slice.
    private const int SlicedGroups = 512, LeastSlice = 128;

    /// <summary>The fewest large tiles that keep a card busy; a product with fewer has small ones.</summary>
    internal int ManyTiles { get; init; } = 128;

    /// <inheritdoc/>
    public override void Conv2d(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> weight, in Epilogue epilogue, Storage<float> y) =>
        Multiply(
            new ProductSizes(OutPixels(geometry), geometry.OutChannels, Elements(geometry) * geometry.InChannels),
            new ConvolutionKernels.Patches(geometry, View(x)), new ConvolutionKernels.Weights(geometry, View(weight)),
            new ConvolutionKernels.Output(View(y), geometry.OutChannels, Views(epilogue)));

    /// <inheritdoc/>
    public override void Conv2dTransposed(
        in Conv2dGeometry geometry, Storage<float> y, Storage<float> weight, in Epilogue epilogue, Storage<float> x)
    {
        int depth = ConvolutionKernels.ReachingDepth(geometry);
        Multiply(
            new ProductSizes(
                ConvolutionKernels.ReachingRows(geometry), geometry.InChannels, depth,
                geometry.Stride * geometry.Stride, 0, depth),
            new ConvolutionKernels.Reaching(geometry, View(y)),
            new ConvolutionKernels.ReachingWeights(geometry, View(weight)),
            new ConvolutionKernels.Input(geometry, View(x), Views(epilogue)));
    }

    /// <inheritdoc/>
    public override void Conv2dWeightGradient(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> gradY, Storage<float> gradWeight,
        bool accumulate, Storage<float>? gradBias, bool accumulateBias)
    {
        int pixels = OutPixels(geometry), columns = Elements(geometry) * geometry.InChannels, length = gradWeight.Length;
        int tiles = Ceiling(geometry.OutChannels, FloatTile<SmallShape>.Side)
            * Ceiling(columns, FloatTile<SmallShape>.Side);
        int slices = Math.Clamp(SlicedGroups / tiles, 1, Ceiling(pixels, LeastSlice));
        int sliceDepth = Ceiling(Ceiling(pixels, slices), Tiles.Depth) * Tiles.Depth;
        slices = Ceiling(pixels, sliceDepth);
        Storage<float>? scratch = slices == 1 ? null : Rent(slices * length);
        Multiply(
            new ProductSizes(geometry.OutChannels, columns, pixels, slices, sliceDepth, sliceDepth),
            new ColumnsOf(View(gradY), geometry.OutChannels),
            new ConvolutionKernels.PatchesByElement(geometry, View(x)),
            new ConvolutionKernels.WeightSlice(
                geometry, View(scratch ?? gradWeight), length, Flag(accumulate && scratch is null)));
        if (scratch is not null)
        {
            _launcher.ForEach(
                length,
                new ConvolutionKernels.AddSlices(View(scratch), slices, length, View(gradWeight), Flag(accumulate)));
            Return(scratch);
        }
        if (gradBias is not null) ColumnSums(gradY, pixels, geometry.OutChannels, gradBias, accumulateBias);
    }

    /// <inheritdoc/>
    public override void NearestRows(
        Storage<float> x, Storage<float> table, int tableRows, int columns, Storage<int> nearest)
    {
        Storage<float> squares = Rent(tableRows);
        _launcher.ForEachWarp(tableRows, new NormKernels.Squares(View(table), columns, View(squares)));
        _launcher.ForEachGroup(
            new Index3D(Ceiling(nearest.Length, FloatTile<SmallShape>.Side), 1, 1), FloatTile<SmallShape>.Threads,
            new NearestRowsKernel<SmallShape>(
                new ProductSizes(nearest.Length, tableRows, columns), new RowsOf(View(x), columns),
                new RowsOf(View(table), columns), View(squares), View(nearest)));
        Return(squares);
    }

    /// <inheritdoc/>
    public override void Orthogonalize(IReadOnlyList<(Storage<float> X, int Columns)> matrices)
    {
        foreach ((Storage<float> x, int columns) in matrices) Orthogonalize(x, columns);
    }

    private void Orthogonalize(Storage<float> x, int columns)
    {
        int rows = x.Length / columns, side = Math.Min(rows, columns);
        bool isWide = rows <= columns;
        Storage<float> length = RentDoubles(1), gram = Rent(side * side), polynomial = Rent(side * side);
        Storage<float> iterate = Rent(x.Length), next = Rent(x.Length);
        Sum(
            x.Length, new SumKernels.Square(View(x)),
            new SumKernels.WriteLength(AsDoubles(length), NewtonSchulz.SmallestNorm));
        _launcher.ForEach(x.Length, new NewtonSchulzKernels.Divide(View(x), AsDoubles(length), View(iterate)));
        for (int iteration = 1; iteration <= NewtonSchulz.Iterations; iteration++)
        {
            Floats y = View(iterate), to = iteration == NewtonSchulz.Iterations ? View(x) : View(next);
            // G = Y Y^T, or Y^T Y where that is smaller; P = B G + C G^2; Y = A Y + P Y, or A Y + Y P.
            var gramSizes = new ProductSizes(side, side, Math.Max(rows, columns));
            var toGram = new NewtonSchulzKernels.Combination(View(gram), side, View(gram), 0, 1);
            if (isWide) Multiply(gramSizes, new RowsOf(y, columns), new RowsOf(y, columns), toGram);
            else Multiply(gramSizes, new ColumnsOf(y, columns), new ColumnsOf(y, columns), toGram);
            Multiply(
                new ProductSizes(side, side, side), new RowsOf(View(gram), side), new ColumnsOf(View(gram), side),
                new NewtonSchulzKernels.Combination(
                    View(polynomial), side, View(gram), NewtonSchulz.B, NewtonSchulz.C));
            var toNext = new NewtonSchulzKernels.Combination(to, columns, y, NewtonSchulz.A, 1);
            var sizes = new ProductSizes(rows, columns, side);
            if (isWide) Multiply(sizes, new RowsOf(View(polynomial), side), new ColumnsOf(y, columns), toNext);
            else Multiply(sizes, new RowsOf(y, columns), new ColumnsOf(View(polynomial), side), toNext);
            (iterate, next) = (next, iterate);
        }
        foreach (Storage<float> scratch in (Storage<float>[])[length, gram, polynomial, iterate, next]) Return(scratch);
    }

    private void Multiply<TLeft, TRight, TResult>(in ProductSizes sizes, TLeft left, TRight right, TResult result)
        where TLeft : struct, IOperand
        where TRight : struct, IOperand
        where TResult : struct, IProductResult
    {
        int side = FloatTile<LargeShape>.Side;
        bool isLarge = (long)Ceiling(sizes.Rows, side) * Ceiling(sizes.Columns, side) * sizes.Slices >= ManyTiles;
        if (isLarge && _launcher.Threads >= FloatTile<LargeShape>.Threads)
            Multiply<TLeft, TRight, TResult, FloatTile<LargeShape>>(sizes, left, right, result);
        else
            Multiply<TLeft, TRight, TResult, FloatTile<SmallShape>>(sizes, left, right, result);
    }

    private void Multiply<TLeft, TRight, TResult, TTile>(
        in ProductSizes sizes, TLeft left, TRight right, TResult result)
        where TLeft : struct, IOperand
        where TRight : struct, IOperand
        where TResult : struct, IProductResult
        where TTile : struct, ITile<TTile> =>
        _launcher.ForEachGroup(
            new Index3D(Ceiling(sizes.Rows, TTile.Side), Ceiling(sizes.Columns, TTile.Side), sizes.Slices),
            TTile.Threads, new Tiles.Product<TLeft, TRight, TResult, TTile>(sizes, left, right, result));

    private static DeviceEpilogue Views(in Epilogue epilogue) => new(
        OptionalView(epilogue.Bias), OptionalView(epilogue.Addend), (int)epilogue.Activation,
        OptionalView(epilogue.Gate), OptionalView(epilogue.Argument));

    private static int OutPixels(in Conv2dGeometry g) => g.Batch * g.OutHeight * g.OutWidth;

    private static int Elements(in Conv2dGeometry g) => g.KernelHeight * g.KernelWidth;

    private static int Ceiling(int dividend, int divisor) => (dividend + divisor - 1) / divisor;
}
