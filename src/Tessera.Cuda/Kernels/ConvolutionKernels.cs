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
    internal readonly record struct Patches(Conv2dGeometry G, Floats X) : IOperand
    {
        public bool RunsAlongDepth => true;

        public Place Outer(int index) => Pixel(G, index);

        public Place Depth(int step) => Element(G, step);

        public float At(Place outer, Place depth) => Under(G, X, outer, depth);
    }

    /// <summary>The same with the two exchanged, for the gradient of the weights.</summary>
    internal readonly record struct PatchesByElement(Conv2dGeometry G, Floats X) : IOperand
    {
        public bool RunsAlongDepth => false;

        public Place Outer(int index) => Element(G, index);

        public Place Depth(int step) => Pixel(G, step);

        public float At(Place outer, Place depth) => Under(G, X, depth, outer);
    }

    /// <summary>The weights: the outer index is an output channel, the depth that of <see cref="Patches"/>.</summary>
    internal readonly record struct Weights(Conv2dGeometry G, Floats W) : IOperand
    {
        public bool RunsAlongDepth => true;

        public Place Outer(int index) => new(index, 0, 0);

        public Place Depth(int step) => Element(G, step);

        public float At(Place outer, Place depth) => W[WeightIndex(G, outer.A, depth)];
    }

    /// <summary>Stores pixels of the convolution's output.</summary>
    internal readonly record struct Output(Floats Y, int Channels, DeviceEpilogue Epilogue) : IProductResult
    {
        public void Store(int row, int column, float value) =>
            Epilogue.Store(Y, row * Channels + column, column, value);
    }

    /// <summary>
    /// The gradient of the weights, in slices of pixels: slice s writes its sums to the s-th part, which is the
    /// gradient itself where there is one slice.
    /// </summary>
    internal readonly record struct WeightGradient(
        Conv2dGeometry G, Floats X, Floats GradY, int SlicePixels, Floats Sums, int Length, int Accumulate)
        : IProducts<Matrix, PatchesByElement, WeightResult>
    {
        public ProductSizes Sizes(int slice)
        {
            int first = slice * SlicePixels, end = G.Batch * G.OutHeight * G.OutWidth;
            return new ProductSizes(
                G.OutChannels, G.KernelHeight * G.KernelWidth * G.InChannels, first,
                Math.Min(first + SlicePixels, end));
        }

        public Matrix Left(int slice) => Matrix.Columns(GradY, G.OutChannels);

        public PatchesByElement Right(int slice) => new(G, X);

        public WeightResult Result(int slice) => new(G, Sums.SubView(slice * Length, Length), Accumulate);
    }

    /// <summary>Stores gradients of weights.</summary>
    internal readonly record struct WeightResult(Conv2dGeometry G, Floats Gradient, int Accumulate) : IProductResult
    {
        public void Store(int row, int column, float value) =>
            ElementKernels.Write(Gradient, WeightIndex(G, row, Element(G, column)), value, Accumulate);
    }

    /// <summary>Adds the slices' sums of one weight, in order.</summary>
    internal readonly record struct AddSlices(Floats Sums, int Slices, int Length, Floats Gradient, int Accumulate)
        : IElementKernel
    {
        public void Run(int index)
        {
            float sum = 0;
            for (int slice = 0; slice < Slices; slice++) sum += Sums[slice * Length + index];
            ElementKernels.Write(Gradient, index, sum, Accumulate);
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

    private static float Under(in Conv2dGeometry g, Floats x, Place pixel, Place element)
    {
        int row = pixel.B + element.A, column = pixel.C + element.B;
        return row >= 0 && row < g.InHeight && column >= 0 && column < g.InWidth
            ? x[(pixel.A + row * g.InWidth + column) * g.InChannels + element.C]
            : 0;
    }
}
