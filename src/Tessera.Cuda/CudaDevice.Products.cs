using ILGPU;
using Tessera.Cuda.Kernels;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda;

// Convolutions and other products of matrices.
public sealed partial class CudaDevice
{
    // Of a weight gradient: the fewest pixels of a slice, and what they are a multiple of, so that no tile is cut.
    private const int LeastSlice = 128, SliceUnit = 32;

    // Scores of nearest rows that are in memory at a time.
    private const int MostScores = 1 << 24;

    /// <summary>How products are computed.</summary>
    internal ProductKind Products { get; init; }

    /// <summary>The fewest tiles that keep the card busy; a product with fewer has smaller ones.</summary>
    internal int ManyTiles { get; init; }

    /// <inheritdoc/>
    public override void Conv2d(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> weight, in Epilogue epilogue, Storage<float> y)
    {
        Storage<float>? packed = Elements(geometry) == 1 ? null : PackWeights(geometry, weight, isTransposed: false);
        int columns = Elements(geometry) * geometry.InChannels;
        Multiply<
            OneProduct<ConvolutionKernels.Patches, MatrixRows, ConvolutionKernels.Output>,
            ConvolutionKernels.Patches, MatrixRows, ConvolutionKernels.Output>(
            1,
            new(
                new ProductSizes(OutPixels(geometry), geometry.OutChannels, columns),
                new ConvolutionKernels.Patches(geometry, View(x), Run(geometry.InChannels, x)),
                new MatrixRows(View(packed ?? weight), columns, Run(geometry.InChannels, packed ?? weight)),
                new ConvolutionKernels.Output(View(y), geometry.OutChannels, Views(epilogue))));
        if (packed is not null) Return(packed);
    }

    /// <inheritdoc/>
    public override void Conv2dTransposed(
        in Conv2dGeometry geometry, Storage<float> y, Storage<float> weight, in Epilogue epilogue, Storage<float> x)
    {
        Storage<float> packed = PackWeights(geometry, weight, isTransposed: true);
        Multiply<
            TransposedKernels.Slices, TransposedKernels.Reaching, TransposedKernels.Weights, TransposedKernels.Input>(
            geometry.Stride * geometry.Stride,
            new TransposedKernels.Slices(
                geometry, View(y), View(packed), View(x), Views(epilogue), Run(geometry.OutChannels, y)));
        Return(packed);
    }

    /// <inheritdoc/>
    public override void Conv2dWeightGradient(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> gradY, Storage<float> gradWeight,
        bool accumulate, Storage<float>? gradBias, bool accumulateBias)
    {
        int pixels = OutPixels(geometry), columns = Elements(geometry) * geometry.InChannels;
        int tiles = SliceTiles(geometry.OutChannels, columns);
        int slices = Math.Clamp(2 * ManyTiles / tiles, 1, Ceiling(pixels, LeastSlice));
        int slicePixels = Ceiling(Ceiling(pixels, slices), SliceUnit) * SliceUnit;
        slices = Ceiling(pixels, slicePixels);
        Storage<float> sums = Rent(slices * gradWeight.Length);
        Multiply<
            ConvolutionKernels.WeightGradient, MatrixColumns, ConvolutionKernels.PatchesByElement,
            ConvolutionKernels.WeightSums>(
            slices,
            new ConvolutionKernels.WeightGradient(
                geometry,
                new ConvolutionKernels.PatchesByElement(geometry, View(x), Run(geometry.InChannels, x)),
                new MatrixColumns(View(gradY), geometry.OutChannels, Run(geometry.OutChannels, gradY)),
                slicePixels, View(sums)));
        _launcher.ForEach(
            gradWeight.Length,
            new ConvolutionKernels.AddSlices(geometry, View(sums), slices, View(gradWeight), Flag(accumulate)));
        Return(sums);
        if (gradBias is not null) ColumnSums(gradY, pixels, geometry.OutChannels, gradBias, accumulateBias);
    }

