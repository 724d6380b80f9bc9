using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// Convolutions as products of matrices whose factors are read where they lie (implicit products). Cost: 2 operations
/// for each output pixel, kernel element, and pair of channels. Layout: NHWC, so that the channels of a pixel, in which
/// the sums run fastest, are neighbours. Bound: the inner step of <see cref="Tiles"/>. The transposed convolution is in
/// <see cref="TransposedKernels"/>.
/// </summary>
internal static class ConvolutionKernels
{
    /// <summary>
    /// Pixels under the kernel: the outer index is an output pixel, the depth (row, column, channel).
    /// </summary>
    internal readonly record struct Patches(Conv2dGeometry G, Floats Memory, int Run) : IOperand
    {
        public bool RunsAlongDepth => true;

        public Place Outer(int index) => Pixel(G, index);

        public Place Depth(int step) => Element(G, step);

        public int At(Place outer, Place depth) => Under(G, outer, depth);
    }

    /// <summary>The same with the two exchanged, for the gradient of the weights.</summary>
    internal readonly record struct PatchesByElement(Conv2dGeometry G, Floats Memory, int Run) : IOperand
    {
        public bool RunsAlongDepth => false;

        public Place Outer(int index) => Element(G, index);

        public Place Depth(int step) => Pixel(G, step);

        public int At(Place outer, Place depth) => Under(G, depth, outer);
    }

    /// <summary>
    /// Puts weights into the order of <see cref="Patches"/>, <c>[out][row][column][in]</c>, or, for the transposed
    /// convolution, into <c>[in][row][column][out]</c>.
    /// </summary>
    internal readonly record struct PackWeights(Conv2dGeometry G, Floats W, Floats Packed, int IsTransposed)
        : IElementKernel
    {
        public void Run(int index)
        {
            int inner = IsTransposed != 0 ? G.OutChannels : G.InChannels;
            int element = index / inner, row = element / G.KernelWidth, outer = row / G.KernelHeight;
            int innerChannel = index % inner;
            Packed[index] = W[WeightIndex(
                G, IsTransposed != 0 ? innerChannel : outer,
                new Place(
                    row % G.KernelHeight, element % G.KernelWidth, IsTransposed != 0 ? outer : innerChannel))];
        }
    }

    /// <summary>Stores pixels of the convolution's output.</summary>
    internal readonly record struct Output(Floats Y, int Channels, DeviceEpilogue Epilogue) : IProductResult
    {
        public void Store(int row, int column, float value) =>
            Epilogue.Store(Y, row * Channels + column, column, value);
    }

    /// <summary>
    /// The gradient of the weights, in slices of pixels: slice s writes its sums to the s-th part of Sums, in the order
    /// of <see cref="Patches"/>.
    /// </summary>
    internal readonly record struct WeightGradient(
        Conv2dGeometry G, PatchesByElement X, MatrixColumns GradY, int SlicePixels, Floats Sums)
        : IProducts<MatrixColumns, PatchesByElement, WeightSums>
    {
        private int Columns => G.KernelHeight * G.KernelWidth * G.InChannels;

        public ProductSizes Sizes(int slice)
        {
            int first = slice * SlicePixels, end = G.Batch * G.OutHeight * G.OutWidth;
            return new ProductSizes(G.OutChannels, Columns, first, Math.Min(first + SlicePixels, end));
        }

        public MatrixColumns Left(int slice) => GradY;

        public PatchesByElement Right(int slice) => X;

        public WeightSums Result(int slice)
        {
            int length = G.OutChannels * Columns;
            return new WeightSums(Sums.SubView(slice * length, length), Columns);
        }
    }

    /// <summary>Stores a slice's sums.</summary>
    internal readonly record struct WeightSums(Floats Sums, int Columns) : IProductResult
    {
        public void Store(int row, int column, float value) => Sums[row * Columns + column] = value;
    }

    /// <summary>Adds the slices' sums of one weight, in order, and puts it where it belongs.</summary>
    internal readonly record struct AddSlices(
        Conv2dGeometry G, Floats Sums, int Slices, Floats Gradient, int Accumulate) : IElementKernel
    {
        public void Run(int index)
        {
            int columns = G.KernelHeight * G.KernelWidth * G.InChannels, length = G.OutChannels * columns;
            float sum = 0;
            for (int slice = 0; slice < Slices; slice++) sum += Sums[slice * length + index];
            ElementKernels.Write(
                Gradient, WeightIndex(G, index / columns, Element(G, index % columns)), sum, Accumulate);
        }
    }

    /// <summary>Where a weight lies.</summary>
    /// <param name="g">The convolution.</param>
    /// <param name="outChannel">The output channel.</param>
    /// <param name="element">Row and column of the kernel, and the input channel.</param>
    public static int WeightIndex(in Conv2dGeometry g, int outChannel, Place element) =>
        ((outChannel * g.InChannels + element.C) * g.KernelHeight + element.A) * g.KernelWidth + element.B;

    /// <summary>An output pixel: its image's first pixel, and the row and column of the kernel's corner.</summary>
    private static Place Pixel(in Conv2dGeometry g, int index)
    {
        int row = index / g.OutWidth, image = row / g.OutHeight;
        return new Place(
            image * g.InHeight * g.InWidth, row % g.OutHeight * g.Stride - g.Padding,
            index % g.OutWidth * g.Stride - g.Padding);
    }

    /// <summary>A kernel element: row, column, input channel.</summary>
    private static Place Element(in Conv2dGeometry g, int index)
    {
        int element = index / g.InChannels;
        return new Place(element / g.KernelWidth, element % g.KernelWidth, index % g.InChannels);
    }

    private static int Under(in Conv2dGeometry g, Place pixel, Place element)
    {
        int row = pixel.B + element.A, column = pixel.C + element.B;
        return row >= 0 && row < g.InHeight && column >= 0 && column < g.InWidth
            ? (pixel.A + row * g.InWidth + column) * g.InChannels + element.C
            : -1;
    }
}
