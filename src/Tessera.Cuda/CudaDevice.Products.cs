using ILGPU;
using Tessera.Cuda.Kernels;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda;

// Convolutions and other products of matrices.
public sealed partial class CudaDevice
{
    // Of a weight gradient: the groups that all slices together should have, the fewest pixels of a slice, and what
    // they are a multiple of, so that no tile is cut.
    private const int SlicedGroups = 512, LeastSlice = 128, SliceUnit = 32;

    /// <summary>The fewest large tiles that keep a card busy; a product with fewer has small ones.</summary>
    internal int ManyTiles { get; init; } = 128;

    /// <inheritdoc/>
    public override void Conv2d(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> weight, in Epilogue epilogue, Storage<float> y) =>
        Multiply<
            OneProduct<ConvolutionKernels.Patches, ConvolutionKernels.Weights, ConvolutionKernels.Output>,
            ConvolutionKernels.Patches, ConvolutionKernels.Weights, ConvolutionKernels.Output>(
            1,
            new(
                new ProductSizes(OutPixels(geometry), geometry.OutChannels, Elements(geometry) * geometry.InChannels),
                new ConvolutionKernels.Patches(geometry, View(x)),
                new ConvolutionKernels.Weights(geometry, View(weight)),
                new ConvolutionKernels.Output(View(y), geometry.OutChannels, Views(epilogue))));

    /// <inheritdoc/>
    public override void Conv2dTransposed(
        in Conv2dGeometry geometry, Storage<float> y, Storage<float> weight, in Epilogue epilogue, Storage<float> x) =>
        Multiply<
            TransposedKernels.Slices, TransposedKernels.Reaching, TransposedKernels.Weights, TransposedKernels.Input>(
            geometry.Stride * geometry.Stride,
            new TransposedKernels.Slices(geometry, View(y), View(weight), View(x), Views(epilogue)));

