using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Kernels;

/// <summary>
/// Convolutions as products of matrices whose factors are read where they lie (implicit products). Cost: 2 operations
/// for each output pixel, kernel element, and pair of channels. Layout: NHWC, so that the channels of a pixel, in which
/// the sums run fastest, are neighbours. Bound: the inner step of <see cref="Tiles"/>.
/// </summary>
internal static class ConvolutionKernels
{
    /// <summary>Pixels under the kernel: the outer index is an output pixel, the depth (row, column, channel).</summary>
    internal readonly record struct Patches(Conv2dGeometry G, Floats X) : IOperand
    {
        public static bool RunsAlongDepth => true;

        public Place Outer(int slice, int index) => Pixel(G, index);

        public Place Depth(int slice, int step) => Element(G, step);

        public float At(Place outer, Place depth) => Under(G, X, outer, depth);
    }

    /// <summary>The same with the two exchanged, for the gradient of the weights.</summary>
    internal readonly record struct PatchesByElement(Conv2dGeometry G, Floats X) : IOperand
    {
        public static bool RunsAlongDepth => false;

        public Place Outer(int slice, int index) => Element(G, index);

        public Place Depth(int slice, int step) => Pixel(G, step);

        public float At(Place outer, Place depth) => Under(G, X, depth, outer);
    }

    /// <summary>The weights of an output channel.</summary>
    internal readonly record struct Weights(Conv2dGeometry G, Floats W) : IOperand
    {
        public static bool RunsAlongDepth => true;

        public Place Outer(int slice, int index) => new(index, 0, 0);

        public Place Depth(int slice, int step) => Element(G, step);

        public float At(Place outer, Place depth) => W[WeightIndex(G, outer.A, depth)];
    }

    /// <summary>
    /// What reaches an input pixel, for the transposed convolution. A slice has the pixels with the same remainders of
    /// row and column by the stride: they meet the same kernel elements, (first row + t * stride, likewise). The depth
    /// is (t of the row, t of the column, output channel).
    /// </summary>
    internal readonly record struct Reaching(Conv2dGeometry G, Floats Y) : IOperand
    {
        // Beyond any map: such an element meets no output pixel.
        private const int Nowhere = 1 << 30;

        public static bool RunsAlongDepth => true;

        public Place Outer(int slice, int index)
        {
            Place pixel = InputPixel(G, slice, index);
            int padded = pixel.B + G.Padding, paddedColumn = pixel.C + G.Padding;
            return new Place(pixel.A * G.OutHeight * G.OutWidth, padded / G.Stride, paddedColumn / G.Stride);
        }

        public Place Depth(int slice, int step)
        {
            Place element = ReachingElement(G, slice, step);
            bool isInside = element.A < G.KernelHeight && element.B < G.KernelWidth;
            return new Place(isInside ? element.A / G.Stride : Nowhere, element.B / G.Stride, element.C);
        }

        public float At(Place outer, Place depth)
        {
            int row = outer.B - depth.A, column = outer.C - depth.B;
            return row >= 0 && row < G.OutHeight && column >= 0 && column < G.OutWidth
                ? Y[(outer.A + row * G.OutWidth + column) * G.OutChannels + depth.C]
                : 0;
        }
    }

    /// <summary>The weights that <see cref="Reaching"/> meets: the outer index is an input channel.</summary>
    internal readonly record struct ReachingWeights(Conv2dGeometry G, Floats W) : IOperand
    {
        public static bool RunsAlongDepth => true;

        public Place Outer(int slice, int index) => new(index, 0, 0);

        public Place Depth(int slice, int step) => ReachingElement(G, slice, step);

        public float At(Place outer, Place depth) => depth.A < G.KernelHeight && depth.B < G.KernelWidth
            ? W[WeightIndex(G, depth.C, new Place(depth.A, depth.B, outer.A))]
            : 0;
    }

    /// <summary>Stores pixels of the convolution's output.</summary>
    internal readonly record struct Output(Floats Y, int Channels, DeviceEpilogue Epilogue) : IProductResult
    {
        public void Store(int slice, int row, int column, float value) =>
            Epilogue.Store(Y, row * Channels + column, column, value);
    }

    /// <summary>Stores pixels of the convolution's input, those of a slice.</summary>
    internal readonly record struct Input(Conv2dGeometry G, Floats X, DeviceEpilogue Epilogue) : IProductResult
    {
        public void Store(int slice, int row, int column, float value)
        {
            Place pixel = InputPixel(G, slice, row);
            if (pixel.B >= G.InHeight || pixel.C >= G.InWidth) return;
            int index = ((pixel.A * G.InHeight + pixel.B) * G.InWidth + pixel.C) * G.InChannels + column;
            Epilogue.Store(X, index, column, value);
        }
    }

    /// <summary>Stores the sums of a slice of pixels; they are the gradient itself where there is one slice.</summary>
    internal readonly record struct WeightSlice(Conv2dGeometry G, Floats Sums, int Length, int Accumulate)
        : IProductResult
    {
        public void Store(int slice, int row, int column, float value) =>
            ElementKernels.Write(Sums, slice * Length + WeightIndex(G, row, Element(G, column)), value, Accumulate);
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

    /// <summary>The number of input pixels of the largest slice of <see cref="Reaching"/>.</summary>
    public static int ReachingRows(in Conv2dGeometry g) =>
        g.Batch * CeilingOf(g.InHeight, g.Stride) * CeilingOf(g.InWidth, g.Stride);

    /// <summary>The steps of the largest slice of <see cref="Reaching"/>.</summary>
    public static int ReachingDepth(in Conv2dGeometry g) =>
        CeilingOf(g.KernelHeight, g.Stride) * CeilingOf(g.KernelWidth, g.Stride) * g.OutChannels;

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

    /// <summary>An input pixel of a slice: image, row, column; beyond the map in slices with fewer.</summary>
    private static Place InputPixel(in Conv2dGeometry g, int slice, int index)
    {
        int width = CeilingOf(g.InWidth, g.Stride), height = CeilingOf(g.InHeight, g.Stride), row = index / width;
        return new Place(
            row / height, row % height * g.Stride + slice / g.Stride, index % width * g.Stride + slice % g.Stride);
    }

    /// <summary>A kernel element that a slice meets: row, column, output channel; beyond the kernel in some.</summary>
    private static Place ReachingElement(in Conv2dGeometry g, int slice, int index)
    {
        int element = index / g.OutChannels, width = CeilingOf(g.KernelWidth, g.Stride);
        int firstRow = (slice / g.Stride + g.Padding) % g.Stride, firstColumn = (slice + g.Padding) % g.Stride;
        return new Place(
            firstRow + element / width * g.Stride, firstColumn + element % width * g.Stride, index % g.OutChannels);
    }

    private static int WeightIndex(in Conv2dGeometry g, int outChannel, Place element) =>
        ((outChannel * g.InChannels + element.C) * g.KernelHeight + element.A) * g.KernelWidth + element.B;

    private static float Under(in Conv2dGeometry g, Floats x, Place pixel, Place element)
    {
        int row = pixel.B + element.A, column = pixel.C + element.B;
        return row >= 0 && row < g.InHeight && column >= 0 && column < g.InWidth
            ? x[(pixel.A + row * g.InWidth + column) * g.InChannels + element.C]
            : 0;
    }

    private static int CeilingOf(int dividend, int divisor) => (dividend + divisor - 1) / divisor;
}