    /// <inheritdoc/>
    public override void NearestRows(
        Storage<float> x, Storage<float> table, int tableRows, int columns, Storage<int> nearest)
    {
        Storage<float> squares = Rent(tableRows);
        _launcher.ForEachWarp(tableRows, new NormKernels.Squares(View(table), columns, View(squares)));
        int most = Math.Clamp(MostScores / tableRows, 1, Math.Max(nearest.Length, 1));
        Storage<float> scores = Rent(most * tableRows);
        for (int first = 0; first < nearest.Length; first += most)
        {
            int rows = Math.Min(most, nearest.Length - first);
            Floats part = View(x).SubView(first * columns, rows * columns);
            Multiply<
                OneProduct<MatrixRows, MatrixRows, NearestRowsKernels.Scores>, MatrixRows, MatrixRows,
                NearestRowsKernels.Scores>(
                1,
                new(
                    new ProductSizes(rows, tableRows, columns), new MatrixRows(part, columns, Run(columns, x)),
                    new MatrixRows(View(table), columns, Run(columns, table)),
                    new NearestRowsKernels.Scores(View(scores), View(squares))));
            _launcher.ForEachWarp(
                rows,
                new NearestRowsKernels.Choose(
                    part, View(table), columns, View(squares), View(scores), Products.Error(columns),
                    View(nearest).SubView(first, rows)));
        }
        Return(scores);
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
        // Iterates take turns with the matrices themselves, of which some may not be aligned.
        int run = columns.Zip(matrices, (width, x) => Math.Min(Run(width, x), Run(x.Length / width, x))).Min();
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
                Views(y), Views(to), Views(grams), Views(polynomials), Sixteen<int>.Of(columns, missing: 1), run);
            Multiply<NewtonSchulzKernels.Gram, Matrix, Matrix, NewtonSchulzKernels.Combination>(count, new(batch));
            Multiply<
                NewtonSchulzKernels.Polynomial, MatrixRows, MatrixColumns, NewtonSchulzKernels.Combination>(
                count, new(batch));
            Multiply<NewtonSchulzKernels.Step, MatrixRows, MatrixColumns, NewtonSchulzKernels.Combination>(
                count, new(batch));
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
        switch (Products)
        {
            case ProductKind.Tf32:
                LaunchTensor<Tf32>();
                break;
            case ProductKind.Bfloat16:
                LaunchTensor<Bfloat16>();
                break;
            case ProductKind.ThreeTf32:
                LaunchTensor<ThreeTf32>();
                break;
            default:
                if (!LaunchIfMany<FloatTile<LargeFloats>>()) Launch<FloatTile<SmallFloats>>();
                break;
        }

        // The widest tile that the product fills and of which there are enough.
        void LaunchTensor<TProduct>() where TProduct : struct, IWarpProduct
        {
            int columns = MostColumns();
            if (columns > TensorTile<Tall64, TProduct>.Columns && LaunchIfMany<TensorTile<Square128, TProduct>>())
                return;
            if (columns > TensorTile<Tall32, TProduct>.Columns && LaunchIfMany<TensorTile<Tall64, TProduct>>())
                return;
            if (!LaunchIfMany<TensorTile<Tall32, TProduct>>()) Launch<TensorTile<Square32, TProduct>>();
        }

        int MostColumns() => Enumerable.Range(0, slices).Max(slice => products.Sizes(slice).Columns);

        bool LaunchIfMany<TTile>() where TTile : struct, ITile<TTile>
        {
            long tiles = Enumerable.Range(0, slices).Select(products.Sizes)
                .Sum(sizes => (long)Ceiling(sizes.Rows, TTile.Rows) * Ceiling(sizes.Columns, TTile.Columns));
            if (tiles < ManyTiles || _launcher.Threads < TTile.Threads) return false;
            Launch<TTile>();
            return true;
        }

        void Launch<TTile>() where TTile : struct, ITile<TTile> => _launcher.ForEachGroup(
            new Index3D(
                Ceiling(Enumerable.Range(0, slices).Max(slice => products.Sizes(slice).Rows), TTile.Rows),
                Ceiling(MostColumns(), TTile.Columns), slices),
            TTile.Threads, new Tiles.Multiply<TProducts, TLeft, TRight, TResult, TTile>(products));
    }

    private Storage<float> PackWeights(in Conv2dGeometry geometry, Storage<float> weight, bool isTransposed)
    {
        Storage<float> packed = Rent(weight.Length);
        _launcher.ForEach(
            weight.Length,
            new ConvolutionKernels.PackWeights(geometry, View(weight), View(packed), Flag(isTransposed)));
        return packed;
    }

    /// <summary>The elements of a storage that lie beside each other at an aligned address.</summary>
    /// <param name="extent">The elements of a row of it.</param>
    /// <param name="storage">The storage.</param>
    private static int Run(int extent, Storage<float> storage) =>
        extent % 4 == 0 && ((CudaStorage<float>)storage).IsAligned ? 4 : 1;

    /// <summary>The tiles of a product of a weight gradient: so many groups work on each of its slices.</summary>
    private int SliceTiles(int rows, int columns) => Products == ProductKind.Fma
        ? Ceiling(rows, FloatTile<SmallFloats>.Rows) * Ceiling(columns, FloatTile<SmallFloats>.Columns)
        : Ceiling(rows, TensorTile<Square128, Tf32>.Rows) * Ceiling(columns, TensorTile<Square128, Tf32>.Columns);

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