    /// <inheritdoc/>
    public override void Conv2dWeightGradient(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> gradY, Storage<float> gradWeight,
        bool accumulate, Storage<float>? gradBias, bool accumulateBias)
    {
        int pixels = OutPixels(geometry), columns = Elements(geometry) * geometry.InChannels;
        int length = gradWeight.Length;
        int tiles = Ceiling(geometry.OutChannels, FloatTile<SmallShape>.Side)
            * Ceiling(columns, FloatTile<SmallShape>.Side);
        int slices = Math.Clamp(SlicedGroups / tiles, 1, Ceiling(pixels, LeastSlice));
        int slicePixels = Ceiling(Ceiling(pixels, slices), SliceUnit) * SliceUnit;
        slices = Ceiling(pixels, slicePixels);
        Storage<float>? scratch = slices == 1 ? null : Rent(slices * length);
        Multiply<
            ConvolutionKernels.WeightGradient, Matrix, ConvolutionKernels.PatchesByElement,
            ConvolutionKernels.WeightResult>(
            slices,
            new ConvolutionKernels.WeightGradient(
                geometry, View(x), View(gradY), slicePixels, View(scratch ?? gradWeight), length,
                Flag(accumulate && scratch is null)));
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
                new ProductSizes(nearest.Length, tableRows, columns), Matrix.Rows(View(x), columns),
                Matrix.Rows(View(table), columns), View(squares), View(nearest)));
        Return(squares);
    }

    /// <inheritdoc/>
    public override void Orthogonalize(IReadOnlyList<(Storage<float> X, int Columns)> matrices)
    {
        foreach ((Storage<float> X, int Columns)[] some in matrices.Chunk(Sixteen<Floats>.Count))
            Orthogonalize([.. some.Select(matrix => matrix.X)], [.. some.Select(matrix => matrix.Columns)]);
    }

    private void Orthogonalize(Storage<float>[] matrices, int[] columns)
    {
        int count = matrices.Length, sumCount = count * MostBlocks(matrices);
        int[] squares =
        [
            .. matrices.Zip(columns, (x, width) => Math.Min(x.Length / width, width)).Select(side => side * side),
        ];
        Storage<float> scratch = RentDoubles(sumCount + count);
        Storage<float>[] y = [.. matrices.Select(x => Rent(x.Length))];
        Storage<float>[] next = [.. matrices.Select(x => Rent(x.Length))];
        Storage<float>[] grams = [.. squares.Select(Rent)], polynomials = [.. squares.Select(Rent)];
        Doubles sums = AsDoubles(scratch).SubView(0, sumCount), lengths = AsDoubles(scratch).SubView(sumCount, count);
        SumSquares(matrices, sums);
        SumBlocks(
            count, sumCount / count, new SumKernels.Partial(sums),
            new SumKernels.WriteLengths(lengths, NewtonSchulz.SmallestNorm));
        _launcher.ForEachOf(count, new NewtonSchulzKernels.Divide(Views(matrices), lengths, Views(y)));
        for (int iteration = 1; iteration <= NewtonSchulz.Iterations; iteration++)
        {
            Storage<float>[] to = iteration == NewtonSchulz.Iterations ? matrices : next;
            var batch = new NewtonSchulzKernels.Batch(
                Views(y), Views(to), Views(grams), Views(polynomials), Sixteen<int>.Of(columns, missing: 1));
            Multiply<NewtonSchulzKernels.Gram, Matrix, Matrix, NewtonSchulzKernels.Combination>(count, new(batch));
            Multiply<NewtonSchulzKernels.Polynomial, Matrix, Matrix, NewtonSchulzKernels.Combination>(
                count, new(batch));
            Multiply<NewtonSchulzKernels.Step, Matrix, Matrix, NewtonSchulzKernels.Combination>(count, new(batch));
            (y, next) = (next, y);
        }
        foreach (Storage<float> rented in (Storage<float>[])[scratch, .. y, .. next, .. grams, .. polynomials])
            Return(rented);
    }

    private void Multiply<TProducts, TLeft, TRight, TResult>(int slices, TProducts products)
        where TProducts : struct, IProducts<TLeft, TRight, TResult>
        where TLeft : struct, IOperand
        where TRight : struct, IOperand
        where TResult : struct, IProductResult
    {
        long tiles = 0;
        int rows = 0, columns = 0;
        for (int slice = 0; slice < slices; slice++)
        {
            ProductSizes sizes = products.Sizes(slice);
            int side = FloatTile<LargeShape>.Side;
            tiles += (long)Ceiling(sizes.Rows, side) * Ceiling(sizes.Columns, side);
            (rows, columns) = (Math.Max(rows, sizes.Rows), Math.Max(columns, sizes.Columns));
        }
        if (tiles >= ManyTiles && _launcher.Threads >= FloatTile<LargeShape>.Threads)
            Launch<FloatTile<LargeShape>>();
        else
            Launch<FloatTile<SmallShape>>();

        void Launch<TTile>() where TTile : struct, ITile<TTile> => _launcher.ForEachGroup(
            new Index3D(Ceiling(rows, TTile.Side), Ceiling(columns, TTile.Side), slices), TTile.Threads,
            new Tiles.Multiply<TProducts, TLeft, TRight, TResult, TTile>(products));
    }

    private DeviceEpilogue Views(in Epilogue epilogue) => new(
        OptionalView(epilogue.Bias), OptionalView(epilogue.Addend), (int)epilogue.Activation,
        OptionalView(epilogue.Gate), OptionalView(epilogue.Argument));

    /// <summary>Up to 16 tensors for one launch.</summary>
    private Sixteen<Floats> Views(Storage<float>[] tensors) =>
        Sixteen<Floats>.Of([.. tensors.Select(View)], View(_noFloats));

    private static int OutPixels(in Conv2dGeometry g) => g.Batch * g.OutHeight * g.OutWidth;

    private static int Elements(in Conv2dGeometry g) => g.KernelHeight * g.KernelWidth;

    private static int Ceiling(int dividend, int divisor) => (dividend + divisor - 1) / divisor;
}
